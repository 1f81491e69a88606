import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { mayBeCapturedEvent } from '@truegrain/device-sdk/formats/captured-event.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { eventOf } from '../epcis/capture/captured-content.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { Db } from '../store/database.ts';
import { isEvent } from '../store/device-leaves.ts';
import type { FindingList } from './findings.ts';

interface Log {
  readonly stored: Db;
  readonly rebuilt: LedgerStore;
  readonly entryAt: (leafIndex: number) => Uint8Array | null;
}

/** What the index says, by words and not by their numbers, which follow the order of arrival. */
const SAID: Readonly<Record<string, string>> = {
  event: 'SELECT leaf_index, event_ms, record_ms FROM event ORDER BY leaf_index',
  event_ref: 'SELECT leaf_index, event_id FROM event_ref ORDER BY leaf_index, event_id',
  event_term: `SELECT leaf_index, name, value, event_ms FROM event_term
    JOIN event_phrase ON no = phrase ORDER BY leaf_index, name, value`,
  event_number: `SELECT leaf_index, name, n.value, event_ms FROM event_number n
    JOIN event_phrase ON no = phrase ORDER BY leaf_index, name, n.value`,
  event_item: `SELECT leaf_index, word, role, quantity, uom, event_ms FROM event_item
    JOIN event_word ON no = item ORDER BY leaf_index, word, role`,
};

/**
 * Builds the index of captured events anew from their contents, beside the tables that were built
 * from the entries, and holds the stored one against it: what is kept and not found would be missing
 * from every answer.
 */
export function checkEvents(log: Log, findings: FindingList): void {
  findings.guard({ where: 'table event', canBeRebuilt: true }, () => {
    const contents = log.stored.prepare('SELECT leaf_index AS leafIndex, bytes FROM content');
    for (const row of contents.iterate() as Iterable<{ leafIndex: number; bytes: unknown }>) {
      const { leafIndex, bytes } = row;
      if (!(bytes instanceof Uint8Array) || !mayBeCapturedEvent(bytes)) continue;
      const entry = log.entryAt(leafIndex);
      const event = entry && isEvent(entry) ? eventOf(bytes) : null;
      const recordMs = logTimeOf(log, leafIndex);
      if (event && recordMs !== null) log.rebuilt.events.add(event, { leafIndex, recordMs });
    }
  });
  for (const [table, sql] of Object.entries(SAID)) {
    findings.guard({ where: `table ${table}`, canBeRebuilt: true }, () => {
      const leafIndex = firstDifference(sql, log);
      if (leafIndex === null) return;
      const text = `the event at leaf ${leafIndex} is not found by what its content says`;
      const where = `table ${table}`;
      findings.add({ code: 'table_differs', where, leafIndex, text, canBeRebuilt: true });
    });
  }
}

/** Leaf of the first row that one side lacks; both come in the order of their leaves. */
function firstDifference(sql: string, { stored, rebuilt }: Log): number | null {
  const right = rebuilt.db.prepare(sql).raw().iterate() as Iterator<unknown[], undefined>;
  const left = stored.prepare(sql).raw().iterate() as Iterator<unknown[], undefined>;
  try {
    for (;;) {
      const want = right.next().value;
      const have = left.next().value;
      if (!want && !have) return null;
      if (JSON.stringify(want) === JSON.stringify(have)) continue;
      return Math.min(...[want, have].flatMap((row) => (row ? [Number(row[0])] : [])));
    }
  } finally {
    right.return?.();
    left.return?.();
  }
}

/** Log time of the batch that carried a statement. */
function logTimeOf({ rebuilt, entryAt }: Log, leafIndex: number): number | null {
  const batchLeaf = rebuilt.packs.row(leafIndex)?.batchLeaf;
  const entry = batchLeaf === undefined ? null : entryAt(batchLeaf);
  const batch = entry ? parseStatement(entry) : null;
  const body = batch?.ok ? parseBatch(batch.value.payloadBytes) : null;
  return body?.ok ? body.value.logTimeMs : null;
}
