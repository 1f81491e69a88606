import { describe, expect, it } from 'vitest';
import { type CborMap, type CborValue, Tagged } from '../../../device-sdk/formats/cbor.ts';
import { cwtClaimsMap, parseCwtClaims } from '../../../device-sdk/formats/cwt-claims.ts';

function header(...claims: [number, CborValue][]): CborMap {
  return new Map<number, CborValue>([[15, new Map(claims)]]);
}

describe('CWT claims', () => {
  it('reads back what it writes', () => {
    const claims = { iss: 'urn:dev:ow:264437f5000000ed', sub: 'https://id.gs1.org/01/1', iat: 7 };
    expect(parseCwtClaims(new Map([[15, cwtClaimsMap(claims)]]))).toEqual({
      ok: true,
      value: { ...claims, nbf: null, exp: null },
    });
    expect([...cwtClaimsMap({ iss: 'a', sub: 'b' }).keys()]).toEqual([1, 2]);
    expect([...cwtClaimsMap({ iss: 'a', sub: 'b', iat: null }).keys()]).toEqual([1, 2]);
  });

  it.each<[string, CborMap]>([
    ['no claims', new Map()],
    ['claims that are no map', new Map([[15, 'a']])],
    ['no iss', header([2, 'b'])],
    ['an empty iss', header([1, ''], [2, 'b'])],
    ['a long iss', header([1, 'a'.repeat(8193)], [2, 'b'])],
    ['a sub of bytes', header([1, 'a'], [2, new Uint8Array(1)])],
    ['a text as iat', header([1, 'a'], [2, 'b'], [6, '7'])],
  ])('refuses %s in both modes', (_name, map) => {
    for (const foreign of [false, true]) {
      expect(parseCwtClaims(map, { foreign })).toMatchObject({ ok: false, code: 'cwt_claims' });
    }
  });

  it.each<[string, CborMap]>([
    ['an absent sub', header([1, 'a'])],
    ['a fractional iat', header([1, 'a'], [2, 'b'], [6, 7.5])],
    ['a tagged iat', header([1, 'a'], [2, 'b'], [6, new Tagged(1, 7)])],
  ])('takes %s from others only', (_name, map) => {
    expect(parseCwtClaims(map)).toMatchObject({ ok: false, code: 'cwt_claims' });
    expect(parseCwtClaims(map, { foreign: true }).ok).toBe(true);
  });
});
