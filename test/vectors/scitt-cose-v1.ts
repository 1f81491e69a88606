import { createPublicKey } from 'node:crypto';
import { equal, fromBase64Url, toHex } from '../../device-sdk/formats/bytes.ts';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { parseSign1, verifySign1 } from '../../device-sdk/formats/cose-sign1.ts';
import {
  type ForeignReceipt,
  parseForeignReceipt,
  verifyForeignReceipt,
} from '../../device-sdk/formats/receipt.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { checkPublicKey } from '../../device-sdk/formats/signature.ts';
import { jsonOf, type VectorFile, type VectorParser } from './parser.ts';

interface Expected {
  payload_sha256?: string;
  leaf_entry?: string;
  leaf_index?: number;
  tree_size?: number;
  reconstructed_root?: string | null;
  statement_signature_valid?: boolean;
  receipt_valid?: boolean;
  result: 'VALID' | 'INVALID';
}

const VERDICTS = ['statement_signature_valid', 'receipt_valid', 'result'];

function keyOf(pem: Uint8Array | undefined): CoseKey | null {
  if (pem === undefined) return null;
  const { crv, x, y } = createPublicKey(Buffer.from(pem)).export({ format: 'jwk' });
  const [bytesX, bytesY] = [fromBase64Url(x ?? ''), fromBase64Url(y ?? '')];
  if (bytesX === null || bytesY === null) return null;
  const key: CoseKey | null =
    crv === 'Ed25519'
      ? { kty: 'OKP', crv, x: bytesX }
      : crv === 'P-256'
        ? { kty: 'EC2', crv, x: bytesX, y: bytesY }
        : null;
  return key !== null && checkPublicKey(key).ok ? key : null;
}

function statementHolds(file: VectorFile, expected: Expected): boolean {
  const { siblings } = file;
  const statement = parseSign1(siblings.get('statement.cose')!, { foreign: true });
  const key = keyOf(siblings.get('issuer-key.pub'));
  if (!statement.ok || key === null) return false;
  const payload = siblings.get('payload.bin');
  const attached = statement.value.payload;
  if (payload !== undefined && attached !== null && !equal(attached, payload)) return false;
  const digest = payload === undefined ? undefined : toHex(sha256(payload));
  if ((expected.payload_sha256 ?? digest) !== digest) return false;
  return verifySign1({ message: statement.value, key, ...(payload ? { payload } : {}) });
}

/** Their entry rule differs from ours: the entry is the SHA-256 of the complete statement. */
function receiptRoot(file: VectorFile, receipt: ForeignReceipt): Uint8Array | null {
  const entry = sha256(file.siblings.get('statement.cose')!);
  const key = keyOf(file.siblings.get('log-key.pub'));
  const verdict = key === null ? null : verifyForeignReceipt({ receipt, entry, key });
  return verdict?.ok ? verdict.value.root : null;
}

function judge(file: VectorFile): void {
  const expected = jsonOf(file) as Expected;
  const receipt = parseForeignReceipt(file.siblings.get('receipt.cose')!);
  const statement = statementHolds(file, expected);
  const root = receipt.ok ? receiptRoot(file, receipt.value) : null;
  const found = {
    statement_signature_valid: statement,
    receipt_valid: root !== null,
    reconstructed_root: root === null ? null : toHex(root),
    leaf_entry: toHex(sha256(file.siblings.get('statement.cose')!)),
    leaf_index: receipt.ok ? receipt.value.inclusion[0]?.index : undefined,
    tree_size: receipt.ok ? receipt.value.inclusion[0]?.size : undefined,
    result: statement && root !== null ? 'VALID' : 'INVALID',
  };
  // Of a broken case the numbers describe what was meant; only the verdicts describe the files.
  const judged = expected.result === 'VALID' ? Object.keys(found) : VERDICTS;
  for (const [field, value] of Object.entries(found)) {
    const want = expected[field as keyof typeof found];
    if (judged.includes(field) && want !== undefined && want !== value) {
      throw new Error(`${file.path}: ${field} is ${value}, expected ${want}`);
    }
  }
}

/** action-state-group/scitt-cose v1: `expected.json` judges the files beside it. */
export const scittCoseV1: VectorParser = (file) => {
  const name = file.path.split('/').at(-1);
  if (name === 'expected.json') judge(file);
  else if (name === 'receipt.cose') parseForeignReceipt(file.bytes);
  else if (name === 'statement.cose') parseSign1(file.bytes, { foreign: true });
};
