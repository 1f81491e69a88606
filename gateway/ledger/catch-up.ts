import type { Db } from '../store/database.ts';
import type { LedgerStore } from './ledger-store.ts';

const CONTENTS_A_TURN = 1_000;

/**
 * What a store of an earlier version lacks: its packs were written before there were sums, aliases
 * of subjects and places of broken rules. One transaction, with the note that it is to be done: a
 * crash leaves the store as it was, and the next start does it.
 */
export function catchUp(db: Db, store: LedgerStore): void {
  const isBehind = db.prepare('SELECT 1 FROM catch_up').get() !== undefined;
  if (!isBehind) return;
  db.transaction(() => {
    store.packs.addAliases();
    addRuledPacks(db, store);
    indexContents(store);
    db.exec('DELETE FROM catch_up');
  })();
}

/** Statements that broke a rule and are in the log: a refused one has no pack. */
function addRuledPacks(db: Db, store: LedgerStore): void {
  const ids = db.prepare('SELECT DISTINCT id FROM ruling').pluck().all() as Uint8Array[];
  for (const id of ids) {
    const leafIndex = store.leaves.find(id);
    const row = leafIndex === null ? null : store.packs.row(leafIndex);
    if (row) store.ruledPacks.add(row);
  }
}

function indexContents(store: LedgerStore): void {
  for (let from = 0; ; ) {
    const contents = store.leaves.contentsFrom(from, CONTENTS_A_TURN);
    for (const { leafIndex, bytes } of contents) store.indexContent(leafIndex, bytes);
    const last = contents.at(-1);
    if (contents.length < CONTENTS_A_TURN || !last) return;
    from = last.leafIndex + 1;
  }
}
