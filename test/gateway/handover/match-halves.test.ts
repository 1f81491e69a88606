import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { HandoverHalf, Said } from '../../../gateway/handover/handover-half.ts';
import {
  type Handover,
  matchHalves,
  NUMBER_WINDOW_MS,
  WINDOW_MS,
} from '../../../gateway/handover/match-halves.ts';

const T0_MS = Date.UTC(2026, 10, 29, 9);
const ITEM = 'https://id.gs1.org/00/395212300000000018';
const MINUTE_MS = 60_000;
let leafIndex = 0;

function half(device: string, minutes: number, said: Partial<Said> = {}): HandoverHalf {
  leafIndex += 1;
  const nothing = { number: null, counterpart: null, condition: null };
  return {
    item: ITEM,
    timeMs: T0_MS + minutes * MINUTE_MS,
    device,
    leafIndex,
    part: 0,
    said: { role: null, seal: 'S-7', count: 1, ...nothing, ...said },
  };
}

const giver = (minutes: number, said: Partial<Said> = {}, device = 'dock') =>
  half(device, minutes, { role: 'giver', ...said });
const receiver = (minutes: number, said: Partial<Said> = {}, device = 'truck') =>
  half(device, minutes, { role: 'receiver', ...said });

/** `giver/receiver: fields that differ`, a side by its minute. */
function wordsOf(handovers: readonly Handover[]): string[] {
  const minute = (one: HandoverHalf | null) =>
    one === null ? '–' : String((one.timeMs - T0_MS) / MINUTE_MS);
  return handovers.map(({ giver: g, receiver: r, differences }) => {
    const fields = differences.map(({ field }) => field).join(' ');
    return `${minute(g)}/${minute(r)}${fields === '' ? '' : `: ${fields}`}`;
  });
}

const HOURS = 60;
const rules: [string, HandoverHalf[], string[]][] = [
  ['one seal within the window', [giver(0), receiver(15)], ['0/15']],
  ['whoever came first', [receiver(0), giver(1)], ['1/0']],
  ['a minute later than the window', [giver(0), receiver(15.1)], ['0/–', '–/15.1']],
  ['the seal differs', [giver(0), receiver(3, { seal: 'S-8' })], ['0/3: seal']],
  ['one side scanned no seal', [giver(0), receiver(3, { seal: null })], ['0/3: seal']],
  ['neither did', [giver(0, { seal: null }), receiver(3, { seal: null })], ['0/3']],
  ['the count differs', [giver(0, { count: 3 }), receiver(3, { count: 2 })], ['0/3: count']],
  ['both give', [giver(0), giver(2, {}, 'truck')], ['0/2: role']],
  ['both receive', [receiver(0), receiver(2, {}, 'dock')], ['2/0: role']],
  ['one says no side', [half('dock', 0), receiver(2)], ['0/2: role']],
  ['one device hands to itself', [giver(0), receiver(1, {}, 'dock')], ['0/–', '–/1']],
  ['it names the other', [giver(0, { counterpart: 'truck' }), receiver(1)], ['0/1']],
  ['it names somebody else', [giver(0, { counterpart: 'van' }), receiver(1)], ['0/1: counterpart']],
  [
    'papers travel slower',
    [giver(0, { number: 'N' }), receiver(20 * HOURS, { number: 'N' })],
    ['0/1200'],
  ],
  [
    'but not for ever',
    [giver(0, { number: 'N' }), receiver(24.1 * HOURS, { number: 'N' })],
    ['0/–', '–/1446'],
  ],
  [
    'the number before the nearer seal',
    [giver(0, { number: 'N' }), receiver(1, {}, 'van'), receiver(9, { number: 'N' })],
    ['0/9', '–/1'],
  ],
  [
    'numbers that differ, at one time',
    [giver(0, { number: 'N' }), receiver(1, { number: 'M' })],
    ['0/1: number'],
  ],
  ['one number alone', [giver(0, { number: 'N' }), receiver(1)], ['0/1']],
  [
    'the seal before the nearer one without it',
    [giver(0), receiver(1, { seal: 'X' }, 'van'), receiver(9)],
    ['0/9', '–/1'],
  ],
  ['the nearest of two alike', [giver(0), receiver(5), receiver(2, {}, 'van')], ['0/2', '–/5']],
  ['the same said twice', [giver(0), giver(1), receiver(2), receiver(3)], ['0/2']],
  [
    'said again with another seal',
    [giver(0, { seal: 'X' }), giver(1), receiver(2)],
    ['0/–', '1/2'],
  ],
  [
    'from the dock to a truck to a shop',
    [giver(0), receiver(1), giver(300, {}, 'truck'), receiver(302, {}, 'shop')],
    ['0/1', '300/302'],
  ],
  ['nobody answered', [giver(0)], ['0/–']],
  ['nothing at all', [], []],
];

describe('halves of one thing are put together', () => {
  test.each(rules)('%s', (_name, halves, expected) => {
    const ordered = halves.toSorted((a, b) => a.timeMs - b.timeMs);
    expect(wordsOf(matchHalves(ordered))).toEqual(expected);
  });

  it('a difference says what each side has', () => {
    const [handover] = matchHalves([giver(0, { count: 3 }), receiver(1, { seal: null })]);
    expect(handover?.differences).toEqual([
      { field: 'seal', giver: 'S-7', receiver: null },
      { field: 'count', giver: 3, receiver: 1 },
    ]);
  });
});

describe('by property', () => {
  const halves = fc
    .array(
      fc.record({
        device: fc.constantFrom('a', 'b', 'c'),
        minutes: fc.integer({ min: 0, max: 60 }),
        role: fc.constantFrom('giver' as const, 'receiver' as const, null),
        seal: fc.constantFrom('S-7', 'S-8', null),
        number: fc.constantFrom('N', 'M', null),
      }),
      { maxLength: 12 },
    )
    .map((all) =>
      all
        .map(({ device, minutes, ...said }) => half(device, minutes, said))
        .sort((a, b) => a.timeMs - b.timeMs || a.leafIndex - b.leafIndex),
    );

  test('no half is in two hand-overs, none is of one device, none is too far apart', () => {
    fc.assert(
      fc.property(halves, (all) => {
        const sides = matchHalves(all).map(({ giver: g, receiver: r }) => [g, r]);
        const used = sides.flat().filter((one) => one !== null);
        expect(new Set(used).size).toBe(used.length);
        for (const [g, r] of sides) {
          if (!g || !r) continue;
          expect(g.device).not.toBe(r.device);
          const reach = g.said.number !== null && g.said.number === r.said.number;
          const apartMs = Math.abs(g.timeMs - r.timeMs);
          expect(apartMs).toBeLessThanOrEqual(reach ? NUMBER_WINDOW_MS : WINDOW_MS);
        }
      }),
    );
  });

  test('every half is in one, but for what its device had said before', () => {
    fc.assert(
      fc.property(halves, (all) => {
        const used = new Set(
          matchHalves(all).flatMap(({ giver: g, receiver: r }) => [g, r].filter(Boolean)),
        );
        for (const one of all) {
          if (used.has(one)) continue;
          const { condition, ...said } = one.said;
          const isSaidBefore = all.some(
            (other) =>
              used.has(other) && other.device === one.device && matchesAll(said, other.said),
          );
          expect(isSaidBefore).toBe(true);
        }
      }),
    );
  });
});

function matchesAll(said: Omit<Said, 'condition'>, other: Said): boolean {
  return Object.entries(said).every(([key, value]) => other[key as keyof Said] === value);
}
