import type { SealedSegment } from './active-segment.ts';
import type { EntryRow, Rows } from './entry.ts';
import type { QueueState } from './queue-state.ts';
import { sealedBytes } from './segment-store.ts';

/**
 * What gives way when the queue is full (B4), after frames that were already accepted:
 * dropOldest — the oldest packs; dropNewest — the packs now coming in; blockSampling — every second
 * run of 64 packs; downsample — every second pack. The last two go through the queue once and then
 * begin again, so a long outage thins evenly instead of losing its beginning or its end.
 */
export type FullPolicy = 'dropOldest' | 'dropNewest' | 'blockSampling' | 'downsample';

const RUN_FRAMES = { blockSampling: 64, downsample: 1 } as const;
/** A segment is rewritten for its dead bytes alone only when that frees at least this share. */
const DEAD_SHARE_MIN = 0.25;

export interface EvictionPlan {
  readonly freedBytes: number;
  /** Accepted before: their ids are kept, no gap. */
  readonly accepted: EntryRow[];
  /** Not accepted: these make the gap. In queue order. */
  readonly dropped: EntryRow[];
  readonly rewrites: { segment: SealedSegment; keep: EntryRow[] }[];
  readonly sampledTo: number;
}

export interface EvictionTask {
  readonly needBytes: number;
  readonly policy: FullPolicy;
  /** How many more ids of accepted frames may be kept. */
  readonly keptRoom: number;
  /** The disk has no space to write a segment anew: only whole files may go. */
  readonly wholeOnly: boolean;
  /** Only sealed ones: the growing segment is never touched. */
  readonly segments: readonly SealedSegment[];
  readonly state: QueueState;
  readonly rowsOf: (segment: SealedSegment) => Rows;
}

class Planner {
  readonly #task: EvictionTask;
  readonly #live = new Map<SealedSegment, EntryRow[]>();
  readonly #victims = new Map<SealedSegment, Set<EntryRow>>();
  keptRoom: number;
  sampledTo: number;

  constructor(task: EvictionTask) {
    this.#task = task;
    this.keptRoom = task.keptRoom;
    this.sampledTo = task.state.sampledTo;
  }

  /** Live rows that no earlier step has taken. */
  remaining(segment: SealedSegment): EntryRow[] {
    let live = this.#live.get(segment);
    if (live === undefined) {
      const { released } = this.#task.state;
      live = [...this.#task.rowsOf(segment)].filter((row) => !released.has(row.position));
      this.#live.set(segment, live);
    }
    const taken = this.#victims.get(segment);
    return taken === undefined ? live : live.filter((row) => !taken.has(row));
  }

  take(segment: SealedSegment, rows: readonly EntryRow[]): void {
    const taken = this.#victims.get(segment) ?? new Set();
    for (const row of rows) taken.add(row);
    this.#victims.set(segment, taken);
  }

  freed(): number {
    let bytes = 0;
    for (const segment of this.#victims.keys()) {
      const left = this.remaining(segment);
      bytes += segment.bytes - (left.length === 0 ? 0 : sealedBytes(left));
    }
    return bytes;
  }

  plan(): EvictionPlan {
    const { accepted } = this.#task.state;
    const rows = [...this.#victims.values()].flatMap((taken) => [...taken]);
    rows.sort((a, b) => a.position - b.position);
    const [known, dropped] = [[] as EntryRow[], [] as EntryRow[]];
    for (const row of rows) {
      const keepId = accepted.has(row.position) && known.length < this.#task.keptRoom;
      (keepId ? known : dropped).push(row);
    }
    const rewrites = [...this.#victims.keys()].map((segment) => ({
      segment,
      keep: this.remaining(segment),
    }));
    return {
      ...{ freedBytes: this.freed(), accepted: known, dropped, rewrites },
      sampledTo: this.sampledTo,
    };
  }
}

type Step = (segment: SealedSegment, planner: Planner) => void;

/** Drops nothing: bytes of released frames in a segment that still holds live ones. */
function compact(state: QueueState): Step {
  return (segment, planner) => {
    const dead = 1 - state.live(segment) / Math.max(1, segment.count);
    if (dead >= DEAD_SHARE_MIN) planner.take(segment, []);
  };
}

function acceptedFirst(state: QueueState): Step {
  return (segment, planner) => {
    if (state.accepted.count(segment.firstPosition, segment.endPosition) === 0) return;
    const rows = planner
      .remaining(segment)
      .filter((row) => row.kind === 'pack' && state.accepted.has(row.position))
      .slice(0, planner.keptRoom);
    if (rows.length === 0) return;
    planner.keptRoom -= rows.length;
    planner.take(segment, rows);
  };
}

const oldestPacks: Step = (segment, planner) => {
  const rows = planner.remaining(segment).filter((row) => row.kind === 'pack');
  if (rows.length > 0) planner.take(segment, rows);
};

function everySecond(runFrames: number): Step {
  return (segment, planner) => {
    const packs = planner.remaining(segment).filter((row) => row.kind === 'pack');
    const rows = packs.filter((_, i) => Math.floor(i / runFrames) % 2 === 1);
    if (rows.length > 0) planner.take(segment, rows);
    planner.sampledTo = segment.endPosition;
  };
}

/** Control records go last, oldest first, when nothing else is left. */
const everything: Step = (segment, planner) => planner.take(segment, planner.remaining(segment));

/** Plans to free `needBytes`, or as much as there is. Null: by policy the newcomers are dropped. */
export function planEviction(task: EvictionTask): EvictionPlan | null {
  const { state, policy, needBytes, segments, wholeOnly } = task;
  const planner = new Planner(task);
  const enough = () => planner.freed() >= needBytes;
  const run = (step: Step, order: readonly SealedSegment[]) => {
    for (const segment of order) {
      if (enough()) return;
      step(segment, planner);
    }
  };
  if (!wholeOnly) {
    run(compact(state), segments);
    run(acceptedFirst(state), segments);
    if (enough()) return planner.plan();
  }
  if (policy === 'dropNewest') return null;
  if (policy !== 'dropOldest' && !wholeOnly) {
    const ahead = segments.filter((s) => s.endPosition > state.sampledTo);
    const behind = segments.filter((s) => s.endPosition <= state.sampledTo);
    run(everySecond(RUN_FRAMES[policy]), [...ahead, ...behind]);
  }
  if (!wholeOnly) run(oldestPacks, segments);
  run(everything, segments);
  return planner.plan();
}
