// Frames as an attacker would make them from a good one.
import { p256 } from '@noble/curves/nist.js';
import { concat } from '../../device-sdk/formats/bytes.ts';
import { encodeHead } from '../../device-sdk/formats/cbor.ts';
import { encodeSign1 } from '../../device-sdk/formats/cose-sign1.ts';
import { parseStatement } from '../../device-sdk/formats/statement.ts';
import type { SignedFrame } from '../../sim/signed-source.ts';

/** s → n − s verifies as well and needs no key; the unprotected header is under no signature. */
export function malleated(
  frame: Pick<SignedFrame, 'statement' | 'content'>,
  how: 'signature' | 'unprotected' | 'both',
): Uint8Array {
  const parsed = parseStatement(frame.statement);
  if (!parsed.ok) throw new Error(parsed.code);
  const { protectedBytes, payloadBytes, signature } = parsed.value;
  const statement = encodeSign1({
    protectedBytes,
    payload: payloadBytes,
    ...(how === 'signature' ? {} : { unprotected: new Map([[-70_001, 'carrier was here']]) }),
    signature: how === 'unprotected' ? signature : otherS(signature),
  });
  return frameOf(statement, frame.content);
}

/** An ES256 signature r ‖ s. */
export function otherS(signature: Uint8Array): Uint8Array {
  const { n } = p256.Point.CURVE();
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  const mirrored = Buffer.from((n - s).toString(16).padStart(64, '0'), 'hex');
  return concat(signature.subarray(0, 32), mirrored);
}

export function frameOf(statement: Uint8Array, content: Uint8Array): Uint8Array {
  return concat(
    Uint8Array.of(0x82),
    encodeHead(2, statement.length),
    statement,
    encodeHead(2, content.length),
    content,
  );
}

/** Well-formed CBOR that no parser should follow to its end. */
export const BAD_CBOR: ReadonlyMap<string, Uint8Array> = new Map([
  ['arrays 100,000 deep', new Uint8Array(100_000).fill(0x81)],
  ['a map with a key twice', Uint8Array.of(0xa2, 0x01, 0x01, 0x01, 0x02)],
  ['an array that says it has 2^32 items', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
  ['a text of 2^62 bytes', Uint8Array.of(0x7b, 0x40, 0, 0, 0, 0, 0, 0, 0)],
  ['an indefinite length', Uint8Array.of(0x9f, 0x01, 0xff)],
  ['tags 1,000 deep', new Uint8Array(1_000).fill(0xd2)],
  ['nothing', new Uint8Array(0)],
]);
