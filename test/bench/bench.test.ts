import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, quantile, row } from './bench.ts';
import { runBenches, selectBenches, table, UnknownBench } from './runner.ts';

const fake = (name: string, value: number): Bench => ({
  name,
  run: async () => [row(name, value, 'frames/s', 10), row(`${name}-p99`, 3, 'ms')],
});
const BENCHES = [fake('ingest-a', 5), fake('ingest-b', 6), fake('fsck', 7)];
const namesOf = (benches: Bench[]) => benches.map(({ name }) => name);

describe('names of benches', () => {
  it('are all of them, where none is asked for', () => {
    expect(namesOf(selectBenches(BENCHES, []))).toEqual(['ingest-a', 'ingest-b', 'fsck']);
  });

  it('may be beginnings', () => {
    expect(namesOf(selectBenches(BENCHES, ['ingest']))).toEqual(['ingest-a', 'ingest-b']);
    expect(namesOf(selectBenches(BENCHES, ['fsck', 'ingest-b']))).toEqual(['ingest-b', 'fsck']);
  });

  it('that nobody has are refused with those there are', () => {
    expect(() => selectBenches(BENCHES, ['fsck', 'typo'])).toThrow(UnknownBench);
    expect(() => selectBenches(BENCHES, ['typo'])).toThrow('ingest-a, ingest-b, fsck');
  });
});

describe('results', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'truegrain-bench-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are written as {name, value, unit, limit, ratio} and merged by name', async () => {
    const file = join(folder, 'results.json');
    const options = { file, out: () => {} };
    await runBenches(BENCHES, options);
    await runBenches([fake('ingest-b', 8)], options);
    const rows: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(rows).toEqual([
      { name: 'ingest-a', value: 5, unit: 'frames/s', limit: 10, ratio: 0.5 },
      { name: 'ingest-a-p99', value: 3, unit: 'ms', limit: null, ratio: null },
      { name: 'ingest-b', value: 8, unit: 'frames/s', limit: 10, ratio: 0.8 },
      { name: 'ingest-b-p99', value: 3, unit: 'ms', limit: null, ratio: null },
      { name: 'fsck', value: 7, unit: 'frames/s', limit: 10, ratio: 0.7 },
      { name: 'fsck-p99', value: 3, unit: 'ms', limit: null, ratio: null },
    ]);
  });

  it('of the others are kept when one bench fails, and its name is told', async () => {
    const file = join(folder, 'results.json');
    const lines: string[] = [];
    const broken = { name: 'broken', run: () => Promise.reject(new Error('no disk')) };
    const failed = await runBenches([broken, fake('fsck', 7)], { file, out: (l) => lines.push(l) });
    expect(failed).toEqual(['broken']);
    expect(lines.join('\n')).toContain('broken failed: Error: no disk');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(2);
  });

  it('stand in columns', () => {
    expect(
      table([row('fsck', 12_345.6, 'statements/s', 20_000), row('p99', 2.34567, 'ms')]),
    ).toEqual([
      'name  value  unit          limit  ratio',
      'fsck  12346  statements/s  20000   0.62',
      'p99   2.346  ms                –      –',
    ]);
  });
});

describe('a quantile', () => {
  it('is a measured value', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, 0.95)).toBe(96);
    expect(quantile([7], 0.99)).toBe(7);
    expect(() => quantile([], 0.5)).toThrow();
  });
});
