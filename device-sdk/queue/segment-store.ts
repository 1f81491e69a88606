import { concat } from '../formats/bytes.ts';
import { ActiveSegment, type SealedSegment } from './active-segment.ts';
import { type Disk, DiskFailure } from './disk.ts';
import { type EntryRow, META_BYTES, Rows } from './entry.ts';
import { encodeBatch, type NewRecord, RECORD_TYPES, recordAt } from './record.ts';
import type { Recovered } from './recovery.ts';
import { type Damage, rowsOf, scanSegment } from './scan.ts';
import {
  encodeFooter,
  encodeHeader,
  FOOTER_BYTES,
  HEADER_BYTES,
  REWRITE_NAME,
  SPARE_NAME,
  segmentName,
  trailerBytes,
} from './segment-format.ts';

/** Indexes of sealed segments held in memory at once; one is about 200 KiB at 1 MiB segments. */
const CACHED_INDEXES = 4;

export interface StoreOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly segmentBytes: number;
  readonly bytesMax: number;
  readonly freeDiskFloorBytes: number;
  readonly onDamage: (segment: SealedSegment, found: Omit<Damage, 'file'>) => void;
}

export interface Composed {
  readonly bytes: Uint8Array;
  readonly rows: Rows;
  readonly lost: readonly EntryRow[];
  readonly segment: SealedSegment;
}

/** A write that found no space: the one disk failure that is an answer, and only for a new file. */
const isNoSpace = (error: unknown) =>
  error instanceof DiskFailure && (error.errno === 'ENOSPC' || error.errno === 'EDQUOT');

/** The directory of segment files: which there are, how they roll, how they shrink. */
export class SegmentStore {
  /** Oldest first. */
  readonly sealed: SealedSegment[];
  active: ActiveSegment | null;
  hasSpare: boolean;
  readonly #options: StoreOptions;
  #lastNumber: number;
  readonly #indexes = new Map<number, Rows>();

  constructor(
    options: StoreOptions,
    found: Pick<Recovered, 'sealed' | 'active' | 'hasSpare' | 'lastNumber'>,
  ) {
    this.#lastNumber = found.lastNumber;
    this.#options = options;
    this.sealed = found.sealed;
    this.active = found.active;
    this.hasSpare = found.hasSpare;
  }

  /** Queue.open has made one before anything is written. */
  growing(): ActiveSegment {
    if (this.active === null) throw new Error('the queue has no growing segment');
    return this.active;
  }

  path(name: string): string {
    return `${this.#options.dir}/${name}`;
  }

  totalBytes(): number {
    const { segmentBytes } = this.#options;
    const sealed = this.sealed.reduce((sum, segment) => sum + segment.bytes, 0);
    return sealed + (this.active?.capacity ?? 0) + (this.hasSpare ? segmentBytes : 0);
  }

  /**
   * Bytes to free before one more segment may exist beside the present ones. Under the free-disk floor
   * the queue may not grow beyond `ceiling`, but it need not shrink below it either: another program's
   * log must not cost us our frames.
   */
  shortBy(ceiling: number): number {
    const { disk, dir, segmentBytes, bytesMax, freeDiskFloorBytes } = this.#options;
    const after = this.totalBytes() + segmentBytes;
    const underFloor = disk.freeBytes(dir) - segmentBytes < freeDiskFloorBytes;
    return Math.max(0, after - bytesMax, underFloor ? after - ceiling : 0);
  }

  /** Not even a temporary copy of a segment fits on the disk. */
  isTight(): boolean {
    const { disk, dir, segmentBytes } = this.#options;
    return disk.freeBytes(dir) < 2 * segmentBytes;
  }

  /**
   * Preallocates the next segment: with it on the disk, a roll, an eviction's mark and a gap record
   * can be written however full the disk is. Crash: a spare that is not whole is zeroed at the start.
   */
  provisionSpare(): boolean {
    if (this.hasSpare) return true;
    const { disk, dir, segmentBytes } = this.#options;
    if (!this.#createWhole(SPARE_NAME, new Uint8Array(segmentBytes))) return false;
    disk.fsyncDir(dir);
    this.hasSpare = true;
    return true;
  }

  /**
   * seal → header and snapshot into the spare → fdatasync → rename → fsync of the directory. Crash
   * before the rename: the last segment is sealed and recovery rolls again. After: nothing to repair.
   */
  roll(next: {
    position: number;
    snapshot: (sealed: readonly SealedSegment[]) => NewRecord;
  }): void {
    const { disk, dir, segmentBytes } = this.#options;
    if (this.active !== null) {
      this.#indexes.set(this.active.number, this.active.rows);
      this.sealed.push(this.active.seal());
      this.active = null;
    }
    const number = ++this.#lastNumber;
    const file = disk.open(this.path(SPARE_NAME), 'existing');
    const head = concat(
      encodeHeader({ number, firstPosition: next.position }),
      encodeBatch([next.snapshot(this.sealed)], 0),
    );
    file.write(0, head);
    file.fdatasync();
    disk.rename(this.path(SPARE_NAME), this.path(segmentName(number)));
    disk.fsyncDir(dir);
    this.hasSpare = false;
    this.active = new ActiveSegment({
      number,
      firstPosition: next.position,
      rows: new Rows(),
      // A mark of an eviction and one group must follow; an unusually large snapshot makes this one grow instead of being cut short.
      capacity: Math.max(segmentBytes, head.length + (3 * segmentBytes) / 4),
      file,
      end: head.length,
      batch: 1,
    });
  }

  /** Rows of a sealed segment; where its index can't be read, of the records that still can. */
  rows(segment: SealedSegment): Rows {
    if (segment.rows !== null) return segment.rows;
    const known = this.#indexes.get(segment.number);
    if (known !== undefined) {
      this.#remember(segment.number, known);
      return known;
    }
    const length = segment.bytes - FOOTER_BYTES - segment.indexOffset;
    const bytes = this.#read(segment, { offset: segment.indexOffset, length });
    const record = bytes && recordAt(bytes, 0);
    if (record?.type !== RECORD_TYPES.index) return this.#rowsByScan(segment);
    const rows = new Rows(record.body);
    this.#remember(segment.number, rows);
    return rows;
  }

  #rowsByScan(segment: SealedSegment): Rows {
    const bytes = this.#read(segment, { offset: 0, length: segment.bytes });
    const rows = rowsOf(bytes === null ? [] : scanSegment(bytes).records);
    const lost = segment.count - rows.count;
    segment.rows = rows;
    segment.count = rows.count;
    this.#options.onDamage(segment, { problem: 'index', recovered: rows.count, lost });
    return rows;
  }

  /** Sealed ones and the growing one, in queue order. */
  segments(): (SealedSegment | ActiveSegment)[] {
    return [...this.sealed, this.growing()];
  }

  rowsOf(segment: SealedSegment | ActiveSegment): Rows {
    return segment instanceof ActiveSegment ? segment.rows : this.rows(segment);
  }

  /** The frame of a row, or null where the disk no longer has it. */
  frame(row: EntryRow, segment: SealedSegment | ActiveSegment): Uint8Array | null {
    const bytes = this.#read(segment, { offset: row.offset, length: row.size });
    const record = bytes && recordAt(bytes, 0);
    return record?.type === RECORD_TYPES.entry ? record.body.slice(META_BYTES) : null;
  }

  /**
   * The directory is flushed before anybody forgets which entries were dead: an unlink that a power cut
   * undoes would bring them back to life. Crash before it: found dead and removed again.
   */
  remove(segments: readonly SealedSegment[]): void {
    const { disk, dir } = this.#options;
    for (const segment of segments) {
      disk.unlink(this.path(segmentName(segment.number)));
      this.sealed.splice(this.sealed.indexOf(segment), 1);
      this.#indexes.delete(segment.number);
    }
    if (segments.length > 0) disk.fsyncDir(dir);
  }

  /** A segment without its dead entries, in memory; `lost` are those the disk no longer has. */
  compose(segment: SealedSegment, keep: readonly EntryRow[]): Composed {
    const { number, firstPosition, endPosition } = segment;
    const [rows, lost] = [new Rows(), [] as EntryRow[]];
    const parts = [encodeHeader({ number, firstPosition })];
    let indexOffset = HEADER_BYTES;
    for (const row of keep) {
      const bytes = this.#read(segment, { offset: row.offset, length: row.size });
      const record = bytes && recordAt(bytes, 0);
      if (!record) {
        lost.push(row);
        continue;
      }
      rows.push(record.body, { offset: indexOffset, size: row.size });
      parts.push(bytes);
      indexOffset += row.size;
    }
    const count = rows.count;
    parts.push(
      encodeBatch([{ type: RECORD_TYPES.index, body: rows.encode() }], 0),
      encodeFooter({ count, firstPosition, endPosition, indexOffset }),
    );
    const bytes = concat(...parts);
    const made = { number, firstPosition, endPosition, count, indexOffset, rows: null };
    return { bytes, rows, lost, segment: { ...made, bytes: bytes.length } };
  }

  /**
   * Written beside the old file, flushed, renamed over it, directory flushed. Crash before the rename:
   * the start removes the temporary file. False: there was no space for it and nothing has changed.
   */
  replace(segment: SealedSegment, made: Composed): boolean {
    const { disk, dir } = this.#options;
    if (!this.#createWhole(REWRITE_NAME, made.bytes)) return false;
    disk.rename(this.path(REWRITE_NAME), this.path(segmentName(segment.number)));
    disk.fsyncDir(dir);
    this.sealed.splice(this.sealed.indexOf(segment), 1, made.segment);
    this.#remember(segment.number, made.rows);
    return true;
  }

  /** False where the disk has no space for it; nothing is left behind then. */
  #createWhole(name: string, bytes: Uint8Array): boolean {
    const { disk, dir } = this.#options;
    try {
      const file = disk.open(this.path(name), 'create');
      try {
        file.write(0, bytes);
        file.fdatasync();
      } finally {
        file.close();
      }
      return true;
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if (disk.list(dir).includes(name)) disk.unlink(this.path(name));
      return false;
    }
  }

  close(): void {
    this.active?.close();
  }

  #read(
    segment: SealedSegment | ActiveSegment,
    at: { offset: number; length: number },
  ): Uint8Array | null {
    try {
      if (segment instanceof ActiveSegment) return segment.read(at);
      const path = this.path(segmentName(segment.number));
      const file = this.#options.disk.open(path, 'existing');
      try {
        return file.read(at);
      } finally {
        file.close();
      }
    } catch (error) {
      // An unreadable sector costs the frames on it, not the queue; only failed writes are fatal.
      if (error instanceof DiskFailure && ['read', 'open'].includes(error.op)) return null;
      throw error;
    }
  }

  #remember(number: number, rows: Rows): void {
    this.#indexes.delete(number);
    this.#indexes.set(number, rows);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= CACHED_INDEXES) break;
      this.#indexes.delete(oldest);
    }
  }
}

/** Size of a sealed segment that holds these rows. */
export function sealedBytes(rows: readonly EntryRow[]): number {
  const records = rows.reduce((sum, row) => sum + row.size, 0);
  return HEADER_BYTES + records + trailerBytes(rows.length);
}
