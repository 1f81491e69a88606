// SPEC.md §4.15: one transaction of an alliance, a batch with its statements or one governance statement.

/** @module ledger-tx */
import { type CborValue, encodeCbor } from './cbor.ts';
import { CborReader } from './cbor-reader.ts';
import { fail, ok, type Result } from './result.ts';
import { ENTRY_BYTES_MAX } from './statement-limits.ts';

export type LedgerTx =
  | {
      readonly kind: 'batch';
      /** The entries the batch lists, in its order. */
      readonly entries: readonly Uint8Array[];
      /** The batch statement's own entry. */
      readonly batch: Uint8Array;
    }
  | { readonly kind: 'governance'; readonly entry: Uint8Array };

export const TX_BYTES_MAX = 1_048_576;
export const TX_ENTRIES_MAX = 1_024;
const BATCH = 1;
const GOVERNANCE = 2;

/** Throws TypeError where `parseLedgerTx` would refuse the result. */
export function encodeLedgerTx(tx: LedgerTx): Uint8Array {
  const value: CborValue =
    tx.kind === 'batch' ? [BATCH, [...tx.entries], tx.batch] : [GOVERNANCE, tx.entry];
  const bytes = encodeCbor(value);
  const parsed = parseLedgerTx(bytes);
  if (!parsed.ok) throw new TypeError(`not a transaction: ${parsed.code}: ${parsed.detail}`);
  return bytes;
}

/**
 * Form only. The reader takes shortest heads alone and there is no map, so what it accepts has one
 * encoding. Entries are subarrays of `bytes`, not copies: they live and change with it.
 */
export function parseLedgerTx(bytes: Uint8Array): Result<LedgerTx> {
  if (bytes.length > TX_BYTES_MAX) return fail('tx_too_large', `${bytes.length} bytes`);
  const reader = new CborReader(bytes);
  const length = reader.array();
  const kind = reader.uint();
  const tx = kind === BATCH ? readBatch(reader) : governanceOf(reader.bytes());
  reader.finish();
  if (reader.failed !== null) return reader.refusal('transaction');
  if (kind !== BATCH && kind !== GOVERNANCE) return fail('tx_malformed', `kind ${kind}`);
  if (length !== (kind === BATCH ? 3 : 2)) return fail('tx_malformed', `${length} elements`);
  const entries = tx.kind === 'batch' ? [...tx.entries, tx.batch] : [tx.entry];
  const odd = entries.find((entry) => entry.length === 0 || entry.length > ENTRY_BYTES_MAX);
  return odd === undefined ? ok(tx) : fail('tx_malformed', `an entry of ${odd.length} bytes`);
}

function governanceOf(entry: Uint8Array): LedgerTx {
  return { kind: 'governance', entry };
}

function readBatch(reader: CborReader): LedgerTx {
  const count = reader.array();
  if (count > TX_ENTRIES_MAX) reader.fail('tx_malformed');
  const entries: Uint8Array[] = [];
  for (let i = 0; i < count && reader.failed === null; i++) entries.push(reader.bytes());
  return { kind: 'batch', entries, batch: reader.bytes() };
}
