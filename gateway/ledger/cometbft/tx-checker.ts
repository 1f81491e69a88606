import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type LedgerTx, parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { EntryVerifier } from '../../admit/entry-verifier.ts';
import type { Facts } from '../facts.ts';

/** A transaction as it reads, before the signatures in it are verified. */
export interface ReadTx {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, lower hex. */
  readonly id: string;
  /** Null where it is no transaction. */
  readonly tx: LedgerTx | null;
  /** The statement that is the transaction: the batch's own, or the governance statement. */
  readonly statement: Result<Statement, string>;
  /** Thumbprints, lower hex, of the keys under which `statement` was seen to verify. */
  readonly signedBy: Set<string>;
}

/** With everything that is said of it by its bytes alone. */
export interface CheckedTx extends ReadTx {
  /** By position; null where no key that was known to the threads signed the entry. */
  readonly facts: readonly (Facts | null)[];
  /** Root over the leaf hashes of `facts`; null where one is missing. */
  readonly factsRoot: Uint8Array | null;
}

/** About 400 KiB and a thousand facts each: what a mempool holds when all gateways are busy. */
const KEPT_MAX = 32;

/**
 * The costly half of a check, on all cores, once a transaction: forms, signatures, hashes. Nothing
 * of it depends on the state, so mempool, proposal and judgement share it.
 */
export class TxChecker {
  readonly #verifier: EntryVerifier;
  readonly #kept = new Map<string, CheckedTx>();

  constructor(verifier: EntryVerifier) {
    this.#verifier = verifier;
  }

  checkAll(txs: readonly Uint8Array[]): Promise<CheckedTx[]> {
    return Promise.all(txs.map((bytes) => this.check(bytes)));
  }

  async check(bytes: Uint8Array): Promise<CheckedTx> {
    const read = this.read(bytes);
    const checked = this.#kept.get(read.id) ?? (await this.#check(read));
    // One with a statement of an unknown key is checked again: the key may be registered meanwhile.
    if (checked.factsRoot !== null) this.#keep(checked);
    return checked;
  }

  read(bytes: Uint8Array): ReadTx {
    const id = toHex(sha256(bytes));
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const parsed = parseLedgerTx(bytes);
    const tx = parsed.ok ? parsed.value : null;
    return { bytes, id, tx, statement: statementOf(tx), signedBy: new Set() };
  }

  /** In a block: its statements are told by the log from now on. */
  forget(txs: readonly { bytes: Uint8Array }[]): void {
    for (const { bytes } of txs) {
      const id = toHex(sha256(bytes));
      const facts = this.#kept.get(id)?.facts ?? [];
      this.#verifier.forget(facts.flatMap((one) => (one ? [one.leafHash] : [])));
      this.#kept.delete(id);
    }
  }

  async #check(read: ReadTx): Promise<CheckedTx> {
    const { tx } = read;
    const facts = tx?.kind === 'batch' ? await this.#verifier.verify(tx.entries) : [];
    const hashes = facts.flatMap((one) => (one ? [one.leafHash] : []));
    const factsRoot = hashes.length === facts.length && tx !== null ? rootOf(hashes) : null;
    return { ...read, facts, factsRoot };
  }

  #keep(checked: CheckedTx): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(checked.id, checked);
  }
}

function statementOf(tx: LedgerTx | null): ReadTx['statement'] {
  if (!tx) return fail('malformed', 'not a transaction of this format');
  return canonical(tx.kind === 'batch' ? tx.batch : tx.entry);
}

/** A statement in the form in which it becomes a leaf. */
export function canonical(entry: Uint8Array): Result<Statement, string> {
  const parsed = parseStatement(entry);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const { value } = parsed;
  return equal(value.entry, entry)
    ? ok(value)
    : fail('malformed', 'the unprotected header is not empty');
}
