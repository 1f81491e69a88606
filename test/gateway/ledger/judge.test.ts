import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CLOCK_AHEAD_MS_MAX,
  PACK_SPAN_MS_MAX,
  type Verdict,
} from '../../../gateway/ledger/judge.ts';
import { chainOf, factsOf, idOf, JudgedLedger, type Link } from '../../support/judge-facts.ts';
import { T0_MS } from '../../support/solo-ledger.ts';

const accept = (changes: object = {}) => ({
  kind: 'accept',
  late: false,
  fork: false,
  gap: false,
  ...changes,
});
const refuse = (code: string) => ({ kind: 'refuse', code });
const DUPLICATE = { kind: 'duplicate' };
const [one, two, three, four] = chainOf(4) as [Link, Link, Link, Link];
const other = (seq: number, prev: Uint8Array | null): Link => ({
  id: idOf(`other ${seq}`),
  seq,
  prev,
});

describe('numbers and links', () => {
  test('one after the other', () => {
    const ledger = new JudgedLedger();
    expect(ledger.commit(one, two)).toEqual([accept(), accept()]);
    expect(ledger.commit(three)).toEqual([accept()]);
    expect(ledger.state.streams.get(0)).toMatchObject({ maxSeq: 3, missing: 0, tipId: three.id });
  });

  test('the same again is a duplicate, in its own batch and later', () => {
    const ledger = new JudgedLedger();
    expect(ledger.commit(one, one, two, one)).toEqual([accept(), DUPLICATE, accept(), DUPLICATE]);
    expect(ledger.commit(one, two)).toEqual([DUPLICATE, DUPLICATE]);
  });

  test('a gap is counted, and filled by what comes late', () => {
    const ledger = new JudgedLedger();
    expect(ledger.commit(one, four)).toEqual([accept(), accept({ gap: true })]);
    expect(ledger.state.streams.get(0)).toMatchObject({ maxSeq: 4, missing: 2 });
    expect(ledger.commit(three, two)).toEqual([accept({ late: true }), accept({ late: true })]);
    expect(ledger.state.streams.get(0)).toMatchObject({ maxSeq: 4, missing: 0, tipId: four.id });
  });

  test('a stream may begin above 1: reserved numbers were lost', () => {
    const ledger = new JudgedLedger();
    expect(ledger.commit(three)).toEqual([accept({ gap: true })]);
    expect(ledger.state.streams.get(0)).toMatchObject({ missing: 2 });
  });

  test('another predecessor than the one in the log', () => {
    const ledger = new JudgedLedger();
    ledger.commit(one);
    expect(ledger.commit({ ...two, prev: idOf('x') })).toEqual([refuse('prev_mismatch')]);
    expect(ledger.commit(two, four)).toEqual([accept(), accept({ gap: true })]);
    const intoGap = [other(3, idOf('x')), other(3, two.id)];
    // The first does not follow 2, the second is not what 4 follows.
    for (const link of intoGap) expect(ledger.commit(link)).toEqual([refuse('prev_mismatch')]);
    expect(ledger.commit(three)).toEqual([accept({ late: true })]);
  });

  test('a fork is logged once, and stays a duplicate of itself', () => {
    const ledger = new JudgedLedger();
    ledger.commit(one, two);
    const forked = other(2, one.id);
    expect(ledger.commit(forked, forked)).toEqual([accept({ fork: true }), DUPLICATE]);
    expect(ledger.commit(forked, two, { ...other(2, one.id), id: idOf('third') })).toEqual([
      DUPLICATE,
      DUPLICATE,
      refuse('fork'),
    ]);
    // The first history goes on; the second can't.
    expect(ledger.commit(three)).toEqual([accept()]);
    expect(ledger.state.streams.get(0)).toMatchObject({ forked: true, maxSeq: 3 });
    expect(ledger.commit({ ...other(4, forked.id) })).toEqual([refuse('prev_mismatch')]);
  });
});

describe('refused by the registry', () => {
  const refused = (ledger: JudgedLedger, changes = {}) => ledger.judge(factsOf(one, changes));

  test.each(['revoked', 'retired'] as const)('a %s key, whatever date it claims', (status) => {
    const ledger = new JudgedLedger();
    ledger.commit(one);
    ledger.key.status = status;
    const old = factsOf(two, { iat: T0_MS / 1000 - 86_400, firstMs: null, lastMs: null });
    expect(ledger.judge(old)).toEqual(refuse(`key_${status}`));
    // What is in the log stays there, and its device may still fetch the receipt.
    expect(ledger.judge(factsOf(one))).toEqual(DUPLICATE);
  });

  test.each(['wrong_ledger', 'iss_mismatch'] as const)('%s', (mismatch) => {
    expect(refused(new JudgedLedger(), { mismatch })).toEqual(refuse(mismatch));
  });

  test('a subject that is not the device’s', () => {
    const ledger = new JudgedLedger({ subjects: ['urn:example:lot-2'] });
    expect(refused(ledger)).toEqual(refuse('subject'));
    expect(refused(ledger, { sub: 'urn:example:lot-2' })).toEqual(accept());
  });

  test('a key that is no device’s, and none', () => {
    const ledger = new JudgedLedger();
    ledger.key.role = 'member';
    expect(refused(ledger)).toEqual(refuse('unknown_key'));
    expect(refused(ledger, { keyNo: 9 })).toEqual(refuse('unknown_key'));
  });

  test('everything, before the founders have accepted', () => {
    const ledger = new JudgedLedger();
    ledger.state.awaiting.add('https://other.example');
    expect(refused(ledger)).toEqual(refuse('not_allowed'));
  });
});

describe('clock', () => {
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const aheadMs = T0_MS + CLOCK_AHEAD_MS_MAX;
  test.each([
    ['1970', { iat: 0 }, 'clock'],
    ['2100', { iat: seconds(Date.UTC(2100, 0)) }, 'clock'],
    ['a pack of 1970', { firstMs: 0, lastMs: 0 }, 'clock'],
    ['a pack of 2100', { lastMs: Date.UTC(2100, 0) }, 'clock'],
    ['just ahead', { iat: seconds(aheadMs), lastMs: aheadMs }, null],
    ['a second further', { iat: seconds(aheadMs) + 1 }, 'clock'],
    ['a millisecond further', { lastMs: aheadMs + 1 }, 'clock'],
    ['backwards', { firstMs: T0_MS, lastMs: T0_MS - 1 }, 'time_mismatch'],
    ['a day', { firstMs: T0_MS - PACK_SPAN_MS_MAX }, null],
    ['more than a day', { firstMs: T0_MS - PACK_SPAN_MS_MAX - 1 }, 'time_mismatch'],
    ['no clock', { firstMs: null, lastMs: null, quality: 0 }, null],
  ])('%s', (_name, changes, code) => {
    const verdict = new JudgedLedger().judge(factsOf(one, changes));
    expect(verdict).toEqual(code === null ? accept() : refuse(code));
  });
});

/**
 * The rules in words, over a plain list of what was accepted: slow, without overlay, counters or
 * tips, and therefore a second opinion.
 */
class Reference {
  readonly #log: Link[] = [];
  #forked = false;

  judge(link: Link): Verdict {
    const same = (a: Uint8Array | null, b: Uint8Array | null) =>
      a !== null && b !== null && toHex(a) === toHex(b);
    if (this.#log.some(({ id }) => same(id, link.id))) return { kind: 'duplicate' };
    const at = (seq: number) => this.#log.find((known) => known.seq === seq);
    const max = Math.max(0, ...this.#log.map(({ seq }) => seq));
    if (at(link.seq)) {
      if (this.#forked) return { kind: 'refuse', code: 'fork' };
      this.#forked = true;
      this.#log.push(link);
      return { kind: 'accept', late: false, fork: true, gap: false };
    }
    const before = at(link.seq - 1);
    const after = at(link.seq + 1);
    if (before && !same(link.prev, before.id)) return { kind: 'refuse', code: 'prev_mismatch' };
    if (after && !same(after.prev, link.id)) return { kind: 'refuse', code: 'prev_mismatch' };
    this.#log.push(link);
    const late = link.seq < max;
    return { kind: 'accept', late, fork: false, gap: !late && link.seq !== max + 1 };
  }

  get missing(): number {
    const seqs = new Set(this.#log.map(({ seq }) => seq));
    return Math.max(0, ...seqs) - seqs.size;
  }
}

test('any order, with gaps, repeats and second histories, in batches of any size', () => {
  const honest = chainOf(12);
  // A clone that shares the first five and goes its own way, and strangers with wild links.
  const clone = chainOf(12).map((link, i): Link => {
    if (i < 5) return link;
    return { ...link, id: idOf(`b${i + 1}`), prev: i === 5 ? link.prev : idOf(`b${i}`) };
  });
  const wild = honest.map(({ seq }): Link => {
    return { id: idOf(`w${seq}`), seq, prev: seq === 1 ? null : idOf('nowhere') };
  });
  const arrivals = fc.array(fc.constantFrom(...honest, ...honest, ...clone, ...wild), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(arrivals, fc.array(fc.integer({ min: 1, max: 9 })), (links, sizes) => {
      const ledger = new JudgedLedger();
      const reference = new Reference();
      const rest = [...links];
      for (let i = 0; rest.length > 0; i += 1) {
        const batch = rest.splice(0, sizes[i % sizes.length] ?? 1);
        expect(ledger.commit(...batch)).toEqual(batch.map((link) => reference.judge(link)));
        expect(ledger.state.streams.get(0)?.missing).toBe(reference.missing);
      }
    }),
    { numRuns: 500 },
  );
});
