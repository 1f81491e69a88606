import { parseSign1, spliceEntry, verifySign1 } from '../../device-sdk/formats/cose-sign1.ts';
import { parseCwtClaims } from '../../device-sdk/formats/cwt-claims.ts';
import type { VectorParser } from './parser.ts';

const ANY_KEY = { kty: 'OKP', crv: 'Ed25519', x: new Uint8Array(32) } as const;

/** Statements signed with PS256 and PS384: they parse, they splice, and no key of ours fits them. */
export const ccfLedger: VectorParser = ({ path, bytes }) => {
  const statement = parseSign1(bytes, { foreign: true });
  if (!statement.ok) throw new Error(`${path}: ${statement.code} ${statement.detail}`);
  const claims = parseCwtClaims(statement.value.protectedHeader, { foreign: true });
  if (!claims.ok) throw new Error(`${path}: ${claims.code} ${claims.detail}`);
  if (verifySign1({ message: statement.value, key: ANY_KEY })) throw new Error('verified');
  const entry = spliceEntry(bytes);
  if (!entry.ok) throw new Error(`${path}: ${entry.code} ${entry.detail}`);
  const again = parseSign1(entry.value, { foreign: true });
  if (!again.ok || again.value.unprotectedHeader.size !== 0) throw new Error('entry is not bare');
};
