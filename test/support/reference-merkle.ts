// RFC 9162 §2.1 written down literally and recursively: the oracle for merkle.ts and tiles.ts.
// It shares no code with them, down to node's own SHA-256, and cares about nothing but likeness.
import { createHash } from 'node:crypto';

type Hash = Uint8Array;

function HASH(...parts: Uint8Array[]): Hash {
  const h = createHash('sha256');
  for (const part of parts) h.update(part);
  return new Uint8Array(h.digest());
}

const ZERO = Uint8Array.of(0);
const ONE = Uint8Array.of(1);

/** "Let k be the largest power of two smaller than n." */
function kOf(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

/** §2.1.1 */
export function MTH(D: Uint8Array[]): Hash {
  if (D.length === 0) return HASH();
  if (D.length === 1) return HASH(ZERO, D[0]!);
  const k = kOf(D.length);
  return HASH(ONE, MTH(D.slice(0, k)), MTH(D.slice(k)));
}

/** §2.1.3.1 */
export function PATH(m: number, D: Uint8Array[]): Hash[] {
  if (D.length === 1) return [];
  const k = kOf(D.length);
  if (m < k) return [...PATH(m, D.slice(0, k)), MTH(D.slice(k))];
  return [...PATH(m - k, D.slice(k)), MTH(D.slice(0, k))];
}

/** §2.1.4.1 */
export function PROOF(m: number, D: Uint8Array[]): Hash[] {
  return SUBPROOF(m, D, true);
}

function SUBPROOF(m: number, D: Uint8Array[], b: boolean): Hash[] {
  if (m === D.length) return b ? [] : [MTH(D)];
  const k = kOf(D.length);
  if (m <= k) return [...SUBPROOF(m, D.slice(0, k), b), MTH(D.slice(k))];
  return [...SUBPROOF(m - k, D.slice(k), false), MTH(D.slice(0, k))];
}
