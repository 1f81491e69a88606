import { statSync } from 'node:fs';
import { dataFolder } from '../../gateway/data-folder.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { type Bench, type Row, row } from './bench.ts';
import { benchStore } from './stores.ts';

const STATEMENTS = 100_000;

interface Sums {
  statements: number;
  entries: number;
  contents: number;
}

/** Device statements and what they name: what must be kept whatever the store looks like. */
async function run(): Promise<Row[]> {
  const file = dataFolder(benchStore(STATEMENTS)).ledger;
  const db = openDatabase(file);
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
    const sums = db
      .prepare(
        `SELECT count(*) AS statements, sum(length(entry)) AS entries, sum(length(bytes)) AS contents
         FROM pack JOIN leaf USING (leaf_index) JOIN content USING (leaf_index)`,
      )
      .get() as Sums;
    const limit = (sums.entries + sums.contents) / sums.statements;
    return [row('disk', statSync(file).size / sums.statements, 'bytes/statement', limit)];
  } finally {
    db.close();
  }
}

/** Entries, contents, tree, indexes, batch statements and half-empty pages, a statement. */
export const disk: Bench[] = [{ name: 'disk', run }];
