import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { type LedgerTx, parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { type NativeVerify, verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { factsOf } from '../../admit/check.ts';
import type { EntryVerifier } from '../../admit/entry-verifier.ts';
import type { Draft } from '../app.ts';
import type { Facts } from '../facts.ts';
import { type LiveTimes, liveTimes } from '../log-time.ts';
import type { Applied } from '../replay.ts';
import { keyOf } from '../state.ts';

/** A transaction with everything that is said of it by its bytes alone. */
export interface CheckedTx {
  bytes: Uint8Array;
  /** Null where it is no transaction. */
  tx: LedgerTx | null;
  /** By position; null where no key that was known to the threads signed the entry. */
  facts: readonly (Facts | null)[];
}

export type TxRefusal = { code: string; detail: string };

/** The costly half, on all cores: forms and signatures. Nothing of it depends on the state. */
export async function checkTxs(
  txs: readonly Uint8Array[],
  verifier: EntryVerifier,
): Promise<CheckedTx[]> {
  return Promise.all(
    txs.map(async (bytes) => {
      const parsed = parseLedgerTx(bytes);
      const tx = parsed.ok ? parsed.value : null;
      const facts = tx?.kind === 'batch' ? await verifier.verify(tx.entries) : [];
      return { bytes, tx, facts };
    }),
  );
}

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
    const { tx, bytes } = checked;
    if (!tx) return fail('malformed', 'not a transaction of this format');
    if (tx.kind === 'governance') return this.#governance(tx.entry);
    const applied = this.#batch(tx, checked.facts, bytes.length);
    return applied;
  }

  #governance(entry: Uint8Array): Result<Applied, string> {
    const statement = canonical(entry);
    return statement.ok ? this.draft.governance(statement.value, this.live) : statement;
  }

  #batch(
    tx: LedgerTx & { kind: 'batch' },
    known: readonly (Facts | null)[],
    bytes: number,
  ): Result<Applied, string> {
    const statement = canonical(tx.batch);
    if (!statement.ok) return statement;
    const batch = statement.value;
    const key = keyOf(this.draft.state, batch.kid);
    if (key?.role !== 'gateway') return fail('not_allowed', 'not signed by a gateway key');
    if (!this.#isSigned(batch, key.key)) return fail('bad_signature', `batch of ${key.iss}`);
    const used = (this.#bytesOf.get(key.iss) ?? 0) + bytes;
    if (used > this.#bytesMax) {
      return fail('quota', `${key.iss} has ${this.#bytesMax} bytes a block, asked for ${used}`);
    }
    const facts: Facts[] = [];
    for (const [i, entry] of tx.entries.entries()) {
      const one = known[i] ?? this.#verifyHere(entry);
      if (!one) return fail('bad_signature', `statement ${i} of a batch of ${key.iss}`);
      facts.push(one);
    }
    const factsRoot = rootOf(facts.map((one) => one.leafHash));
    const applied = this.draft.batch({ facts, factsRoot, batch }, this.live);
    if (applied.ok) this.#bytesOf.set(key.iss, used);
    return applied;
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

/** A statement in the form in which it becomes a leaf. */
function canonical(entry: Uint8Array): Result<Statement, string> {
  const parsed = parseStatement(entry);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const { value } = parsed;
  return equal(value.entry, entry)
    ? ok(value)
    : fail('malformed', 'the unprotected header is not empty');
}
