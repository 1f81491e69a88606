import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withEntry } from '../../../device-sdk/formats/layered-map.ts';

/** Some keys come again and again, so that entries are replaced in both layers. */
const entries = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat()), { maxLength: 400 });

test('reads as a map that was set entry by entry, in the same order', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const plain = new Map<number, number>();
      let map: ReadonlyMap<number, number> = new Map();
      for (const [key, value] of list) {
        map = withEntry(map, key, value);
        plain.set(key, value);
        expect(map.size).toBe(plain.size);
        expect(map.get(key)).toBe(value);
      }
      expect([...map]).toEqual([...plain]);
      expect([...map.entries()]).toEqual([...plain.entries()]);
      expect([...map.keys()]).toEqual([...plain.keys()]);
      expect([...map.values()]).toEqual([...plain.values()]);
      const seen: [number, number][] = [];
      map.forEach((value, key) => {
        seen.push([key, value]);
      });
      expect(seen).toEqual([...plain]);
      for (let key = 0; key <= 121; key += 1) {
        expect([map.has(key), map.get(key)]).toEqual([plain.has(key), plain.get(key)]);
      }
    }),
    { numRuns: 30 },
  );
});

test('no version changes when another is made of it', () => {
  let map: ReadonlyMap<number, number> = new Map();
  const versions = [map];
  for (let i = 0; i < 300; i += 1) {
    map = withEntry(map, i % 200, i);
    versions.push(map);
  }
  const forked = withEntry(versions[150]!, 0, -1);
  for (const [i, version] of versions.entries()) {
    expect(version.size).toBe(Math.min(i, 200));
    expect(version.get(0)).toBe(i === 0 ? undefined : i > 200 ? 200 : 0);
  }
  expect([forked.size, forked.get(0)]).toEqual([150, -1]);
});
