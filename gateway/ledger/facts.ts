import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';

/**
 * What a device statement's own bytes say, held against the parts of the registry that never change
 * (a key's owner, the ledger's id). Its signature verifies under `keyNo`. Computed in a worker, the
 * same on every member; everything that does change is judged by `judge.ts` in log order.
 */
export interface Facts {
  keyNo: number;
  /** Statement id, SHA-256(Sig_structure), 32 bytes. */
  id: Uint8Array;
  /** RFC 9162 leaf hash of the entry. */
  leafHash: Uint8Array;
  entry: Uint8Array;
  sub: string;
  /** Seconds since 1970. */
  iat: number;
  seq: number;
  prev: Uint8Array | null;
  quality: number;
  firstMs: number | null;
  lastMs: number | null;
  /** Another ledger's statement, or an issuer that is not the key's owner. */
  mismatch: 'wrong_ledger' | 'iss_mismatch' | null;
}

/** What only the content shows: the gateway's organisation attests it (DESIGN §5). */
export interface ContentVerdict {
  code: RefusalCode | null;
  /** A reading the device itself marked suspect, e.g. the first after a bus timeout. */
  suspect: boolean;
  /** The pack by sensor, for rules and charts (law/pack-summary.ts); null where it is no pack. */
  summary: Float64Array | null;
}

/** An entry ends `58 20 ‖ digest ‖ 58 40 ‖ signature` (SPEC §3.4). */
const AFTER_DIGEST_BYTES = 2 + 64;

/** What the content of a device's entry must hash to: SHA-256, 32 bytes. */
export function digestOfEntry(entry: Uint8Array): Uint8Array {
  const end = entry.length - AFTER_DIGEST_BYTES;
  return entry.slice(end - 32, end);
}
