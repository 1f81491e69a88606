import { concat, fromHex, toHex } from '../formats/bytes.ts';
import { fail, ok } from '../formats/result.ts';
import { fitsEmptySegment } from './active-segment.ts';
import { DiskFailure } from './disk.ts';
import { type EntryMeta, type EntryRow, encodeMeta } from './entry.ts';
import { describeGap, type GapDescription } from './gap.ts';
import { Journal } from './journal.ts';
import { type OpenedStore, openStore } from './open-store.ts';
import { PositionFinder } from './position-finder.ts';
import type { QueueResult } from './queue-error.ts';
import { type Mark, markRecord } from './queue-state.ts';
import {
  type Appended,
  entryProblem,
  type NewEntry,
  optionsProblem,
  type ParkedEntry,
  type QueuedEntry,
  type QueueOptions,
  type QueueRecovery,
  type QueueStats,
} from './queue-types.ts';
import { toRanges } from './range-set.ts';
import { RECORD_TYPES } from './record.ts';
import type { Damage } from './scan.ts';
import { segmentName } from './segment-format.ts';

const SEGMENT_BYTES = 1024 * 1024;

type FullOptions = QueueOptions & { segmentBytes: number };

/** The durable queue of signed frames: see README.md, "Life of a frame". */
export class Queue {
  readonly #opened: OpenedStore;
  readonly #journal: Journal;
  readonly #finder: PositionFinder;
  readonly #options: FullOptions;
  #failure: DiskFailure | null = null;

  /** Reads O(segments) bytes; throws DiskFailure where the disk does. */
  static open(given: QueueOptions): QueueResult<{ queue: Queue; recovered: QueueRecovery }> {
    const options = { ...given, segmentBytes: given.segmentBytes ?? SEGMENT_BYTES };
    const problem = optionsProblem(options);
    if (problem !== null) return fail('queue_options', problem);
    const opened = openStore(options);
    if (!opened.ok) return opened;
    const { damaged, tornBytes } = opened.value;
    const queue = new Queue(options, opened.value);
    return ok({ queue, recovered: { tornBytes, damaged: [...damaged] } });
  }

  private constructor(options: FullOptions, opened: OpenedStore) {
    this.#options = options;
    this.#opened = opened;
    this.#journal = new Journal(opened.store, opened.state, options);
    this.#finder = new PositionFinder(opened.store, opened.state);
  }

  /** Durable, all or none, when this returns ok. `full`: nothing stored, the drop is in the open gap. */
  append(entries: readonly NewEntry[]): QueueResult<Appended> {
    return this.#guarded(() => {
      const problem = this.#problem(entries);
      if (problem !== null) return fail('entry_invalid', problem);
      const first = this.#opened.state.nextPosition;
      const metas = entries.map(
        (entry, i): EntryMeta => ({
          ...{ key: 0, ...entry },
          position: first + i,
        }),
      );
      const records = entries.map(({ frame }, i) => ({
        type: RECORD_TYPES.entry,
        body: concat(encodeMeta(metas[i] as EntryMeta), frame),
      }));
      const closed = entries.flatMap(({ closesGap }) => closesGap ?? []);
      const marks = closed.map((gap): Mark => ({ op: 'gapWritten', gap }));
      const all = [...records, ...marks.map(markRecord)];
      if (!fitsEmptySegment(all, this.#options.segmentBytes)) {
        return fail('group_too_large', `${entries.length} frames in one group`);
      }
      const control = entries.every(({ kind }) => kind !== 'pack');
      const room = this.#journal.room(all, control);
      if (room !== 'ok') {
        this.#journal.refuse(metas);
        return fail(room, `${entries.length} frames refused`);
      }
      if (entries.length > 0) this.#journal.commit(records, { metas, marks });
      const positions = metas.map(({ position }) => position);
      return ok({ positions, pendingGaps: this.#gaps() });
    });
  }

  /** Up to `n` frames after a position, oldest first; parked ones are out of this order. */
  peek(after: number, n: number, how: { skipAccepted?: boolean } = {}): QueuedEntry[] {
    return this.#guarded(() => {
      const { accepted, parked } = this.#opened.state;
      const found: QueuedEntry[] = [];
      const lost: EntryRow[] = [];
      for (const { row, segment } of this.#live(after)) {
        if (found.length >= n) break;
        const isAccepted = accepted.has(row.position);
        if (parked.has(row.position) || (how.skipAccepted && isAccepted)) continue;
        const frame = this.#opened.store.frame(row, segment);
        if (frame === null) {
          lost.push(row);
          const what = { problem: 'record', recovered: segment.count - 1, lost: 1 } as const;
          this.#opened.damaged.push({ file: segmentName(segment.number), ...what });
          continue;
        }
        const { offset: _offset, size: _size, ...meta } = row;
        found.push({ ...meta, frame, accepted: isAccepted });
        this.#finder.hint(row);
      }
      this.#journal.lose(lost);
      return found;
    });
  }

  /** After a verified receipt. Returns how many were here, as frames or as kept ids. */
  release(ids: readonly Uint8Array[]): QueueResult<number> {
    return this.#guarded(() => {
      const { state } = this.#opened;
      const at = [...this.#finder.find(ids).values()];
      const kept = ids.map(toHex).filter((id) => state.kept.has(id));
      if (at.length + kept.length === 0) return ok(0);
      const written = this.#journal.mark({ op: 'release', at: toRanges(at), kept });
      if (!written) return fail('disk_full', 'no space for the release mark');
      this.#journal.reclaim();
      return ok(at.length + kept.length);
    });
  }

  /** A hint that survives most restarts: written with the next group, at no flush of its own. */
  markAccepted(ids: readonly Uint8Array[]): number {
    return this.#guarded(() => {
      const positions = [...this.#finder.find(ids).values()];
      this.#journal.accept(positions);
      return positions.length;
    });
  }

  /** Out of the sending order, durably. False for an id that is not queued. */
  park(id: Uint8Array, code: string): QueueResult<boolean> {
    return this.#guarded(() => {
      const at = this.#finder.find([id]).get(toHex(id));
      if (at === undefined) return ok(false);
      const written = this.#journal.mark({ op: 'park', at, code });
      return written ? ok(true) : fail('disk_full', 'no space for the park mark');
    });
  }

  parked(): ParkedEntry[] {
    return this.#guarded(() => {
      const { parked } = this.#opened.state;
      if (parked.size === 0) return [];
      const found: ParkedEntry[] = [];
      for (const { row } of this.#live(Math.min(...parked.keys()) - 1)) {
        const code = parked.get(row.position);
        if (code !== undefined) found.push({ id: row.id, position: row.position, code });
      }
      return found;
    });
  }

  /** Back into the sending order at their old places: peek again from before them. */
  unpark(ids: readonly Uint8Array[]): QueueResult<number> {
    return this.#guarded(() => {
      const { parked } = this.#opened.state;
      const at = [...this.#finder.find(ids).values()].filter((position) => parked.has(position));
      if (at.length === 0) return ok(0);
      const written = this.#journal.mark({ op: 'unpark', at });
      return written ? ok(at.length) : fail('disk_full', 'no space for the unpark mark');
    });
  }

  /** Ended drop episodes that no signed gap record stands for yet, oldest first. */
  pendingGaps(): GapDescription[] {
    return this.#guarded(() => this.#gaps());
  }

  /** The statement last queued under a key; null for a key that never queued one here. */
  tip(key: number): { seq: number; id: Uint8Array } | null {
    const tip = this.#opened.state.tips.get(key);
    const id = tip && fromHex(tip.id);
    return tip && id ? { seq: tip.seq, id } : null;
  }

  /** What the disk turned out to have lost, at the start and since. */
  damaged(): readonly Damage[] {
    return this.#opened.damaged;
  }

  stats(): QueueStats {
    const { store, state } = this.#opened;
    const segments = store.segments();
    return {
      frames: segments.reduce((sum, segment) => sum + state.live(segment), 0),
      accepted: state.accepted.count(0, state.nextPosition),
      parked: state.parked.size,
      keptIds: state.kept.size,
      pendingGaps: state.gaps.length,
      segments: segments.length,
      bytes: store.totalBytes(),
      bytesMax: this.#options.bytesMax,
    };
  }

  close(): void {
    this.#opened.store.close();
  }

  #problem(entries: readonly NewEntry[]): string | null {
    const pending = new Set(this.#gaps().map(({ gap }) => gap));
    for (const entry of entries) {
      const problem = entryProblem(entry);
      if (problem !== null) return problem;
      const { closesGap } = entry;
      // A drop episode makes one record: the second one for the same gap is a bug of the caller.
      if (closesGap !== undefined && !pending.delete(closesGap)) return `gap ${closesGap}`;
    }
    return null;
  }

  #gaps(): GapDescription[] {
    return this.#opened.state.gaps.filter(({ open }) => !open).map(describeGap);
  }

  *#live(after: number) {
    const { store, state } = this.#opened;
    for (const segment of store.segments()) {
      if (segment.endPosition <= after + 1 || state.live(segment) <= 0) continue;
      const rows = store.rowsOf(segment);
      for (let i = rows.firstAfter(after); i < rows.count; i++) {
        if (!state.released.has(rows.position(i))) yield { row: rows.at(i), segment };
      }
    }
  }

  /** After one failed disk operation nothing in memory can be trusted to match the disk (B7). */
  #guarded<T>(body: () => T): T {
    if (this.#failure !== null) {
      const { path } = this.#failure;
      throw new DiskFailure({ op: 'stopped queue', path }, { cause: this.#failure });
    }
    try {
      return body();
    } catch (error) {
      if (error instanceof DiskFailure) this.#failure = error;
      throw error;
    }
  }
}
