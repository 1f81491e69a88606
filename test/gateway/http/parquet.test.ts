import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { Reading } from '../../../gateway/http/backend.ts';
import { parquet } from '../../../gateway/http/parquet.ts';
import { bytes32, DEVICE } from '../../support/fake-backend.ts';
import { group } from '../../support/group.ts';
import { hasPythonModule, runPython } from '../../support/python.ts';
import { as, harness } from './harness.ts';

const headers = { ...as('auditor'), accept: 'application/vnd.apache.parquet' };

const ODD: readonly Partial<Reading>[] = [
  { value: -0.1, timeMs: 1_767_225_600_123, flags: ['late', 'fork'] },
  { value: '=HYPERLINK("http://evil")', subject: '稻花香 "5 kg"', unit: null },
  { value: true, timeMs: null },
  { value: false, seq: Number.MAX_SAFE_INTEGER, leafIndex: 2 ** 40 },
  { value: null, name: '' },
  { value: 5e-324, timeMs: -1 },
];

async function fileOf(total: number, of: (i: number) => Partial<Reading>) {
  const { app, backend } = await harness();
  backend.readingsTotal = total;
  backend.readingOf = of;
  const answer = await app.inject({ url: '/v1/readings', headers });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('application/vnd.apache.parquet');
  expect(answer.headers['content-disposition']).toBe('attachment; filename="readings.parquet"');
  return answer.rawPayload;
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

test('the columns of the CSV, with their types, row by row', async () => {
  const file = bufferOf(await fileOf(ODD.length, (i) => ODD[i] ?? {}));
  const rows = await parquetReadObjects({ file });
  expect(Object.keys(rows[0] ?? {})).toEqual([
    'timeMs',
    'device',
    'subject',
    'name',
    'unit',
    'value',
    'stringValue',
    'boolValue',
    'statementId',
    'leafIndex',
    'seq',
    'flags',
  ]);
  expect(rows[0]).toMatchObject({ device: DEVICE, value: -0.1, flags: 'late fork' });
  expect(rows.map(({ timeMs }) => timeMs)).toMatchObject({
    0: new Date(1_767_225_600_123),
    2: null,
    5: new Date(-1),
  });
  expect(rows.map(({ value }) => value)).toEqual([-0.1, null, null, null, null, 5e-324]);
  expect(rows.map(({ boolValue }) => boolValue)).toEqual([null, null, true, false, null, null]);
  expect(rows[1]).toMatchObject({
    stringValue: '=HYPERLINK("http://evil")',
    subject: '稻花香 "5 kg"',
    unit: null,
  });
  expect(rows[3]).toMatchObject({
    seq: BigInt(Number.MAX_SAFE_INTEGER),
    leafIndex: 2n ** 40n,
  });
  expect(String(rows[0]?.['statementId'])).toMatch(/^[0-9a-f]{64}$/);
});

test.each([0, 1, 5_000, 5_001, 12_500])(
  '%i readings, all of them, in row groups',
  async (total) => {
    const file = bufferOf(await fileOf(total, (i) => ({ value: i })));
    const { row_groups, num_rows } = parquetMetadata(file);
    expect(Number(num_rows)).toBe(total);
    expect(row_groups).toHaveLength(Math.ceil(total / 5_000));
    const rows = await parquetReadObjects({ file, columns: ['value'] });
    expect(rows.map(({ value }) => value)).toEqual(Array.from({ length: total }, (_, i) => i));
  },
);

test('a group goes out before the next page is read', async () => {
  let read = 0;
  async function* source(): AsyncGenerator<Reading[]> {
    for (;;) {
      read += 1;
      yield Array.from({ length: 1_000 }, (_, i) => reading(i));
    }
  }
  const chunks = parquet(source());
  const sizes: number[] = [];
  for (let i = 1; i <= 20; i += 1) {
    sizes.push((await chunks.next()).value?.byteLength ?? 0);
    expect(read).toBe(5 * i);
  }
  await chunks.return(undefined);
  // What is written does not pile up: later chunks are as large as the first.
  expect(sizes.at(-1)).toBeLessThan((sizes[0] ?? 0) * 1.1);
});

function reading(i: number): Reading {
  return {
    timeMs: 1_767_225_600_000 + i,
    device: DEVICE,
    subject: 'https://id.gs1.org/00/395213200000047114',
    name: 'temperature',
    unit: 'Cel',
    value: i / 8,
    statementId: bytes32(i % 7),
    leafIndex: i,
    seq: i + 1,
    flags: [],
  };
}

const DUCKDB = `
import duckdb, json, sys
file = json.load(sys.stdin)["file"]
duckdb.sql("SET TimeZone = 'UTC'")
types = dict((name, kind) for name, kind, *_ in duckdb.sql(f"DESCRIBE FROM '{file}'").fetchall())
rows = duckdb.sql(f"SELECT * EXCLUDE (timeMs), timeMs::VARCHAR AS at FROM '{file}'")
columns = dict(zip(rows.columns, map(list, zip(*rows.fetchall()))))
some = f"SELECT count(*) FROM '{file}' WHERE timeMs < '1970-01-01' OR value = 11999"
json.dump({"types": types, "columns": columns, "some": duckdb.sql(some).fetchall()[0][0]}, sys.stdout)
`;

group(
  'interop',
  hasPythonModule('duckdb'),
  'duckdb',
)('DuckDB reads it', () => {
  test('values, nulls and types', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tg-parquet-'));
    try {
      const file = join(folder, 'readings.parquet');
      const script = join(folder, 'read.py');
      writeFileSync(file, await fileOf(12_000, (i) => ODD[i] ?? { value: i }));
      writeFileSync(script, DUCKDB);
      const { types, columns, some } = runPython(script, [], { file }) as {
        types: Record<string, string>;
        columns: Record<string, unknown[]>;
        some: number;
      };
      expect(types).toMatchObject({
        timeMs: 'TIMESTAMP WITH TIME ZONE',
        subject: 'VARCHAR',
        value: 'DOUBLE',
        boolValue: 'BOOLEAN',
        leafIndex: 'BIGINT',
      });
      expect(columns['at']?.[0]).toBe('2026-01-01 00:00:00.123+00');
      expect(columns['at']?.[2]).toBe(null);
      expect(columns['subject']?.[1]).toBe('稻花香 "5 kg"');
      expect(columns['boolValue']?.slice(0, 4)).toEqual([null, null, true, false]);
      expect(columns['value']).toHaveLength(12_000);
      expect(columns['value']?.at(-1)).toBe(11_999);
      // Its filter goes by the statistics of the groups, so they must be right.
      expect(some).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
