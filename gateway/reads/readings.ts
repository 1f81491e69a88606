import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { gradeAt } from '@truegrain/device-sdk/formats/grade.js';
import { MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import {
  type Pack,
  type PackRecord,
  parsePack,
  TIME_MS_MAX,
} from '@truegrain/device-sdk/formats/pack.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Outcome, Reading, ReadingsPage, ReadingsQuery } from '../http/backend.ts';
import { packGrades } from '../ledger/grade.ts';
import type { PackRow } from '../store/packs.ts';
import { formatCursor, type PackCursor, parseCursor } from './pack-cursor.ts';
import { mayReach, type PackOwners, type TimeRange, walkPacks } from './pack-walk.ts';
import { deviceKeysOf, type ReadContext } from './read-context.ts';

/**
 * What one page may cost, whatever it finds: index rows looked at, and contents read and parsed.
 * Beyond it the page is short, perhaps empty, and `next` goes on from there.
 */
const ROWS_SCANNED_MAX = 4_096;
const ROWS_A_WALK = 256;
const PACKS_READ_MAX = 512;
const CONTENT_BYTES_READ_MAX = 4 * 1024 * 1024;

/** Readings, faults and flags of the query's packs, in the order of `PackCursor`. */
export function readings(context: ReadContext, query: ReadingsQuery): Outcome<ReadingsPage> {
  const { cursor: text, fromMs = 0, toMs = TIME_MS_MAX + 1, limit } = query;
  const cursor = text === undefined ? null : parseCursor(text);
  if (text !== undefined && !cursor) {
    return { ok: false, code: 'bad_cursor', detail: 'the cursor is not one of ours' };
  }
  const owners = ownersOf(context, query);
  if (owners.nos.length === 0) return { ok: true, value: { rows: [], next: null } };
  const range = { fromMs, toMs };
  const { packs } = context.store;
  const subjectNo = query.subject === undefined ? null : packs.findSubject(query.subject);
  const page = new Page(context, { range, limit, cursor });
  for (let scanned = 0; scanned < ROWS_SCANNED_MAX; scanned += ROWS_A_WALK) {
    const rows = walkPacks(packs, { owners, range, from: page.position, limit: ROWS_A_WALK });
    for (const row of rows) {
      if (query.subject !== undefined && row.subjectNo !== subjectNo) page.pass(row);
      else if (!page.take(row)) return { ok: true, value: page.finish() };
    }
    if (rows.length < ROWS_A_WALK) return { ok: true, value: { rows: page.rows, next: null } };
  }
  return { ok: true, value: page.finish() };
}

function ownersOf({ store, state }: ReadContext, query: ReadingsQuery): PackOwners {
  if (query.device !== undefined) {
    return { scope: 'key', nos: deviceKeysOf(state(), query.device).map(({ no }) => no) };
  }
  if (query.subject === undefined) return { scope: 'all', nos: [0] };
  const no = store.packs.findSubject(query.subject);
  return { scope: 'subject', nos: no === null ? [] : [no] };
}

class Page {
  readonly #context: ReadContext;
  readonly #range: TimeRange;
  readonly #limit: number;
  #packsRead = 0;
  #bytesRead = 0;
  /** The next record; null at the very beginning. */
  position: PackCursor | null;
  readonly rows: Reading[] = [];

  constructor(
    context: ReadContext,
    query: { range: TimeRange; limit: number; cursor: PackCursor | null },
  ) {
    this.#context = context;
    this.#range = query.range;
    this.#limit = query.limit;
    this.position = query.cursor;
  }

  pass({ firstMs, leafIndex }: PackRow): void {
    this.position = { firstMs, leafIndex: leafIndex + 1, record: 0 };
  }

  /** False where the page is full; the cursor then stands at the first record it did not take. */
  take(row: PackRow): boolean {
    if (!mayReach(row, this.#range)) {
      this.pass(row);
      return true;
    }
    const { firstMs, leafIndex } = row;
    const isResumed = this.position?.leafIndex === leafIndex && this.position.firstMs === firstMs;
    const start = isResumed ? (this.position?.record ?? 0) : 0;
    if (this.#isFull()) {
      this.position = { firstMs, leafIndex, record: start };
      return false;
    }
    const source = this.#read(row);
    const records = source?.pack.records ?? [];
    for (let i = start; i < records.length; i += 1) {
      const reading = source && records[i] ? this.#reading(row, source, records[i]) : null;
      if (!reading) continue;
      if (this.rows.length >= this.#limit) {
        this.position = { firstMs, leafIndex, record: i };
        return false;
      }
      this.rows.push(reading);
    }
    this.pass(row);
    return true;
  }

  finish(): ReadingsPage {
    return { rows: this.rows, next: this.position ? formatCursor(this.position) : null };
  }

  #isFull(): boolean {
    return (
      this.rows.length >= this.#limit ||
      this.#packsRead >= PACKS_READ_MAX ||
      this.#bytesRead >= CONTENT_BYTES_READ_MAX
    );
  }

  /** Null for boot and gap records, and where the content was erased. */
  #read({ leafIndex, grade }: PackRow): Source | null {
    const { leaves } = this.#context.store;
    const content = leaves.content(leafIndex);
    const entry = content ? leaves.entry(leafIndex) : null;
    if (!content || !entry) return null;
    this.#packsRead += 1;
    this.#bytesRead += content.length;
    const parsed = parseStatement(entry);
    if (!parsed.ok) throw new Error(`leaf ${leafIndex}: ${parsed.code}`);
    const { payload, id, iss, sub } = parsed.value;
    if (payload.kind !== 'hash' || payload.preimageType !== MEDIA_SENML_CBOR) return null;
    const pack = parsePack(content);
    if (!pack.ok) throw new Error(`content of leaf ${leafIndex}: ${pack.code}`);
    return { pack: pack.value, id, device: iss, subject: sub, flags: flagsOf(grade) };
  }

  #reading(row: PackRow, source: Source, record: PackRecord | undefined): Reading | null {
    if (!record || record.sensor === null) return null;
    const { pack, id, device, subject, flags } = source;
    // The device had no clock: the batch that admitted the pack says when it was closed.
    const timeMs = pack.relative ? row.firstMs + record.timeMs : record.timeMs;
    if (timeMs < this.#range.fromMs || timeMs >= this.#range.toMs) return null;
    const { value, unit } = record;
    return {
      timeMs,
      device,
      subject,
      name: pack.baseName + record.name,
      unit,
      value: value instanceof Uint8Array ? toHex(value) : value,
      statementId: id,
      leafIndex: row.leafIndex,
      seq: row.seq,
      flags,
    };
  }
}

interface Source {
  pack: Pack;
  id: Uint8Array;
  device: string;
  subject: string;
  flags: readonly string[];
}

/** The words of the evidence report: one name for one flag everywhere. */
function flagsOf(grade: number): string[] {
  const flags = gradeAt(packGrades([grade]), 0);
  return flags ? Object.entries(flags).flatMap(([name, set]) => (set === true ? [name] : [])) : [];
}
