// AES-CMAC with a 128-bit key: RFC 4493 §2.4.

/** @module aes-cmac */
import { createCipheriv } from 'node:crypto';

const BLOCK = 16;
/** Constant of the doubling in GF(2^128), §2.3. */
const RB = 0x87;

/** `key` has 16 bytes; any other length is a bug of the caller and throws. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const first = double(encryptBlock(key, new Uint8Array(BLOCK)));
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK));
  const complete = message.length > 0 && message.length % BLOCK === 0;
  const padded = new Uint8Array(blocks * BLOCK);
  padded.set(message);
  if (!complete) padded[message.length] = 0x80;
  const subkey = complete ? first : double(first);
  const last = padded.subarray(-BLOCK);
  for (const [i, byte] of subkey.entries()) last[i] = (last[i] ?? 0) ^ byte;
  // CBC without padding and with a zero IV; the MAC is its last block.
  const cipher = createCipheriv('aes-128-cbc', key, new Uint8Array(BLOCK)).setAutoPadding(false);
  return Uint8Array.from(cipher.update(padded).subarray(-BLOCK));
}

export function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Uint8Array.from(cipher.update(block));
}

/** §2.3: shift left by one bit, and reduce. */
function double(block: Uint8Array): Uint8Array {
  const out = block.map((byte, i) => (byte << 1) | ((block[i + 1] ?? 0) >> 7));
  if ((block[0] ?? 0) >> 7 === 1) out[BLOCK - 1] = (out[BLOCK - 1] ?? 0) ^ RB;
  return out;
}
