import type { DataFolder } from '../data-folder.ts';
import { type EngineHome, forgetBlocks } from '../ledger/cometbft/engine-home.ts';
import { openDatabase } from '../store/database.ts';
import { lockFolder } from '../store/lock.ts';
import { CONTENT_TABLES, FOLD_TABLES } from '../store/schema.ts';

/** What came through blocks. */
const LEDGER_TABLES = [
  'leaf',
  ...FOLD_TABLES,
  ...CONTENT_TABLES,
  'wanted_content',
  'block',
  'snapshot_point',
];

/**
 * Forgets the ledger of a member whose state is not the one agreed on: the next start takes it over
 * from the others. What is this member's own stays: keys, credentials, the inbox, contents, what it
 * signed, where it voted. A crash leaves a store without a block beside an engine that has some,
 * which starts no more; the command is given again.
 */
export function forgetLedger(folder: DataFolder, home: EngineHome): void {
  const held = lockFolder(folder.lock);
  try {
    const db = openDatabase(folder.ledger);
    try {
      db.transaction(() => {
        for (const table of LEDGER_TABLES) db.exec(`DELETE FROM ${table}`);
      })();
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
    forgetBlocks(home);
  } finally {
    held.release();
  }
}
