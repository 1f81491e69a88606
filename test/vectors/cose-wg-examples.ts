import { fromBase64Url, fromHex, toHex, utf8 } from '../../device-sdk/formats/bytes.ts';
import type { Alg, CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { parseSign1, sigStructure } from '../../device-sdk/formats/cose-sign1.ts';
import { verifySignature } from '../../device-sdk/formats/signature.ts';
import { backends } from '../support/native-verify.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Example {
  fail?: boolean;
  input: {
    plaintext: string;
    sign0: {
      key: { kty: string; x?: string; y?: string; x_hex?: string };
      external?: string;
    };
  };
  intermediates: { ToBeSign_hex: string };
  output: { cbor: string };
}

function keyOf({ kty, x, y, x_hex }: Example['input']['sign0']['key']): CoseKey {
  if (kty === 'OKP') return { kty, crv: 'Ed25519', x: fromHex(x_hex!)! };
  return { kty: 'EC2', crv: 'P-256', x: fromBase64Url(x!)!, y: fromBase64Url(y!)! };
}

function accepts(example: Example): boolean {
  const { key: given, external } = example.input.sign0;
  const parsed = parseSign1(fromHex(example.output.cbor.toLowerCase())!, { foreign: true });
  if (!parsed.ok || parsed.value.payload === null) return false;
  const { protectedHeader, unprotectedHeader, protectedBytes, payload, signature } = parsed.value;
  if (toHex(payload) !== toHex(utf8(example.input.plaintext))) return false;
  const message = sigStructure(protectedBytes, payload, fromHex(external ?? '')!);
  // Sign-pass-01 has its alg unprotected: legal COSE, though nothing of ours looks there.
  const alg = (protectedHeader.get(1) ?? unprotectedHeader.get(1)) as Alg;
  const key = keyOf(given);
  const [verdict, ...others] = backends.map(([, native]) =>
    verifySignature({ alg, key, message, signature, native }),
  );
  if (others.some((other) => other !== verdict)) throw new Error('backends disagree');
  if (verdict && toHex(message).toUpperCase() !== example.intermediates.ToBeSign_hex) {
    throw new Error('Sig_structure differs from the published one');
  }
  return verdict === true;
}

export const coseWg: VectorParser = (file) => {
  const example = jsonOf(file) as Example;
  const expected = example.fail !== true;
  if (accepts(example) !== expected) throw new Error(`expected ${expected ? 'pass' : 'fail'}`);
};
