import { leafHash } from '../../device-sdk/formats/merkle.ts';
import {
  parseForeignReceipt,
  parseReceipt,
  verifyForeignReceipt,
} from '../../device-sdk/formats/receipt.ts';
import type { VectorParser } from './parser.ts';

const ANY_KEY = { kty: 'OKP', crv: 'Ed25519', x: new Uint8Array(32) } as const;

/**
 * The working group's receipts carry no verdict and no key: they parse leniently or are refused,
 * never as receipts of ours (they lack `sub`), and verify under no key.
 */
export const rfc9942: VectorParser = ({ path, bytes }) => {
  if (!path.endsWith('.cbor')) return;
  if (parseReceipt(bytes).ok) throw new Error(`${path}: taken for a receipt of ours`);
  const receipt = parseForeignReceipt(bytes);
  if (!receipt.ok) return;
  const leaf = leafHash(new Uint8Array(0));
  if (verifyForeignReceipt({ receipt: receipt.value, leafHash: leaf, key: ANY_KEY }).ok) {
    throw new Error(`${path}: verified`);
  }
};
