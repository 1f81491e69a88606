// A log of twenty entries and an inclusion receipt of the fifth in its first eleven.
import { utf8 } from '../../device-sdk/formats/bytes.ts';
import { inclusionPath, leafHash, rootOf } from '../../device-sdk/formats/merkle.ts';
import { signReceipt } from '../../device-sdk/formats/receipt.ts';
import { softSigner } from '../../device-sdk/formats/signer.ts';

export const signer = softSigner(-8, new Uint8Array(32).fill(1));
export const other = softSigner(-8, new Uint8Array(32).fill(2));
export const entries = Array.from({ length: 20 }, (_, i) => utf8(`entry ${i}`));
export const leaves = entries.map(leafHash);
export const iss = 'https://ledger.example/rice';
export const sub = 'https://id.example/01/09506000134352/10/LOT1';
export const SIZE = 11;
export const hashes = leaves.slice(0, SIZE);
export const root = rootOf(hashes);
export const { key } = signer;

export function proofOf(index: number, size = SIZE) {
  return { size, index, path: inclusionPath(leaves.slice(0, size), index) };
}

export const fields = { iss, sub, iat: 1_760_000_000, root };
export const receipt = signReceipt({ signer, fields, proofs: [proofOf(4)] });
