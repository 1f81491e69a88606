/**
 * ECDSA signatures come in pairs: (r, s) and (r, n − s) verify under the same key, and anybody can
 * turn one into the other (SEC 1 §4.1.3). A carrier who does so before the frame reaches a gateway
 * gives the log another entry of the same statement; its receipt is as good as that of our own.
 *
 * @module mirrored-leaf
 */
import { p256 } from '@noble/curves/nist.js';
import { concat, fromHex, toHex } from '../formats/bytes.ts';
import { leafHash } from '../formats/merkle.ts';
import type { Statement } from '../formats/statement.ts';

const S_BYTES = 32;

/** The leaf with the other s; null for Ed25519, where s has one value only. */
export function mirroredLeaf({ alg, entry }: Pick<Statement, 'alg' | 'entry'>): Uint8Array | null {
  if (alg !== -7 && alg !== -9) return null;
  // The signature r ‖ s is the last element of the array, so s ends the entry.
  const s = BigInt(`0x${toHex(entry.slice(-S_BYTES))}`);
  const other = fromHex((p256.Point.Fn.ORDER - s).toString(16).padStart(2 * S_BYTES, '0'));
  return other && leafHash(concat(entry.slice(0, -S_BYTES), other));
}
