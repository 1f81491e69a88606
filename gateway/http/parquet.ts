// Readings as Apache Parquet, row group by row group: what was written is sent and forgotten.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Reading } from './backend.ts';

/**
 * Rows of a group. Making one holds the event loop, here for about 20 ms; what is kept to the end of
 * each is its part of the footer, about 1 kB, or 0.2 bytes a reading.
 */
const GROUP_ROWS = 5_000;

interface Column {
  readonly element: SchemaElement;
  readonly of: (reading: Reading) => bigint | number | string | boolean | null;
}

/** The columns of the CSV, typed; texts are as the device sent them. */
const COLUMNS: readonly Column[] = [
  {
    element: {
      name: 'timeMs',
      type: 'INT64',
      converted_type: 'TIMESTAMP_MILLIS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      repetition_type: 'OPTIONAL',
    },
    of: ({ timeMs }) => (timeMs === null ? null : BigInt(timeMs)),
  },
  { element: text('device', 'REQUIRED'), of: ({ device }) => device },
  { element: text('subject', 'REQUIRED'), of: ({ subject }) => subject },
  { element: text('name', 'REQUIRED'), of: ({ name }) => name },
  { element: text('unit', 'OPTIONAL'), of: ({ unit }) => unit },
  {
    element: { name: 'value', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    of: ({ value }) => (typeof value === 'number' ? value : null),
  },
  {
    element: text('stringValue', 'OPTIONAL'),
    of: ({ value }) => (typeof value === 'string' ? value : null),
  },
  {
    element: { name: 'boolValue', type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
    of: ({ value }) => (typeof value === 'boolean' ? value : null),
  },
  { element: text('statementId', 'REQUIRED'), of: ({ statementId }) => toHex(statementId) },
  { element: integer('leafIndex'), of: ({ leafIndex }) => BigInt(leafIndex) },
  { element: integer('seq'), of: ({ seq }) => BigInt(seq) },
  { element: text('flags', 'REQUIRED'), of: ({ flags }) => flags.join(' ') },
];

const SCHEMA: SchemaElement[] = [
  { name: 'readings', num_children: COLUMNS.length },
  ...COLUMNS.map(({ element }) => element),
];

function text(name: string, repetition_type: 'REQUIRED' | 'OPTIONAL'): SchemaElement {
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type };
}

function integer(name: string): SchemaElement {
  return { name, type: 'INT64', repetition_type: 'REQUIRED' };
}

/** A file that breaks off has no footer, so no reader takes it for a whole one. */
export async function* parquet(
  source: AsyncIterable<readonly Reading[]>,
): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: SCHEMA, createdBy: 'truegrain' });
  let group: Reading[] = [];
  for await (const rows of source) {
    group.push(...rows);
    if (group.length < GROUP_ROWS) continue;
    await writeGroup(file, group);
    yield taken(writer);
    group = [];
  }
  if (group.length > 0) await writeGroup(file, group);
  await file.finish();
  yield taken(writer);
}

async function writeGroup(file: ParquetWriter, rows: readonly Reading[]): Promise<void> {
  const columnData = COLUMNS.map(({ element, of }) => ({
    name: element.name,
    data: rows.map(of),
    offsetIndex: false,
  }));
  await file.write({ columnData, rowGroupSize: rows.length });
}

/** Empties the writer, which goes on counting from where it was. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
