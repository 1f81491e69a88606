import { fromUtf8, toHex, utf8 } from '../formats/bytes.ts';
import type { EntryMeta, Rows } from './entry.ts';
import { closeGaps, type GapState } from './gap.ts';
import { type Range, RangeSet } from './range-set.ts';
import { type NewRecord, RECORD_TYPES } from './record.ts';

export interface Tip {
  readonly seq: number;
  /** Statement id, lower hex. */
  readonly id: string;
}

/** What happened to frames after they were queued; one record each in the active segment. */
export type Mark =
  | { op: 'release'; at: Range[]; kept: string[] }
  | { op: 'accept'; at: Range[] }
  | { op: 'park'; at: number; code: string }
  | { op: 'unpark'; at: number[] }
  /** Eviction and its gaps in one record, hence both durable or neither. */
  | { op: 'drop'; at: Range[]; kept: string[]; gaps: GapState[]; sampledTo: number }
  | { op: 'gapWritten'; gap: number };

export interface SegmentSummary {
  readonly number: number;
  readonly firstPosition: number;
  readonly endPosition: number;
  readonly count: number;
}

interface Snapshot {
  nextPosition: number;
  nextGap: number;
  sampledTo: number;
  released: Range[];
  accepted: Range[];
  parked: [number, string][];
  kept: string[];
  gaps: GapState[];
  tips: [number, Tip][];
  segments: SegmentSummary[];
}

/**
 * The fold over the records of the queue. Recovery and the running queue call the same functions, so
 * a restart can't arrive at another state than the process it follows. `released` names dead entries
 * that still lie in a file: evicted ones too.
 */
export class QueueState {
  nextPosition = 1;
  nextGap = 1;
  sampledTo = 0;
  readonly released = new RangeSet();
  readonly accepted = new RangeSet();
  readonly parked = new Map<number, string>();
  /** Ids (hex) of accepted frames evicted before their receipt came. */
  readonly kept = new Set<string>();
  gaps: GapState[] = [];
  readonly tips = new Map<number, Tip>();

  addEntry(meta: EntryMeta): void {
    this.nextPosition = Math.max(this.nextPosition, meta.position + 1);
    if (meta.seq > (this.tips.get(meta.key)?.seq ?? 0)) {
      this.tips.set(meta.key, { seq: meta.seq, id: toHex(meta.id) });
    }
    if (meta.kind === 'pack') this.gaps = closeGaps(this.gaps);
  }

  apply(mark: Mark): void {
    switch (mark.op) {
      case 'release':
        this.#kill(mark.at);
        for (const id of mark.kept) this.kept.delete(id);
        return;
      case 'accept':
        for (const [start, end] of mark.at) this.accepted.add(start, end);
        return;
      case 'park':
        this.parked.set(mark.at, mark.code);
        this.accepted.delete(mark.at);
        return;
      case 'unpark':
        for (const position of mark.at) this.parked.delete(position);
        return;
      case 'drop':
        this.#kill(mark.at);
        for (const id of mark.kept) this.kept.add(id);
        this.gaps = mark.gaps;
        this.nextGap = Math.max(this.nextGap, ...mark.gaps.map(({ gap }) => gap + 1));
        this.sampledTo = mark.sampledTo;
        return;
      case 'gapWritten':
        this.gaps = this.gaps.filter(({ gap }) => gap !== mark.gap);
    }
  }

  #kill(ranges: readonly Range[]): void {
    for (const [start, end] of ranges) {
      this.released.add(start, end);
      this.accepted.delete(start, end);
      for (const position of this.parked.keys()) {
        if (position >= start && position < end) this.parked.delete(position);
      }
    }
  }

  /** The file no longer holds dead entries of this span, so nothing is left to say about them. */
  forget(span: { firstPosition: number; endPosition: number }): void {
    this.released.delete(span.firstPosition, span.endPosition);
  }

  /** The file holds only these of the span: it was rewritten, or the disk lost the others. */
  forgetAllBut(span: { firstPosition: number; endPosition: number }, rows: Rows): void {
    const dead: number[] = [];
    for (let i = 0; i < rows.count; i++) {
      if (this.released.has(rows.position(i))) dead.push(rows.position(i));
    }
    this.forget(span);
    for (const position of dead) this.released.add(position);
  }

  /** No position may come twice, even where the entry that had it is lost and only a mark is left. */
  startAfter(segments: readonly SegmentSummary[]): void {
    const ends = [...this.released.ranges(), ...this.accepted.ranges()].map(([, end]) => end);
    for (const { endPosition } of segments) ends.push(endPosition);
    for (const position of this.parked.keys()) ends.push(position + 1);
    for (const end of ends) this.nextPosition = Math.max(this.nextPosition, end);
  }

  /** Entries of a segment that are still owed to somebody. */
  live(segment: SegmentSummary): number {
    return segment.count - this.released.count(segment.firstPosition, segment.endPosition);
  }

  snapshot(segments: readonly SegmentSummary[]): NewRecord {
    const { nextPosition, nextGap, sampledTo, gaps } = this;
    const snapshot: Snapshot = {
      ...{ nextPosition, nextGap, sampledTo, gaps },
      released: this.released.ranges(),
      accepted: this.accepted.ranges(),
      parked: [...this.parked],
      kept: [...this.kept],
      tips: [...this.tips],
      segments: segments.map(({ number, firstPosition, endPosition, count }) => ({
        ...{ number, firstPosition, endPosition, count },
      })),
    };
    return { type: RECORD_TYPES.snapshot, body: utf8(JSON.stringify(snapshot)) };
  }

  /** Returns the segments that were there when the snapshot was taken. */
  restore(body: Uint8Array): SegmentSummary[] {
    // The CRC of the record has vouched for these bytes: they are what snapshot() wrote.
    const snapshot = JSON.parse(fromUtf8(body) ?? '') as Snapshot;
    this.nextPosition = snapshot.nextPosition;
    this.nextGap = snapshot.nextGap;
    this.sampledTo = snapshot.sampledTo;
    this.gaps = snapshot.gaps;
    for (const [start, end] of snapshot.released) this.released.add(start, end);
    for (const [start, end] of snapshot.accepted) this.accepted.add(start, end);
    for (const [position, code] of snapshot.parked) this.parked.set(position, code);
    for (const id of snapshot.kept) this.kept.add(id);
    for (const [key, tip] of snapshot.tips) this.tips.set(key, tip);
    return snapshot.segments;
  }
}

export const markRecord = (mark: Mark): NewRecord => ({
  type: RECORD_TYPES.mark,
  body: utf8(JSON.stringify(mark)),
});

export const readMark = (body: Uint8Array): Mark => JSON.parse(fromUtf8(body) ?? '') as Mark;
