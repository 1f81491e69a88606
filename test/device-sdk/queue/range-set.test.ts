import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RangeSet, toRanges } from '../../../device-sdk/queue/range-set.ts';

const range = fc.tuple(fc.boolean(), fc.nat({ max: 60 }), fc.nat({ max: 9 }));

it('a RangeSet is a set of numbers, in as few ranges as there are runs', () => {
  const property = fc.property(fc.array(range, { maxLength: 40 }), (operations) => {
    const [ranges, plain] = [new RangeSet(), new Set<number>()];
    for (const [add, start, length] of operations) {
      if (add) ranges.add(start, start + length);
      else ranges.delete(start, start + length);
      for (let n = start; n < start + length; n++) {
        if (add) plain.add(n);
        else plain.delete(n);
      }
    }
    const all = Array.from({ length: 80 }, (_, n) => n);
    expect(all.filter((n) => ranges.has(n))).toEqual([...plain].sort((a, b) => a - b));
    expect(ranges.count(10, 50)).toBe([...plain].filter((n) => n >= 10 && n < 50).length);
    expect(ranges.ranges()).toEqual(toRanges(plain));
    const runs = all.filter((n) => plain.has(n) && !plain.has(n - 1)).length;
    expect(ranges.ranges().length).toBe(runs);
  });
  fc.assert(property);
});
