import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { LedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { type NativeVerify, verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import { factsOf } from '../../admit/check.ts';
import type { Draft } from '../app.ts';
import type { Facts } from '../facts.ts';
import { type LiveTimes, liveTimes } from '../log-time.ts';
import type { Applied } from '../replay.ts';
import { type KeyRecord, keyOf } from '../state.ts';
import { type CheckedTx, canonical, type ReadTx } from './tx-checker.ts';

export type TxRefusal = { code: string; detail: string };

/**
 * One block being tried: each transaction applied in order, at its own log position, or refused and
 * left out. The same bytes and state give the same block on every member.
 */
export class BlockDraft {
  readonly draft: Draft;
  readonly live: LiveTimes | undefined;
  readonly #native: NativeVerify | undefined;
  readonly #bytesOf = new Map<string, number>();
  readonly #bytesMax: number;

  constructor(
    draft: Draft,
    options: { timeMs?: number | undefined; native?: NativeVerify | undefined },
  ) {
    this.draft = draft;
    this.#native = options.native;
    const { timeMs } = options;
    this.live = timeMs === undefined ? undefined : liveTimes(draft.state, timeMs);
    this.#bytesMax = draft.state.charter?.bytesPerBlock ?? 0;
  }

  apply(checked: CheckedTx): Result<Applied, string> {
    const { tx, statement } = checked;
    if (!tx) return fail('malformed', 'not a transaction of this format');
    if (!statement.ok) return statement;
    if (tx.kind === 'governance') return this.draft.governance(statement.value, this.live);
    return this.#batch(tx, checked, statement.value);
  }

  /** What holds of a batch wherever it comes to stand: its gateway's key, signature and quota. */
  gatewayOf(read: ReadTx, batch: Statement): Result<KeyRecord, string> {
    const key = keyOf(this.draft.state, batch.kid);
    if (key?.role !== 'gateway') return fail('not_allowed', 'not signed by a gateway key');
    if (!this.#isBatchSigned(read, { batch, key })) {
      return fail('bad_signature', `batch of ${key.iss}`);
    }
    const used = (this.#bytesOf.get(key.iss) ?? 0) + read.bytes.length;
    if (used <= this.#bytesMax) return ok(key);
    return fail('quota', `${key.iss} has ${this.#bytesMax} bytes a block, asked for ${used}`);
  }

  #batch(
    tx: LedgerTx & { kind: 'batch' },
    checked: CheckedTx,
    batch: Statement,
  ): Result<Applied, string> {
    const gateway = this.gatewayOf(checked, batch);
    if (!gateway.ok) return gateway;
    const { iss } = gateway.value;
    const facts: Facts[] = [];
    for (const [i, entry] of tx.entries.entries()) {
      const one = checked.facts[i] ?? this.#verifyHere(entry);
      if (!one) return fail('bad_signature', `statement ${i} of a batch of ${iss}`);
      facts.push(one);
    }
    const factsRoot = checked.factsRoot ?? rootOf(facts.map((one) => one.leafHash));
    const applied = this.draft.batch({ facts, factsRoot, batch }, this.live);
    if (applied.ok) {
      this.#bytesOf.set(iss, (this.#bytesOf.get(iss) ?? 0) + checked.bytes.length);
    }
    return applied;
  }

  #isBatchSigned(
    { signedBy }: ReadTx,
    { batch, key }: { batch: Statement; key: KeyRecord },
  ): boolean {
    const kid = toHex(key.kid);
    if (signedBy.has(kid)) return true;
    if (!this.#isSigned(batch, key.key)) return false;
    signedBy.add(kid);
    return true;
  }

  /** Its key may have been registered earlier in this very block, which no thread knows yet. */
  #verifyHere(entry: Uint8Array): Facts | null {
    const parsed = canonical(entry);
    const { ledgerId } = this.draft.state;
    if (!parsed.ok || !ledgerId) return null;
    const statement = parsed.value;
    if (statement.payload.kind !== 'hash' || !statement.device) return null;
    const key = keyOf(this.draft.state, statement.kid);
    if (key?.role !== 'device' || !this.#isSigned(statement, key.key)) return null;
    return factsOf(statement, key, ledgerId);
  }

  #isSigned(statement: Statement, key: Parameters<typeof verifySignature>[0]['key']): boolean {
    const { alg, toBeSigned: message, signature } = statement;
    return verifySignature({ alg, key, message, signature, native: this.#native });
  }
}
