import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { PACK_SPAN_MS_MAX } from '../ledger/judge.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { KeyRecord } from '../ledger/state.ts';
import type { Query } from '../store/database.ts';
import type { LoggedPack, RuleHistory } from './rule-history.ts';
import type { RuleEvent } from './rule-input.ts';

const SEEN = `leaf_index < @beforeLeaf
    AND (leaf_index < @unseenFrom OR leaf_index >= @unseenTo)`;
/** A pack begins at most PACK_SPAN_MS_MAX before its last reading: the index by time finds it. */
const PACKS_SQL = `SELECT leaf_index AS leafIndex, last_ms AS logTimeMs FROM pack
  WHERE key_no = @keyNo AND first_ms >= @earliestMs AND last_ms >= @fromMs AND ${SEEN}`;
const NEWEST_SQL = `SELECT first_ms FROM pack WHERE key_no = @keyNo AND ${SEEN}
  ORDER BY first_ms DESC LIMIT 1`;
const EVENTS_SQL = `SELECT key_no AS keyNo, leaf_index AS leaf, seq, first_ms AS firstMs,
  last_ms AS lastMs FROM pack WHERE subject_no = @no AND ${SEEN}
  ORDER BY first_ms DESC, leaf_index DESC LIMIT @limit`;

/**
 * The log as a statement was judged against it: what stands before its leaf, less the leaves that
 * came between the judgement of its batch and the batch itself.
 */
export interface Horizon {
  readonly beforeLeaf: number;
  readonly unseenFrom: number;
  readonly unseenTo: number;
}

/** Less nothing. */
export function logBefore(beforeLeaf: number): Horizon {
  return { beforeLeaf, unseenFrom: beforeLeaf, unseenTo: beforeLeaf };
}

const ALL = logBefore(Number.MAX_SAFE_INTEGER);

/** What this store holds of the log up to a horizon. */
export class StoreHistory implements RuleHistory {
  readonly #store: LedgerStore;
  readonly #keys: () => readonly KeyRecord[];
  readonly #horizon: () => Horizon;
  readonly #onMissing: (device: string, lastMs: number) => void;
  readonly #packs: Query;
  readonly #newest: Query;
  readonly #events: Query;

  constructor(
    store: LedgerStore,
    keys: () => readonly KeyRecord[],
    options: {
      readonly horizon?: () => Horizon;
      /** A statement that `packs` leaves out: its content is not held or was erased. */
      readonly onMissing?: (device: string, lastMs: number) => void;
    } = {},
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#horizon = options.horizon ?? (() => ALL);
    this.#onMissing = options.onMissing ?? (() => {});
    this.#packs = store.db.prepare(PACKS_SQL);
    this.#newest = store.db.prepare(NEWEST_SQL).pluck();
    this.#events = store.db.prepare(EVENTS_SQL);
  }

  *packs(
    device: string,
    { untilMs, spanMs }: { untilMs: number; spanMs: number },
  ): IterableIterator<LoggedPack> {
    const keyNos = this.#keys()
      .filter(({ role, iss }) => role === 'device' && iss === device)
      .map(({ no }) => no);
    const horizon = this.#horizon();
    const newest = keyNos.map((keyNo) => this.#newestMs(keyNo, horizon));
    const newestMs = Math.max(untilMs, ...newest);
    const fromMs = newestMs - spanMs;
    const range = { fromMs, earliestMs: fromMs - PACK_SPAN_MS_MAX, ...horizon };
    const rows = keyNos.flatMap(
      (keyNo) => this.#packs.all({ ...range, keyNo }) as { leafIndex: number; logTimeMs: number }[],
    );
    rows.sort((a, b) => a.leafIndex - b.leafIndex);
    for (const { leafIndex, logTimeMs } of rows) {
      const content = this.#store.leaves.content(leafIndex);
      if (content === null) this.#onMissing(device, logTimeMs);
      const pack = content === null ? null : parsePack(content);
      // Boot and gap records are no packs. The last time of a relative pack's row is its log time.
      if (pack?.ok) yield { pack: pack.value, logTimeMs };
    }
  }

  events(subject: string, limit: number): RuleEvent[] {
    const no = this.#store.packs.findSubject(subject);
    if (no === null) return [];
    const rows = this.#events.all({ no, limit, ...this.#horizon() }) as (Omit<
      RuleEvent,
      'device'
    > & {
      keyNo: number;
    })[];
    const keys = this.#keys();
    return rows.map(({ keyNo, ...row }) => ({ device: keys[keyNo]?.iss ?? '', ...row }));
  }

  #newestMs(keyNo: number, horizon: Horizon): number {
    return (this.#newest.get({ keyNo, ...horizon }) as number | undefined) ?? 0;
  }
}
