import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../../device-sdk/formats/bytes.ts';
import {
  type CborMap,
  type CborValue,
  encodeCbor,
  Tagged,
} from '../../../device-sdk/formats/cbor.ts';
import {
  encodeSign1,
  parseSign1,
  type Sign1ParseOptions,
  signSign1,
  sigStructure,
  spliceEntry,
  verifySign1,
} from '../../../device-sdk/formats/cose-sign1.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';

const signer = softSigner(-8, fromHex('44'.repeat(32))!);
const payload = utf8('payload');
const header: CborMap = new Map([[3, 'text/plain']]);
const signed = signSign1({ protectedHeader: header, payload, signer });
const signature = new Uint8Array(64);

function parsed(bytes: Uint8Array, options: Sign1ParseOptions = {}) {
  const result = parseSign1(bytes, options);
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
}
function codeOf(bytes: Uint8Array, options: Sign1ParseOptions = {}): string {
  const result = parseSign1(bytes, options);
  return result.ok ? 'ok' : result.code;
}
function hex(text: string): Uint8Array {
  return fromHex(text.replaceAll(' ', ''))!;
}
function withHeaders(protectedHeader: CborMap, unprotected: CborMap = new Map()): Uint8Array {
  const protectedBytes = encodeCbor(protectedHeader);
  return encodeSign1({ protectedBytes, unprotected, payload, signature });
}

describe('signSign1 and verifySign1', () => {
  it('reads and verifies what it signed, and nothing bent', () => {
    const message = parsed(signed);
    expect(message.protectedHeader.get(1)).toBe(-8);
    expect(message.protectedHeader.get(4)).toEqual(signer.kid);
    expect(message.payload).toEqual(payload);
    expect(verifySign1({ message, key: signer.key })).toBe(true);
    expect(verifySign1({ message, key: signer.key, externalAad: utf8('x') })).toBe(false);
    const bent = { ...message, payload: utf8('Payload') };
    expect(verifySign1({ message: bent, key: signer.key })).toBe(false);
    const other = softSigner(-8, fromHex('45'.repeat(32))!);
    expect(verifySign1({ message, key: other.key })).toBe(false);
  });

  it('takes a detached payload from the caller', () => {
    const bytes = signSign1({ protectedHeader: header, payload, detached: true, signer });
    const message = parsed(bytes);
    expect(message.payload).toBeNull();
    expect(verifySign1({ message, key: signer.key })).toBe(false);
    expect(verifySign1({ message, key: signer.key, payload })).toBe(true);
  });

  it('never looks for alg in the unprotected header', () => {
    const protectedBytes = new Uint8Array(0);
    const sig = signer.sign(sigStructure(protectedBytes, payload));
    const unprotected: CborMap = new Map([[1, -8]]);
    const message = parsed(encodeSign1({ protectedBytes, unprotected, payload, signature: sig }));
    expect(verifySign1({ message, key: signer.key })).toBe(false);
  });
});

describe('sigStructure', () => {
  it('is RFC 9052 §4.4, the empty map as the zero-length string', () => {
    const expected = '846a5369676e61747572653140404101';
    expect(toHex(sigStructure(hex('a0'), hex('01')))).toBe(expected);
    expect(toHex(sigStructure(hex(''), hex('01')))).toBe(expected);
    expect(toHex(sigStructure(hex('a10126'), hex('01'), hex('02')))).toBe(
      '846a5369676e61747572653143a1012641024101',
    );
  });
});

describe('parseSign1', () => {
  it.each([
    ['84 40 a0 f6 40', 'cose_structure', 'no tag'],
    ['d2 83 40 a0 f6', 'cose_structure', 'three items'],
    ['d2 85 40 a0 f6 40 40', 'cose_structure', 'five items'],
    ['d2 a0', 'cose_structure', 'a map'],
    ['d2 d2 84 40 a0 f6 40', 'cose_structure', 'two tags'],
    ['d2 84 60 a0 f6 40', 'cose_structure', 'text as protected header'],
    ['d2 84 40 80 f6 40', 'cose_structure', 'an array as unprotected header'],
    ['d2 84 40 a0 60 40', 'cose_structure', 'text as payload'],
    ['d2 84 40 a0 f4 40', 'cose_structure', 'false as payload'],
    ['d2 84 40 a0 f6 f6', 'cose_structure', 'no signature'],
    ['d2 84 41 80 a0 f6 40', 'cose_header', 'an array as protected header'],
    ['d2 84 42 a0a0 a0 f6 40', 'cbor_trailing', 'two maps as protected header'],
    ['d2 84 41 a1 a0 f6 40', 'cbor_truncated', 'half a protected header'],
    ['d2 84 40 a0 f6 40 00', 'cbor_trailing', 'something behind'],
  ])('%s is %s in both modes (%s)', (bytes, code) => {
    expect(codeOf(hex(bytes))).toBe(code);
    expect(codeOf(hex(bytes), { foreign: true })).toBe(code);
  });

  it.each([
    ['d2 84 41 a0 a0 f6 40', 'cose_encoding', 'an empty protected map'],
    ['d8 12 84 40 a0 f6 40', 'cbor_not_deterministic', 'a long tag'],
    ['d2 98 04 40 a0 f6 40', 'cbor_not_deterministic', 'a long array head'],
    ['d2 84 58 00 a0 f6 40', 'cbor_not_deterministic', 'a long string head'],
    ['d2 9f 40 a0 f6 40 ff', 'cbor_indefinite', 'an indefinite array'],
    ['d2 84 40 a0 5f ff 40', 'cbor_indefinite', 'an indefinite payload'],
    ['d2 84 44 a1 01 38 18 a0 f6 40', 'ok', 'the shortest'],
    ['d2 84 45 a1 18 01 38 18 a0 f6 40', 'cbor_not_deterministic', 'a long label'],
    ['d2 84 40 a1 18 21 c1 00 f6 40', 'cbor_tag', 'a tag in the header'],
  ])('%s is %s where we made it, and fine from others (%s)', (bytes, code) => {
    expect(codeOf(hex(bytes))).toBe(code);
    expect(codeOf(hex(bytes), { foreign: true })).toBe('ok');
  });

  it('refuses duplicate labels, also across the two headers', () => {
    expect(codeOf(hex('d2 84 45 a2 01 26 01 26 a0 f6 40'), { foreign: true })).toBe(
      'cbor_duplicate_key',
    );
    const both = withHeaders(new Map([[4, 1]]), new Map([[4, 1]]));
    expect(codeOf(both)).toBe('cose_header');
    expect(codeOf(both, { foreign: true })).toBe('cose_header');
  });

  it.each<[string, CborValue, string]>([
    ['what is always processed', [1, 3], 'ok'],
    ['a label not processed', [999], 'crit'],
    ['a text label not processed', ['reserved'], 'crit'],
    ['a label that is absent', [15], 'crit'],
    ['nothing', [], 'crit'],
    ['no array', 1, 'crit'],
    ['no label', [null], 'crit'],
    ['itself', [2], 'crit'],
  ])('crit naming %s', (_name, crit, code) => {
    const protectedHeader: CborMap = new Map<number | string, CborValue>([
      [1, -8],
      [3, 'text/plain'],
      [999, 1],
      ['reserved', true],
      [2, crit],
    ]);
    for (const foreign of [false, true]) {
      expect(codeOf(withHeaders(protectedHeader), { foreign })).toBe(code);
    }
  });

  it('lets a caller process more labels, and refuses an unprotected crit', () => {
    const critical: CborMap = new Map<number, CborValue>([
      [2, [395]],
      [395, 1],
    ]);
    expect(codeOf(withHeaders(critical))).toBe('crit');
    expect(codeOf(withHeaders(critical), { processed: [395] })).toBe('ok');
    expect(codeOf(withHeaders(new Map([[1, -8]]), new Map([[2, [1]]])))).toBe('crit');
  });

  it('never throws', () => {
    const bent = fc.tuple(fc.nat(signed.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Uint8Array.from(signed);
      bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(bent, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        parseSign1(bytes);
        parseSign1(bytes, { foreign: true });
        const entry = spliceEntry(bytes);
        if (entry.ok) expect(spliceEntry(entry.value)).toEqual(entry);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('spliceEntry', () => {
  it('replaces the unprotected header and keeps every other byte', () => {
    const unprotected: CborMap = new Map([[394, [new Uint8Array(300)]]]);
    const transparent = signSign1({ protectedHeader: header, unprotected, payload, signer });
    expect(spliceEntry(transparent)).toEqual({ ok: true, value: signed });
    expect(spliceEntry(signed)).toEqual({ ok: true, value: signed });
  });

  it('keeps a protected header that is not deterministic, for it is signed', () => {
    const odd = hex('d2 84 45 a1 18 01 38 18');
    const bytes = concat(odd, hex('bf 04 c1 00 ff f6 40'));
    expect(spliceEntry(bytes)).toEqual({ ok: true, value: concat(odd, hex('a0 f6 40')) });
  });

  it('equals encoding again where both are possible', () => {
    const message = parsed(signed);
    expect(
      encodeCbor(new Tagged(18, [message.protectedBytes, new Map(), payload, message.signature])),
    ).toEqual(signed);
  });

  it.each([
    ['84 40 a0 f6 40', 'cose_structure'],
    ['d8 12 84 40 a0 f6 40', 'cose_structure'],
    ['d2 98 04 40 a0 f6 40', 'cose_structure'],
    ['d2 9f 40 a0 f6 40 ff', 'cose_structure'],
    ['d2 84 58 00 a0 f6 40', 'cose_encoding'],
    ['d2 84 40 a0 5f ff 40', 'cose_encoding'],
    ['d2 84 40 80 f6 40', 'cose_structure'],
    ['d2 84 40 a0 60 40', 'cose_structure'],
    ['d2 84 40 a0 f6 60', 'cose_structure'],
    ['d2 84 40 a1 01 f6 40', 'cbor_truncated'],
    ['d2 84 40 a1 01', 'cbor_truncated'],
    ['d2 84 40 a2 01 00 01 00 f6 40', 'cbor_duplicate_key'],
    ['d2 84 40 a0 f6 41', 'cbor_truncated'],
    ['d2 84 40 a0 f6 40 40', 'cbor_trailing'],
    ['d2 84', 'cbor_truncated'],
    ['', 'cose_structure'],
  ])('%s is %s', (bytes, code) => {
    expect(spliceEntry(hex(bytes))).toMatchObject({ ok: false, code });
  });
});
