import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../device-sdk/formats/merkle.ts';
import {
  completeSubtrees,
  consistencyPath,
  encodeEntryBundle,
  encodeTile,
  type HashAt,
  inclusionPath,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  subtreeHash,
  tileHash,
  tilePath,
  tileWidth,
  treeRoot,
} from '../../../device-sdk/formats/tiles.ts';
import { MTH, PATH, PROOF } from '../../support/reference-merkle.ts';

const entries = Array.from({ length: 1100 }, (_, i) => new TextEncoder().encode(`entry ${i}`));
const hashAt = completeSubtrees(entries.map(leafHash));

/** The tiles a log of `size` leaves would serve, and the subtree hashes a client derives. */
function hashesFromTiles(size: number): HashAt {
  const tiles = new Map<string, Uint8Array>();
  for (let level = 0; level < 3; level++) {
    for (let index = 0; ; index++) {
      const width = tileWidth({ level, index, size });
      if (width === 0) break;
      const row = Array.from({ length: width }, (_, i) => hashAt(level * 8, index * 256 + i));
      tiles.set(`${level}/${index}`, encodeTile(row));
    }
  }
  const tile = (level: number, index: number) => tiles.get(`${level}/${index}`)!;
  return (level, i) => subtreeHash({ level, i, tile });
}

describe('tiles, C2SP tlog-tiles', () => {
  it('writes and reads paths', () => {
    const cases: [string, { level: number | 'entries'; index: number; width: number }][] = [
      ['tile/0/x001/x234/067', { level: 0, index: 1234067, width: 256 }],
      ['tile/0/000.p/1', { level: 0, index: 0, width: 1 }],
      ['tile/2/x001/000', { level: 2, index: 1000, width: 256 }],
      ['tile/entries/999.p/255', { level: 'entries', index: 999, width: 255 }],
    ];
    for (const [path, tile] of cases) {
      expect(tilePath(tile)).toBe(path);
      expect(parseTilePath(path)).toEqual({ ok: true, value: tile });
    }
  });

  it.each([
    '',
    'tile/0/0',
    'tile/00/000',
    'tile/7/000',
    'tile/0/001/000',
    'tile/0/x000/001',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/-1/000',
    'tile/entries/000/',
    'tile/0/000\n',
    '/tile/0/000',
    'tile/0/x999/x999/x999/x999/x999/999',
  ])('refuses the path %j', (path) => {
    expect(parseTilePath(path)).toMatchObject({ ok: false, code: 'tile_path' });
  });

  it('writes paths that read back as themselves', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('entries' as const));
    const index = fc.maxSafeNat();
    const width = fc.integer({ min: 1, max: 256 });
    fc.assert(
      fc.property(fc.record({ level, index, width }), (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual({ ok: true, value: tile });
      }),
    );
    expect(() => tilePath({ level: 0, index: 0, width: 0 })).toThrow(RangeError);
  });

  it('knows which tiles a tree of 70,000 and one of 256 have', () => {
    const size = 70_000;
    expect(tileWidth({ level: 0, index: 272, size })).toBe(256);
    expect(tileWidth({ level: 0, index: 273, size })).toBe(112);
    expect(tileWidth({ level: 0, index: 274, size })).toBe(0);
    expect(tileWidth({ level: 1, index: 0, size })).toBe(256);
    expect(tileWidth({ level: 1, index: 1, size })).toBe(17);
    expect(tileWidth({ level: 2, index: 0, size })).toBe(1);
    expect(tileWidth({ level: 0, index: 0, size: 256 })).toBe(256);
    expect(tileWidth({ level: 0, index: 1, size: 256 })).toBe(0);
    expect(tileWidth({ level: 1, index: 0, size: 256 })).toBe(1);
  });

  it('reads tiles of the width asked for and no other', () => {
    const hashes = entries.slice(0, 5).map(leafHash);
    const bytes = encodeTile(hashes);
    expect(parseTile(bytes, 5)).toEqual({ ok: true, value: hashes });
    expect(tileHash(bytes, 4)).toEqual(hashes[4]);
    expect(() => tileHash(bytes, 5)).toThrow(RangeError);
    expect(parseTile(bytes, 4)).toMatchObject({ ok: false, code: 'tile_size' });
    expect(parseTile(bytes.subarray(1), 5)).toMatchObject({ ok: false, code: 'tile_size' });
    expect(() => encodeTile([new Uint8Array(31)])).toThrow(TypeError);
  });

  it('reads bundles and refuses cut, padded or short ones', () => {
    const some = [new Uint8Array(0), new Uint8Array(300).fill(7), new Uint8Array(65_535)];
    const bundle = encodeEntryBundle(some);
    expect(parseEntryBundle(bundle, 3)).toEqual({ ok: true, value: some });
    for (const bad of [bundle.subarray(0, -1), bundle.subarray(0, 3), bundle.subarray(2)]) {
      expect(parseEntryBundle(bad, 3)).toMatchObject({ ok: false, code: 'tile_bundle' });
    }
    for (const width of [2, 4]) {
      expect(parseEntryBundle(bundle, width)).toMatchObject({ ok: false, code: 'tile_bundle' });
    }
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });

  it('builds the oracle’s roots and proofs at all sizes to 130 from complete subtrees', () => {
    for (let size = 1; size <= 130; size++) {
      const part = entries.slice(0, size);
      expect(treeRoot({ size, hashAt })).toEqual(MTH(part));
      for (let m = 0; m < size; m += size > 32 ? 37 : 1) {
        expect(inclusionPath({ index: m, size, hashAt })).toEqual(PATH(m, part));
        const proof = consistencyPath({ size1: m + 1, size2: size, hashAt });
        expect(proof).toEqual(PROOF(m + 1, part));
      }
    }
  });

  it('builds them from served tiles alone, across tile borders', () => {
    const size = fc.oneof(
      fc.constantFrom(1, 255, 256, 257, 511, 512, 513, 768, 1024, 1025),
      fc.integer({ min: 1, max: 1100 }),
    );
    fc.assert(
      fc.property(size, fc.double({ min: 0, max: 1, noNaN: true }), (n, where) => {
        const served = hashesFromTiles(n);
        const part = entries.slice(0, n);
        const index = Math.min(n - 1, Math.floor(where * n));
        expect(treeRoot({ size: n, hashAt: served })).toEqual(MTH(part));
        expect(inclusionPath({ index, size: n, hashAt: served })).toEqual(PATH(index, part));
        const proof = consistencyPath({ size1: index + 1, size2: n, hashAt: served });
        expect(proof).toEqual(PROOF(index + 1, part));
      }),
      { numRuns: 60 },
    );
  });

  it('throws for leaves and sizes outside the tree', () => {
    expect(() => inclusionPath({ index: 3, size: 3, hashAt })).toThrow(RangeError);
    expect(() => consistencyPath({ size1: 0, size2: 3, hashAt })).toThrow(RangeError);
    expect(() => consistencyPath({ size1: 4, size2: 3, hashAt })).toThrow(RangeError);
    expect(() => hashAt(0, entries.length)).toThrow(RangeError);
  });
});
