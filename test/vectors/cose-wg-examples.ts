import { fromBase64Url, fromHex, toHex, utf8 } from '../../device-sdk/formats/bytes.ts';
import { type Alg, type CoseKey, isAlg } from '../../device-sdk/formats/cose-key.ts';
import { parseSign1, sigStructure } from '../../device-sdk/formats/cose-sign1.ts';
import { verifySignature } from '../../device-sdk/formats/signature.ts';
import { backends } from '../support/native-verify.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Example {
  fail?: boolean;
  input: {
    plaintext: string;
    sign0?: {
      key: { kty: string; crv: string; x?: string; y?: string; x_hex?: string; y_hex?: string };
      alg: string;
      external?: string;
    };
  };
  intermediates: { ToBeSign_hex: string };
  output: { cbor: string };
}

type Sign0 = NonNullable<Example['input']['sign0']>;

function coordinate(base64Url: string | undefined, hex: string | undefined): Uint8Array {
  return base64Url === undefined ? fromHex(hex!)! : fromBase64Url(base64Url)!;
}

function keyOf({ kty, x, y, x_hex, y_hex }: Sign0['key']): CoseKey {
  if (kty === 'OKP') return { kty, crv: 'Ed25519', x: coordinate(x, x_hex) };
  return { kty: 'EC2', crv: 'P-256', x: coordinate(x, x_hex), y: coordinate(y, y_hex) };
}

/** COSE_Sign1 under tag 18 with an algorithm of ours; everything else is to be refused. */
function isOurs({ input, output }: Example): boolean {
  const { key, alg } = input.sign0 ?? {};
  const fits =
    (key?.crv === 'P-256' && alg === 'ES256') || (key?.crv === 'Ed25519' && alg === 'EdDSA');
  return fits && output.cbor.toLowerCase().startsWith('d2');
}

function accepts(example: Example, { key: given, external }: Sign0): boolean {
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
  if (!isOurs(example)) {
    const parsed = parseSign1(fromHex(example.output.cbor.toLowerCase())!, { foreign: true });
    const alg = parsed.ok ? parsed.value.protectedHeader.get(1) : null;
    if (isAlg(alg)) throw new Error('ours after all');
    return;
  }
  const accepted = accepts(example, example.input.sign0!);
  const expected = example.fail !== true;
  if (accepted !== expected) throw new Error(`expected ${expected ? 'pass' : 'fail'}`);
};
