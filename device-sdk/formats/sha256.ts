// SHA-256, FIPS 180-4.

/** @module sha256 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

let hash: Sha256 = nobleSha256;

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash(bytes);
}

/** A Node host installs node:crypto's once, at start: the same function, several times faster. */
export function useSha256(faster: Sha256): void {
  hash = faster;
}
