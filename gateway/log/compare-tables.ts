import type { Db } from '../store/database.ts';
import { FOLD_TABLES } from '../store/schema.ts';
import type { FindingList } from './findings.ts';

type Value = number | bigint | string | Buffer | null;
type Row = Value[];

interface Table {
  name: string;
  columns: string[];
  /** Positions of the primary key. */
  key: number[];
  sql: string;
}

/** Holds each fold table against the same table built from the entries. */
export function compareTables(
  { stored, rebuilt }: { stored: Db; rebuilt: Db },
  findings: FindingList,
): void {
  for (const name of FOLD_TABLES) {
    findings.guard({ where: `table ${name}`, canBeRebuilt: true }, () => {
      compare(tableOf(rebuilt, name), { stored, rebuilt }, findings);
    });
  }
}

function tableOf(db: Db, name: string): Table {
  const info = db.pragma(`table_info(${name})`) as { name: string; pk: number }[];
  const columns = info.map((column) => column.name);
  const key = info
    .map(({ pk }, position) => ({ pk, position }))
    .filter(({ pk }) => pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(({ position }) => position);
  const order = key.map((position) => columns[position]).join(', ');
  return { name, columns, key, sql: `SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${order}` };
}

/** Both sides come in the order of the primary key, so one pass merges them. */
function compare(table: Table, dbs: { stored: Db; rebuilt: Db }, findings: FindingList): void {
  const right = rowsOf(dbs.rebuilt, table);
  const left = rowsOf(dbs.stored, table);
  try {
    merge(table, { right, left }, (row, text) =>
      findings.add({
        code: 'table_differs',
        where: `table ${table.name}`,
        leafIndex: leafOf(table, row),
        text: `${nameOf(table, row)} ${text}`,
        canBeRebuilt: true,
      }),
    );
  } finally {
    right.return?.();
    left.return?.();
  }
}

type Rows = Iterator<Row, undefined>;

function merge(
  table: Table,
  { right, left }: { right: Rows; left: Rows },
  say: (row: Row, text: string) => void,
): void {
  let want = right.next().value;
  let have = left.next().value;
  while (want || have) {
    const order = orderOf(table, { want, have });
    if (have && order > 0) {
      say(have, 'does not follow from the entries');
      have = left.next().value;
    } else if (want && (order < 0 || !have)) {
      say(want, 'is missing');
      want = right.next().value;
    } else if (want && have) {
      const wrong = differing(table, want, have);
      if (wrong.length > 0) say(want, `differs from the entries in ${wrong.join(', ')}`);
      want = right.next().value;
      have = left.next().value;
    }
  }
}

function rowsOf(db: Db, { sql }: Table): Rows {
  return db.prepare(sql).raw().iterate() as Rows;
}

function differing({ columns }: Table, want: Row, have: Row): string[] {
  return columns.filter((_name, i) => valueOrder(want[i] ?? null, have[i] ?? null) !== 0);
}

/** Below 0: a row is missing; above 0: a row is too many. */
function orderOf(
  { key }: Table,
  { want, have }: { want: Row | undefined; have: Row | undefined },
): number {
  if (!have) return -1;
  if (!want) return 1;
  for (const i of key) {
    const order = valueOrder(want[i] ?? null, have[i] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** SQLite's order of values: null, numbers, texts, blobs. */
function valueOrder(a: Value, b: Value): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (a === null || b === null) return 0;
  if (typeof a === 'string' || typeof b === 'string') {
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  }
  if (a instanceof Buffer && b instanceof Buffer) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'string') return 2;
  return value instanceof Buffer ? 3 : 1;
}

function nameOf({ columns, key }: Table, row: Row): string {
  return key.map((i) => `${columns[i]}=${textOf(row[i] ?? null)}`).join(' ');
}

function textOf(value: Value): string {
  return value instanceof Buffer ? value.toString('hex') : String(value);
}

function leafOf({ columns }: Table, row: Row): number | null {
  const at = columns.indexOf('leaf_index');
  const value = at < 0 ? null : row[at];
  return typeof value === 'number' ? value : null;
}
