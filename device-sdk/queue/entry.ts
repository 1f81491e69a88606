/** What a queued frame is. Only packs are dropped by policy while any is left (README, Full queue). */
export const ENTRY_KINDS = ['pack', 'boot', 'gap', 'rotation', 'other'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface EntryMeta {
  /** Statement id, 32 bytes. */
  readonly id: Uint8Array;
  /** Place in the queue: grows by one an entry and is never used again. */
  readonly position: number;
  readonly seq: number;
  readonly kind: EntryKind;
  /** Which of the device's keys counts this seq, 0…255; rotation goes on to the next number. */
  readonly key: number;
  /** First and last time of the readings, for a gap record; null under time quality 0. */
  readonly minMs: number | null;
  readonly maxMs: number | null;
}

/** Where the record of an entry lies in its segment. */
export interface EntryRow extends EntryMeta {
  readonly offset: number;
  /** Of the whole record, header and padding included. */
  readonly size: number;
}

export const META_BYTES = 68;
export const ROW_BYTES = META_BYTES + 8;

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** id 32 · position u64 · seq u64 · minMs f64 · maxMs f64 (NaN: none) · kind u8 · key u8 · 0 u16. */
export function encodeMeta(meta: EntryMeta): Uint8Array {
  const bytes = new Uint8Array(META_BYTES);
  const view = viewOf(bytes);
  bytes.set(meta.id);
  view.setBigUint64(32, BigInt(meta.position), true);
  view.setBigUint64(40, BigInt(meta.seq), true);
  view.setFloat64(48, meta.minMs ?? Number.NaN, true);
  view.setFloat64(56, meta.maxMs ?? Number.NaN, true);
  bytes[64] = ENTRY_KINDS.indexOf(meta.kind);
  bytes[65] = meta.key;
  return bytes;
}

const timeOrNull = (ms: number) => (Number.isNaN(ms) ? null : ms);

export function decodeMeta(bytes: Uint8Array): EntryMeta {
  const view = viewOf(bytes);
  return {
    id: bytes.slice(0, 32),
    position: Number(view.getBigUint64(32, true)),
    seq: Number(view.getBigUint64(40, true)),
    minMs: timeOrNull(view.getFloat64(48, true)),
    maxMs: timeOrNull(view.getFloat64(56, true)),
    kind: ENTRY_KINDS[bytes[64] ?? 0] ?? 'other',
    key: bytes[65] ?? 0,
  };
}

/** The rows of one segment in queue order, packed: 76 bytes a frame in memory as on the disk. */
export class Rows {
  count: number;
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.count = Math.floor(bytes.length / ROW_BYTES);
  }

  push(metaBytes: Uint8Array, record: { offset: number; size: number }): void {
    const at = this.count * ROW_BYTES;
    if (at + ROW_BYTES > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(64 * ROW_BYTES, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(metaBytes.subarray(0, META_BYTES), at);
    const view = viewOf(this.#bytes);
    view.setUint32(at + META_BYTES, record.offset, true);
    view.setUint32(at + META_BYTES + 4, record.size, true);
    this.count++;
  }

  at(index: number): EntryRow {
    const start = index * ROW_BYTES;
    const row = this.#bytes.subarray(start, start + ROW_BYTES);
    const view = viewOf(row);
    return {
      ...decodeMeta(row),
      offset: view.getUint32(META_BYTES, true),
      size: view.getUint32(META_BYTES + 4, true),
    };
  }

  /** Cheap look at a row: comparing ids and positions must not build an object for each. */
  position(index: number): number {
    return Number(viewOf(this.#bytes).getBigUint64(index * ROW_BYTES + 32, true));
  }

  /** Where the entry of a position is; -1 where it is not. */
  indexOf(position: number): number {
    const index = this.firstAfter(position - 1);
    return index < this.count && this.position(index) === position ? index : -1;
  }

  /** The first entry behind a position, by bisection; `count` where there is none. */
  firstAfter(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.position(middle) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  id(index: number): Uint8Array {
    return this.#bytes.subarray(index * ROW_BYTES, index * ROW_BYTES + 32);
  }

  *[Symbol.iterator](): Generator<EntryRow> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }

  encode(): Uint8Array {
    return this.#bytes.slice(0, this.count * ROW_BYTES);
  }
}
