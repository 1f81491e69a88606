import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../device-sdk/formats/bytes.ts';
import { type CborMap, encodeCbor } from '../../../device-sdk/formats/cbor.ts';
import {
  coseKeyMap,
  encodeCoseKey,
  encodeCoseKeySet,
  keyThumbprint,
  parseCoseKey,
  parseCoseKeySet,
} from '../../../device-sdk/formats/cose-key.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';

const keys = [-7, -8].map((alg) => softSigner(alg as -7 | -8, fromHex('33'.repeat(32))!).key);
const [es256, eddsa] = keys as [(typeof keys)[0], (typeof keys)[0]];

function codeOf(map: CborMap): string {
  const parsed = parseCoseKey(map);
  return parsed.ok ? 'ok' : parsed.code;
}

describe('COSE_Key', () => {
  it('has the thumbprint of the example in RFC 9679 §6', () => {
    const x = fromHex('65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d')!;
    const y = fromHex('1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c')!;
    const thumbprint = keyThumbprint({ kty: 'EC2', crv: 'P-256', x, y });
    const published = '496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec';
    expect(toHex(thumbprint)).toBe(published);
  });

  it.each(keys)('reads back $crv from bytes and from a map', (key) => {
    expect(parseCoseKey(encodeCoseKey(key))).toEqual({ ok: true, value: key });
    expect(parseCoseKey(coseKeyMap(key))).toEqual({ ok: true, value: key });
    expect(encodeCoseKey(key)[1]).toBe(1); // kty first: 1, -1, -2, -3 in bytewise order
  });

  it('ignores optional members, but not an alg that does not fit', () => {
    for (const [key, fitting, other] of [
      [es256, [-7, -9], -8],
      [eddsa, [-8, -19], -7],
    ] as const) {
      const map = coseKeyMap(key).set(2, key.x).set(4, [2]);
      for (const alg of fitting) expect(codeOf(new Map(map).set(3, alg))).toBe('ok');
      expect(codeOf(new Map(map).set(3, other))).toBe('key_alg');
      expect(codeOf(new Map(map).set(3, -35))).toBe('key_alg');
    }
  });

  it('refuses private keys, other curves and coordinates of another length or form', () => {
    expect(codeOf(coseKeyMap(eddsa).set(-4, new Uint8Array(32)))).toBe('key_private');
    expect(codeOf(coseKeyMap(eddsa).set(-1, 4))).toBe('key_type');
    expect(codeOf(coseKeyMap(es256).set(-1, 2))).toBe('key_type');
    expect(codeOf(coseKeyMap(es256).set(1, 1))).toBe('key_type');
    expect(codeOf(coseKeyMap(eddsa).set(-2, new Uint8Array(31)))).toBe('key_malformed');
    expect(codeOf(coseKeyMap(es256).set(-2, new Uint8Array(33)))).toBe('key_malformed');
    expect(codeOf(coseKeyMap(es256).set(-3, true))).toBe('key_malformed');
    expect(codeOf(new Map())).toBe('key_type');
    expect(parseCoseKey([1])).toMatchObject({ ok: false, code: 'key_malformed' });
    expect(parseCoseKey(fromHex('a1')!)).toMatchObject({ ok: false, code: 'cbor_truncated' });
  });
});

describe('COSE_KeySet', () => {
  it('carries thumbprints as kid and reads back', () => {
    const bytes = encodeCoseKeySet(keys);
    expect(parseCoseKeySet(bytes)).toEqual({ ok: true, value: keys });
    for (const key of keys) expect(toHex(bytes)).toContain(toHex(keyThumbprint(key)));
  });

  it('skips keys it does not know', () => {
    const rsa: CborMap = new Map([[1, 3]]);
    const set = encodeCbor([rsa, coseKeyMap(eddsa), 7]);
    expect(parseCoseKeySet(set)).toEqual({ ok: true, value: [eddsa] });
    expect(parseCoseKeySet(encodeCbor([]))).toMatchObject({ ok: false, code: 'key_malformed' });
    expect(parseCoseKeySet(encodeCbor(1))).toMatchObject({ ok: false, code: 'key_malformed' });
  });
});
