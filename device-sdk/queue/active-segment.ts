import { concat } from '../formats/bytes.ts';
import type { DiskFile } from './disk.ts';
import { META_BYTES, type Rows } from './entry.ts';
import { encodeBatch, type NewRecord, RECORD_TYPES, recordSize } from './record.ts';
import { encodeFooter, FOOTER_BYTES, HEADER_BYTES, trailerBytes } from './segment-format.ts';

/** The one segment that still grows; its last bytes are kept free for its own index and footer. */
export class ActiveSegment {
  readonly number: number;
  readonly firstPosition: number;
  readonly rows: Rows;
  readonly capacity: number;
  readonly #file: DiskFile;
  #end: number;
  #batch: number;

  constructor(start: {
    number: number;
    firstPosition: number;
    rows: Rows;
    capacity: number;
    file: DiskFile;
    end: number;
    batch: number;
  }) {
    this.number = start.number;
    this.firstPosition = start.firstPosition;
    this.rows = start.rows;
    this.capacity = start.capacity;
    this.#file = start.file;
    this.#end = start.end;
    this.#batch = start.batch;
  }

  get endPosition(): number {
    return this.firstPosition + this.rows.count;
  }

  get count(): number {
    return this.rows.count;
  }

  fits(records: readonly NewRecord[], spareBytes: number): boolean {
    return this.#end + cost(records, this.rows.count) + spareBytes <= this.capacity;
  }

  /** Group commit: one write, one flush, whatever the number of records. */
  append(records: readonly NewRecord[]): void {
    this.#file.write(this.#end, encodeBatch(records, this.#batch));
    // A crash before this flush returns leaves a torn group; recovery.ts cuts it off.
    this.#file.fdatasync();
    for (const record of records) {
      const size = recordSize(record.body.length);
      if (record.type === RECORD_TYPES.entry) {
        this.rows.push(record.body.subarray(0, META_BYTES), { offset: this.#end, size });
      }
      this.#end += size;
    }
    this.#batch++;
  }

  /**
   * Index and footer are flushed before the zeros behind them are cut off, so a crash in between
   * leaves a readable index in a file that is still too long: recovery.ts seals it again.
   */
  seal(): SealedSegment {
    const index = encodeBatch(
      [{ type: RECORD_TYPES.index, body: this.rows.encode() }],
      this.#batch,
    );
    const { number, firstPosition, endPosition } = this;
    const count = this.rows.count;
    const footer = encodeFooter({ count, firstPosition, endPosition, indexOffset: this.#end });
    this.#file.write(this.#end, concat(index, footer));
    this.#file.fdatasync();
    const bytes = this.#end + index.length + FOOTER_BYTES;
    this.#file.truncate(bytes);
    this.#file.fdatasync();
    this.#file.close();
    return { number, firstPosition, endPosition, count, indexOffset: this.#end, bytes, rows: null };
  }

  read(at: { offset: number; length: number }): Uint8Array {
    return this.#file.read(at);
  }

  close(): void {
    this.#file.close();
  }
}

export interface SealedSegment {
  readonly number: number;
  readonly firstPosition: number;
  readonly endPosition: number;
  /** Entries in the file; corrected where the disk turns out to have lost some. */
  count: number;
  readonly indexOffset: number;
  readonly bytes: number;
  /** Rows found by scanning, where the file's own index is damaged. */
  rows: Rows | null;
}

function cost(records: readonly NewRecord[], rows: number): number {
  let bytes = 0;
  let entries = 0;
  for (const record of records) {
    bytes += recordSize(record.body.length);
    if (record.type === RECORD_TYPES.entry) entries++;
  }
  return bytes + trailerBytes(rows + entries);
}

/** Whether a group can be stored at all, in the half that snapshot and marks leave. */
export function fitsEmptySegment(records: readonly NewRecord[], segmentBytes: number): boolean {
  return HEADER_BYTES + cost(records, 0) <= segmentBytes / 2;
}
