import type { Db } from '../store/database.ts';
import { CONTENT_TABLES, FOLD_TABLES } from '../store/schema.ts';
import type { FindingList } from './findings.ts';

const ERRORS_MAX = 50;

const REBUILT = [...FOLD_TABLES, ...CONTENT_TABLES];

/** SQLite's own check of pages and indexes, with the table each fault belongs to. */
export function checkPages(db: Db, findings: FindingList): void {
  findings.guard({ where: 'database pages', code: 'pages' }, () => {
    const owners = new Map<number, string>();
    const objects = db.prepare('SELECT rootpage, tbl_name FROM sqlite_master').raw().all();
    for (const [page, table] of objects as [number, string][]) owners.set(page, table);
    const rows = db.pragma(`integrity_check(${ERRORS_MAX})`) as { integrity_check: string }[];
    for (const line of rows.flatMap((row) => row.integrity_check.split('\n'))) {
      if (line === 'ok' || line.startsWith('***')) continue;
      const table = tableOf(line, owners);
      findings.add({
        code: 'pages',
        where: table ? `table ${table}` : 'database pages',
        text: line,
        canBeRebuilt: !table || REBUILT.some((name) => name === table),
      });
    }
  });
}

/** "Tree 5 page 8 cell 3: …" names a root page; "row 3 missing from index pack_seq" an index. */
function tableOf(line: string, owners: ReadonlyMap<number, string>): string | null {
  const root = /^Tree (\d+)/.exec(line)?.[1];
  if (root !== undefined) return owners.get(Number(root)) ?? null;
  const index = /index (\w+)/.exec(line)?.[1];
  return REBUILT.find((table) => index?.startsWith(table)) ?? null;
}
