import { concat } from '../formats/bytes.ts';
import { ActiveSegment, type SealedSegment } from './active-segment.ts';
import { type Disk, DiskFailure, type DiskFile } from './disk.ts';
import { decodeMeta, Rows } from './entry.ts';
import { closeGaps } from './gap.ts';
import { QueueState, readMark, type SegmentSummary } from './queue-state.ts';
import { type RawRecord, RECORD_TYPES } from './record.ts';
import { type Damage, judgeTail, rowsOf, type Scan, scanSegment, type WholeTail } from './scan.ts';
import {
  decodeFooter,
  FOOTER_BYTES,
  HEADER_BYTES,
  REWRITE_NAME,
  SPARE_NAME,
  segmentName,
  segmentNumber,
} from './segment-format.ts';

export interface Recovered {
  readonly state: QueueState;
  readonly sealed: SealedSegment[];
  /** Null: the next append needs a roll first (new queue, or a crash or damage at its end). */
  readonly active: ActiveSegment | null;
  /** The highest number in use, also by a file that can't be read. */
  readonly lastNumber: number;
  readonly hasSpare: boolean;
  readonly tornBytes: number;
  readonly damaged: Damage[];
}

interface Place {
  readonly disk: Disk;
  readonly dir: string;
  readonly segmentBytes: number;
}

function withFile<T>(place: Place, name: string, body: (file: DiskFile) => T): T {
  const file = place.disk.open(`${place.dir}/${name}`, 'existing');
  try {
    return body(file);
  } finally {
    file.close();
  }
}

/** A sector that can't be read is damage; the rest of the queue still comes out. */
function readable<T>(body: () => T): T | null {
  try {
    return body();
  } catch (error) {
    if (error instanceof DiskFailure && error.op === 'read') return null;
    throw error;
  }
}

const readAll = (place: Place, name: string): Uint8Array | null =>
  readable(() => withFile(place, name, (file) => file.read({ offset: 0, length: file.size() })));

/** From the footer alone: this is why a start is O(segments). Null: not sealed, or damaged. */
function readSealed(place: Place, number: number): SealedSegment | null {
  return withFile(place, segmentName(number), (file) => {
    const bytes = file.size();
    const offset = Math.max(0, bytes - FOOTER_BYTES);
    const footer = decodeFooter(
      readable(() => file.read({ offset, length: FOOTER_BYTES })) ?? new Uint8Array(0),
    );
    if (footer === null || footer.indexOffset >= bytes) return null;
    const { firstPosition, endPosition, count, indexOffset } = footer;
    return { number, firstPosition, endPosition, count, indexOffset, bytes, rows: null };
  });
}

/** A sealed segment without a readable footer, known by what a scan of it finds. */
function sealedByScan(number: number, scan: Scan, bytes: number): SealedSegment {
  const rows = rowsOf(scan.records);
  const firstFound = rows.count === 0 ? 0 : rows.position(0);
  const firstPosition = scan.header?.firstPosition ?? firstFound;
  const endPosition = rows.count === 0 ? firstPosition : rows.position(rows.count - 1) + 1;
  const count = rows.count;
  return { number, firstPosition, endPosition, count, indexOffset: bytes, bytes, rows };
}

class Recovery {
  readonly #place: Place;
  readonly #sealed: SealedSegment[] = [];
  readonly #records = new Map<number, readonly RawRecord[]>();
  readonly #damaged: Damage[] = [];
  #active: ActiveSegment | null = null;
  #tornBytes = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  run(): Recovered {
    const { disk, dir } = this.#place;
    const names = disk.list(dir);
    // After a kill the cache may show names that the disk does not have yet.
    disk.fsyncDir(dir);
    if (names.includes(REWRITE_NAME)) disk.unlink(`${dir}/${REWRITE_NAME}`);
    const numbers = names.flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => a - b);
    for (const number of numbers.slice(0, -1)) this.#older(number);
    const last = numbers.at(-1);
    if (last !== undefined) this.#newest(last);
    return {
      state: this.#fold(numbers),
      sealed: this.#sealed,
      active: this.#active,
      lastNumber: last ?? 0,
      hasSpare: names.includes(SPARE_NAME) && this.#makeSpareWhole(),
      tornBytes: this.#tornBytes,
      damaged: this.#damaged,
    };
  }

  #older(number: number): void {
    const sealed = readSealed(this.#place, number);
    if (sealed !== null) this.#sealed.push(sealed);
    else this.#salvage(number, readAll(this.#place, segmentName(number)));
  }

  /** Null bytes: not one sector answers. The file is left alone and counts as missing. */
  #salvage(number: number, bytes: Uint8Array | null): void {
    if (bytes === null) return;
    const scan = scanSegment(bytes);
    const segment = sealedByScan(number, scan, bytes.length);
    // A cut-off that never reached the disk: index and footer are there, zeros behind them.
    const isWhole = scan.index !== null && scan.bad.length === 0 && scan.header !== null;
    const indexed = scan.index === null ? 0 : new Rows(scan.index.body).count;
    this.#sealed.push(segment);
    this.#records.set(number, scan.records);
    if (isWhole) return;
    const [file, recovered] = [segmentName(number), segment.count];
    const lost = scan.index === null ? holes(segment) : Math.max(0, indexed - recovered);
    this.#damaged.push({ file, problem: 'index', recovered, lost });
  }

  /** The newest segment is read whole: it holds the snapshot and every mark since. */
  #newest(number: number): void {
    const sealed = readSealed(this.#place, number);
    const bytes = readAll(this.#place, segmentName(number));
    const scan = scanSegment(bytes ?? new Uint8Array(0));
    const tail = judgeTail(scan);
    if (sealed !== null) {
      this.#sealed.push(sealed);
      this.#records.set(number, scan.records);
    } else if (tail.kind === 'damaged' || bytes === null) {
      this.#salvage(number, bytes);
    } else {
      this.#resume(number, bytes, scan, tail);
    }
  }

  #resume(number: number, bytes: Uint8Array, scan: Scan, tail: WholeTail): void {
    this.#records.set(number, tail.records);
    const file = this.#place.disk.open(`${this.#place.dir}/${segmentName(number)}`, 'existing');
    const active = new ActiveSegment({
      number,
      firstPosition: scan.header?.firstPosition ?? 0,
      rows: rowsOf(tail.records),
      capacity: Math.max(file.size(), this.#place.segmentBytes),
      file,
      end: tail.end,
      batch: tail.batch,
    });
    if (scan.index !== null) {
      // Crash between index and cut: the same bytes are written once more.
      this.#sealed.push(active.seal());
      return;
    }
    // The tail is zeroed rather than cut off: the blocks stay ours. And the last group is written once
    // more: a failed flush may have left it in the cache, marked clean, and never on the disk. Crash:
    // the next start does the same.
    const from = startOfLastGroup(tail.records);
    file.write(from, concat(bytes.subarray(from, tail.end), new Uint8Array(tail.tornBytes)));
    file.fdatasync();
    this.#tornBytes = tail.tornBytes;
    this.#active = active;
  }

  /** Snapshot of the newest segment and what follows it; an older one where that is lost. */
  #fold(numbers: readonly number[]): QueueState {
    const state = new QueueState();
    const missing: SegmentSummary[] = [];
    const newest = numbers.length - 1;
    let from = newest;
    while (from >= 0 && !this.#recordsOf(numbers[from]).some(isSnapshot)) from--;
    if (from !== newest) {
      const file = segmentName(numbers[newest] ?? 0);
      this.#damaged.push({ file, problem: 'state', recovered: 0, lost: 0 });
    }
    for (const number of numbers.slice(Math.max(0, from))) {
      for (const record of this.#recordsOf(number)) {
        if (record.type === RECORD_TYPES.mark) state.apply(readMark(record.body));
        if (record.type === RECORD_TYPES.entry) state.addEntry(decodeMeta(record.body));
        if (isSnapshot(record)) missing.splice(0, missing.length, ...state.restore(record.body));
      }
    }
    state.startAfter(this.#sealed);
    for (const segment of missing) this.#reportMissing(segment, state.live(segment));
    state.gaps = closeGaps(state.gaps);
    return state;
  }

  #recordsOf(number = 0): readonly RawRecord[] {
    const known = this.#records.get(number);
    if (known !== undefined) return known;
    const bytes = readAll(this.#place, segmentName(number));
    return scanSegment(bytes ?? new Uint8Array(0)).records;
  }

  /** A segment that was there at the last roll may only be gone when nothing in it was owed. */
  #reportMissing(segment: SegmentSummary, lost: number): void {
    if (lost <= 0 || this.#sealed.some(({ number }) => number === segment.number)) return;
    const file = segmentName(segment.number);
    this.#damaged.push({ file, problem: 'missing', recovered: 0, lost });
  }

  /** Zeroed again: an unfinished roll may have used it. One that was not finished is given up. */
  #makeSpareWhole(): boolean {
    const { disk, dir, segmentBytes } = this.#place;
    const bytes = withFile(this.#place, SPARE_NAME, (file) => file.size());
    if (bytes !== segmentBytes) {
      disk.unlink(`${dir}/${SPARE_NAME}`);
      return false;
    }
    withFile(this.#place, SPARE_NAME, (file) => {
      file.write(0, new Uint8Array(segmentBytes));
      file.fdatasync();
    });
    disk.fsyncDir(dir);
    return true;
  }
}

function startOfLastGroup(records: readonly RawRecord[]): number {
  const batch = records.at(-1)?.batch;
  return records.find((record) => record.batch === batch)?.offset ?? HEADER_BYTES;
}

const isSnapshot = (record: RawRecord) => record.type === RECORD_TYPES.snapshot;

/** Positions that no record has: at most so many are lost, since an eviction leaves holes as well. */
const holes = (segment: SealedSegment) =>
  segment.endPosition - segment.firstPosition - segment.count;

/** Puts a directory of segments back into the state of its last durable group. */
export function recover(place: Place): Recovered {
  return new Recovery(place).run();
}
