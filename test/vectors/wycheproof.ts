import { fromHex } from '../../device-sdk/formats/bytes.ts';
import type { Alg, CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { checkPublicKey, verifySignature } from '../../device-sdk/formats/signature.ts';
import { backends } from '../support/native-verify.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Group {
  type: string;
  publicKey: { uncompressed?: string; pk?: string };
  tests: { tcId: number; msg: string; sig: string; result: 'valid' | 'invalid' | 'acceptable' }[];
}

function keyOf(group: Group): { alg: Alg; key: CoseKey } {
  const { pk, uncompressed } = group.publicKey;
  if (pk !== undefined) return { alg: -8, key: { kty: 'OKP', crv: 'Ed25519', x: fromHex(pk)! } };
  const point = fromHex(uncompressed!)!;
  const key = { kty: 'EC2', crv: 'P-256', x: point.slice(1, 33), y: point.slice(33) } as const;
  return { alg: -7, key };
}

/** A DER INTEGER from 0 to 2^256−1 in 32 bytes, and what follows it; null for anything else. */
function derInteger(der: Uint8Array): { value: Uint8Array; rest: Uint8Array } | null {
  const length = der[1] ?? 0;
  const digits = der.subarray(2, 2 + length);
  if (der[0] !== 2 || length === 0 || length > 33 || digits.length !== length) return null;
  if (digits[0]! >= 0x80) return null;
  if (length > 1 && digits[0] === 0 && digits[1]! < 0x80) return null;
  const magnitude = digits[0] === 0 ? digits.subarray(1) : digits;
  if (magnitude.length > 32) return null;
  const value = new Uint8Array(32);
  value.set(magnitude, 32 - magnitude.length);
  return { value, rest: der.subarray(2 + length) };
}

/** SEQUENCE { r, s } to r ‖ s. COSE carries the latter only, so this lives in the test. */
function derToP1363(der: Uint8Array): Uint8Array | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null;
  const r = derInteger(der.subarray(2));
  const s = r && derInteger(r.rest);
  return r && s && s.rest.length === 0 ? Uint8Array.of(...r.value, ...s.value) : null;
}

export const wycheproof: VectorParser = (file) => {
  const { testGroups } = jsonOf(file) as { testGroups: Group[] };
  for (const group of testGroups) {
    const { alg, key } = keyOf(group);
    const registered = checkPublicKey(key).ok;
    for (const { tcId, msg, sig, result } of group.tests) {
      const given = fromHex(sig);
      const signature = group.type === 'EcdsaVerify' ? derToP1363(given!) : given;
      const verdicts = backends.map(
        ([, native]) =>
          signature !== null &&
          registered &&
          verifySignature({ alg, key, message: fromHex(msg)!, signature, native }),
      );
      const expected = result === 'acceptable' ? verdicts[0] : result === 'valid';
      if (verdicts.some((verdict) => verdict !== expected)) {
        throw new Error(`tcId ${tcId} is ${result}: ${verdicts.join(' ')}`);
      }
    }
  }
};
