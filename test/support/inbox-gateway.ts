// The gateway of one of four members from inbox to block; the test decides what the chain does.
import { type Batch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { Batcher, type Sent } from '../../gateway/admit/batcher.ts';
import { checkFrame } from '../../gateway/admit/check.ts';
import { InboxKeeper } from '../../gateway/admit/inbox-keeper.ts';
import type { Outcome } from '../../gateway/admit/outcome.ts';
import { Inbox } from '../../gateway/store/inbox.ts';
import { type FourBooks, type MemberBooks, registryOf } from './four-books.ts';
import { roundLawOf } from './round-law.ts';

export class InboxGateway {
  readonly four: FourBooks;
  readonly by: MemberBooks;
  readonly settled: Outcome[] = [];
  readonly troubles: string[] = [];
  /** Batches handed to the chain, those in vain too. */
  readonly sent: Uint8Array[] = [];
  /** Frames that were checked again, as no verdict was remembered. */
  rechecked = 0;
  chain: (tx: Uint8Array) => Promise<Sent> = (tx) => this.decided(tx);
  inbox!: Inbox;
  batcher!: Batcher;

  constructor(four: FourBooks, by: MemberBooks) {
    this.four = four;
    this.by = by;
    this.#open();
  }

  /** As a process that was killed and started again; its inbox is what was durable. */
  restart(): void {
    this.batcher.close();
    this.by.reopen();
    this.#open();
    this.batcher.wake();
  }

  #open(): void {
    const { by, four } = this;
    const { store, refused, wanted } = by.books;
    this.inbox = new Inbox(store.db);
    const keeper = new InboxKeeper({
      store,
      inbox: this.inbox,
      refused,
      wanted,
      mayHold: () => true,
      isErased: () => false,
      nowMs: () => four.timeMs,
    });
    this.batcher = new Batcher({
      ledger: by.ledger,
      inbox: this.inbox,
      gateway: { signer: by.member.gateway.signer, iss: by.member.iss },
      chainTimeMs: () => four.timeMs,
      send: (tx) => {
        this.sent.push(tx);
        return this.chain(tx);
      },
      recheck: (frame) => {
        this.rechecked += 1;
        return Promise.resolve(checkFrame(frame, registryOf(by.ledger.state)));
      },
      keepDuplicate: () => {},
      settle: (_device, outcome) => this.settled.push(outcome),
      onTrouble: (error) => this.troubles.push(error.message),
      law: roundLawOf(by.ledger),
    });
    by.onWrite = (applied) => keeper.write(applied);
    by.onBlock = () => {
      for (const { id, outcome } of keeper.take()) {
        this.batcher.forget(id);
        this.settled.push(outcome);
      }
      this.batcher.wake();
    };
  }

  /** Checked and durable, as after its PUBACK. */
  accept(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      const checked = checkFrame(frame, registryOf(this.by.ledger.state));
      if (!checked.authentic) throw new Error(checked.code);
      this.batcher.remember(checked);
      this.inbox.add({ id: checked.facts.id, device: null, frame });
    }
    this.batcher.wake();
  }

  /** What the engine does with a transaction: refused at the door, or the next block is of it. */
  async decided(tx: Uint8Array): Promise<Sent> {
    const refusal = await this.by.ledger.check(tx, this.four.timeMs);
    if (refusal) return { ok: false, ...refusal };
    await this.four.block([tx], this.by);
    return { ok: true };
  }

  /** The batches handed over: number, what they list, how many statements. */
  get batches(): (Batch & { seq: number; txBytes: number })[] {
    return this.sent.map((tx) => {
      const parsed = parseLedgerTx(tx);
      if (!parsed.ok || parsed.value.kind !== 'batch') throw new Error('no batch');
      const statement = parseStatement(parsed.value.batch);
      const body = statement.ok ? parseBatch(statement.value.payloadBytes) : statement;
      if (!statement.ok || !body.ok) throw new Error('no batch statement');
      return { ...body.value, seq: statement.value.seq, txBytes: tx.length };
    });
  }
}

export function idOf(frame: Uint8Array): Uint8Array {
  const parts = parseFrame(frame);
  const statement = parts.ok ? parseStatement(parts.value.statement) : parts;
  if (!statement.ok) throw new Error(statement.code);
  return statement.value.id;
}
