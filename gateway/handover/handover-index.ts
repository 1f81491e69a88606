import { HANDOVER_PREFIX } from '@truegrain/device-sdk/formats/handover.js';
import { MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Db, Query } from '../store/database.ts';
import { type HandoverHalf, halvesOf, type Said } from './handover-half.ts';

/** Where a list of halves stands; the order is (time, leaf, part). */
export interface HalfPlace {
  readonly timeMs: number;
  readonly leafIndex: number;
  readonly part: number;
}

export interface HalfAsk {
  /** Null for the halves of all things. */
  readonly item: string | null;
  readonly fromMs: number;
  /** Not itself in the range. */
  readonly toMs: number;
  readonly after: HalfPlace | null;
  readonly limit: number;
}

interface HalfRow extends Omit<HandoverHalf, 'said'> {
  said: string;
}

const COLUMNS = 'item, time_ms AS timeMs, leaf_index AS leafIndex, part, device, said';
const ORDERED = `time_ms >= @fromMs AND time_ms < @toMs
  AND (time_ms, leaf_index, part) > (@afterMs, @afterLeaf, @afterPart)
  ORDER BY time_ms, leaf_index, part LIMIT @limit`;

const NEEDLE = Buffer.from(HANDOVER_PREFIX);

/**
 * The halves of hand-overs by thing and by time. A row is written in the COMMIT that keeps the content
 * it was read from, and goes with it: what was erased is found under nothing.
 */
export class HandoverIndex {
  readonly #insert: Query;
  readonly #delete: Query;
  readonly #ofItem: Query;
  readonly #ofAll: Query;
  readonly #before: Query;
  readonly #ofLeaf: Query;
  readonly #entry: Query;
  readonly #closed: Query;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT OR REPLACE INTO handover_half VALUES (?, ?, ?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM handover_half WHERE leaf_index = ?');
    this.#ofItem = db.prepare(
      `SELECT ${COLUMNS} FROM handover_half WHERE item = @item AND ${ORDERED}`,
    );
    this.#ofAll = db.prepare(`SELECT ${COLUMNS} FROM handover_half WHERE ${ORDERED}`);
    this.#before = db.prepare(`SELECT ${COLUMNS} FROM handover_half WHERE item = @item
      AND time_ms >= @fromMs AND (time_ms, leaf_index, part) < (@timeMs, @leafIndex, @part)
      ORDER BY time_ms DESC, leaf_index DESC, part DESC LIMIT @limit`);
    this.#ofLeaf = db.prepare(
      `SELECT ${COLUMNS} FROM handover_half WHERE leaf_index = ? ORDER BY part`,
    );
    this.#entry = db.prepare('SELECT entry FROM leaf WHERE leaf_index = ?').pluck();
    this.#closed = db.prepare('SELECT first_ms FROM pack WHERE leaf_index = ?').pluck();
  }

  /** Costs a search for eight letters where a content holds no hand-over. */
  add(leafIndex: number, content: Uint8Array): void {
    if (!Buffer.from(content.buffer, content.byteOffset, content.length).includes(NEEDLE)) return;
    const entry = this.#entry.get(leafIndex) as Uint8Array | undefined;
    // Only a registered device's statement has a row there: others may say what they like.
    const closedMs = this.#closed.get(leafIndex) as number | undefined;
    const statement = entry && closedMs !== undefined ? parseStatement(entry) : null;
    if (!statement?.ok || closedMs === undefined) return;
    const { payload, iss: device } = statement.value;
    if (payload.kind !== 'hash' || payload.preimageType !== MEDIA_SENML_CBOR) return;
    const pack = parsePack(content);
    if (!pack.ok) return;
    for (const half of halvesOf(pack.value, { device, leafIndex, closedMs })) {
      const { item, timeMs, part, said } = half;
      this.#insert.run(item, timeMs, leafIndex, part, device, JSON.stringify(said));
    }
  }

  remove(leafIndex: number): void {
    this.#delete.run(leafIndex);
  }

  /** In order. */
  list({ item, fromMs, toMs, after, limit }: HalfAsk): HandoverHalf[] {
    const query = item === null ? this.#ofAll : this.#ofItem;
    const place = after ?? { timeMs: -1, leafIndex: -1, part: -1 };
    const { timeMs: afterMs, leafIndex: afterLeaf, part: afterPart } = place;
    return halvesIn(query.all({ item, fromMs, toMs, afterMs, afterLeaf, afterPart, limit }));
  }

  /** By their parts. */
  ofLeaf(leafIndex: number): HandoverHalf[] {
    return halvesIn(this.#ofLeaf.all(leafIndex));
  }

  /** Of one thing, before a place, in order: the nearest ones where there are more than `limit`. */
  before(half: HandoverHalf, { fromMs, limit }: { fromMs: number; limit: number }): HandoverHalf[] {
    const { item, timeMs, leafIndex, part } = half;
    const rows = this.#before.all({ item, timeMs, leafIndex, part, fromMs, limit });
    return halvesIn(rows).reverse();
  }
}

function halvesIn(rows: unknown[]): HandoverHalf[] {
  return (rows as HalfRow[]).map((row) => ({ ...row, said: JSON.parse(row.said) as Said }));
}
