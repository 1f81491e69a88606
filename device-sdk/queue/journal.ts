import { toHex } from '../formats/bytes.ts';
import type { SealedSegment } from './active-segment.ts';
import type { EntryMeta, EntryRow } from './entry.ts';
import { addDrops, closeGaps, type GapReason } from './gap.ts';
import { type EvictionPlan, type FullPolicy, planEviction } from './policy.ts';
import { type Mark, markRecord, type QueueState } from './queue-state.ts';
import { RangeSet, toRanges } from './range-set.ts';
import type { NewRecord } from './record.ts';
import type { SegmentStore } from './segment-store.ts';

export type Room = 'ok' | 'full' | 'disk_full';

/** Hex text of an id in a mark, with quotes and comma. */
const KEPT_ID_BYTES = 67;

export interface JournalOptions {
  readonly policy: FullPolicy;
  readonly segmentBytes: number;
  readonly bytesMax: number;
  readonly freeDiskFloorBytes: number;
}

/** The write side of the queue: every change is one group of records, and the fold follows the disk. */
export class Journal {
  readonly #store: SegmentStore;
  readonly #state: QueueState;
  readonly #options: JournalOptions;
  /** Part of the growing segment that only control records and marks may use. */
  readonly #reserveBytes: number;
  /** An eighth of a segment: a mark or a snapshot must be able to carry them all. */
  readonly #keptMax: number;
  /** Accepted answers not written yet: they ride along with the next group, at no flush of their own. */
  #accepted = new RangeSet();
  #gapsChanged = false;

  constructor(store: SegmentStore, state: QueueState, options: JournalOptions) {
    this.#store = store;
    this.#state = state;
    this.#options = options;
    this.#reserveBytes = Math.min(65_536, Math.floor(options.segmentBytes / 8));
    this.#keptMax = Math.floor(options.segmentBytes / 8 / KEPT_ID_BYTES);
  }

  accept(positions: readonly number[]): void {
    for (const position of positions) this.#accepted.add(position);
    this.#state.apply({ op: 'accept', at: toRanges(positions) });
  }

  /** Finds or makes room for a group; then `commit` can't fail for want of space. */
  room(records: readonly NewRecord[], control: boolean): Room {
    const slack = control ? 0 : this.#reserveBytes;
    if (this.#store.growing().fits([...records, ...this.#pending()], slack)) return 'ok';
    this.reclaim();
    const policy =
      control && this.#options.policy === 'dropNewest' ? 'dropOldest' : this.#options.policy;
    const spare = this.#spareInPlace(policy, this.#store.totalBytes());
    if (spare !== 'ok') return spare;
    const ceiling = this.#store.totalBytes();
    const needBytes = this.#store.shortBy(ceiling);
    const plan = needBytes === 0 ? null : this.#plan(needBytes, policy);
    if (needBytes > 0 && plan === null) return 'full';
    this.roll();
    if (plan !== null) this.#evict(plan, policy);
    this.reclaim();
    // Where no spare can be had now, the next roll tries again: this segment is still nearly empty.
    this.#spareInPlace(policy, ceiling);
    return 'ok';
  }

  /** One group: durable when this returns, then folded into the state. */
  commit(
    records: readonly NewRecord[],
    then: { metas: readonly EntryMeta[]; marks: readonly Mark[] },
  ) {
    this.#store.growing().append([...this.#pending(), ...records, ...then.marks.map(markRecord)]);
    this.#pendingWritten();
    for (const meta of then.metas) this.#state.addEntry(meta);
    for (const mark of then.marks) this.#state.apply(mark);
  }

  /** Marks alone. False: the disk is so full that not even they fit. */
  mark(mark: Mark): boolean {
    if (this.room([markRecord(mark)], true) !== 'ok') return false;
    this.commit([], { metas: [], marks: [mark] });
    return true;
  }

  /** Frames the disk lost: gone from the queue and in a gap of their own. */
  lose(rows: readonly EntryRow[]): void {
    if (rows.length > 0) this.mark(this.#dropMark({ rows, kept: [] }, 'damaged', true));
  }

  /** Newcomers dropped by policy. The first of an episode is durable at once, more with the next group. */
  refuse(metas: readonly EntryMeta[]): void {
    const began = this.#state.gaps.at(-1)?.open !== true;
    const mark = this.#dropMark({ rows: [], kept: [] }, 'dropNewest', false);
    const how = { reason: 'dropNewest', nextGap: this.#state.nextGap } as const;
    const next: Mark = { ...mark, gaps: addDrops(this.#state.gaps, metas, how) };
    this.#state.apply(next);
    this.#gapsChanged = true;
    if (began && this.#store.growing().fits(this.#pending(), 0))
      this.commit([], { metas: [], marks: [] });
  }

  /** Sealed segments in which nothing is owed any more. */
  reclaim(): void {
    const dead = this.#store.sealed.filter((segment) => this.#state.live(segment) <= 0);
    this.#store.remove(dead);
    for (const segment of dead) this.#state.forget(segment);
  }

  roll(): void {
    this.#store.roll({
      position: this.#state.nextPosition,
      snapshot: (sealed) => this.#state.snapshot(sealed),
    });
    this.#pendingWritten();
  }

  /** Without a spare nothing can roll: the eviction's mark goes into what is left of this segment. */
  #spareInPlace(policy: FullPolicy, ceiling: number): Room {
    if (this.#store.hasSpare) return 'ok';
    const needBytes = this.#store.shortBy(ceiling);
    if (needBytes > 0) {
      const plan = this.#plan(needBytes, policy);
      if (plan === null) return 'full';
      if (!this.#store.growing().fits([markRecord(this.#evictionMark(plan, policy))], 0)) {
        return 'disk_full';
      }
      this.#evict(plan, policy);
      if (this.#store.shortBy(ceiling) > 0) return 'disk_full';
    }
    return this.#store.provisionSpare() ? 'ok' : 'disk_full';
  }

  #plan(needBytes: number, policy: FullPolicy): EvictionPlan | null {
    const keptRoom = Math.max(0, this.#keptMax - this.#state.kept.size);
    const segments: readonly SealedSegment[] = [...this.#store.sealed];
    const rowsOf = (segment: SealedSegment) => this.#store.rows(segment);
    const wholeOnly = this.#store.isTight();
    const state = this.#state;
    return planEviction({ needBytes, policy, keptRoom, wholeOnly, segments, rowsOf, state });
  }

  #evictionMark(plan: EvictionPlan, policy: FullPolicy): Mark {
    const kept = plan.accepted;
    const reason: GapReason = policy === 'dropNewest' ? 'dropOldest' : policy;
    return {
      ...this.#dropMark({ rows: plan.dropped, kept }, reason, true),
      sampledTo: plan.sampledTo,
    };
  }

  /** Mark first, files after: a crash in between leaves dead frames, which the next reclaim takes. */
  #evict(plan: EvictionPlan, policy: FullPolicy): void {
    if (plan.accepted.length + plan.dropped.length > 0) {
      this.commit([], { metas: [], marks: [this.#evictionMark(plan, policy)] });
    }
    for (const { segment, keep } of plan.rewrites) {
      if (keep.length === 0) continue;
      const made = this.#store.compose(segment, keep);
      this.lose(made.lost);
      if (this.#store.replace(segment, made)) this.#state.forget(segment);
    }
    this.reclaim();
  }

  #dropMark(
    victims: { rows: readonly EntryRow[]; kept: readonly EntryRow[] },
    reason: GapReason,
    close: boolean,
  ): Mark & { op: 'drop' } {
    const { nextGap, sampledTo } = this.#state;
    const gaps = addDrops(this.#state.gaps, victims.rows, { reason, nextGap });
    return {
      op: 'drop',
      at: toRanges([...victims.rows, ...victims.kept].map(({ position }) => position)),
      kept: victims.kept.map(({ id }) => toHex(id)),
      gaps: close ? closeGaps(gaps) : gaps,
      sampledTo,
    };
  }

  #pending(): NewRecord[] {
    const marks: Mark[] = [];
    if (this.#gapsChanged) marks.push(this.#dropMark({ rows: [], kept: [] }, 'dropNewest', false));
    const at = this.#accepted.ranges();
    if (at.length > 0) marks.push({ op: 'accept', at });
    return marks.map(markRecord);
  }

  #pendingWritten(): void {
    this.#accepted = new RangeSet();
    this.#gapsChanged = false;
  }
}
