import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Landed } from '../epcis/capture/event-landing.ts';
import { readEvent } from '../epcis/document/read-document.ts';
import type { JsonObject } from '../epcis/json.ts';
import type { EpcisOutcome } from '../http/epcis-backend.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { DerivedRows, DerivePoint, WaitingEvent } from './derived-rows.ts';
import { EPCIS_CONTEXT } from './event-body.ts';
import type { Leftovers } from './pack-fold.ts';
import type { PassedOver, SettingLine } from './setting-line.ts';
import type { WatchedPacks } from './watched-packs.ts';

/** Work at one time: frames and blocks come first. */
const STEP_MS = 5;
/** Packs that may be folded again after a crash though nothing came of them. */
const POINT_EVERY_PACKS = 1_000;
/** One batch of the log holds 1,024 statements. */
const CAPTURE_EVENTS_MAX = 500;
/** Of a chain that does not move, or a disk that is full. */
const RETRY_AFTER_MS = 2_000;
const PASSING: ReadonlySet<string> = new Set(['busy', 'pending', 'conflict']);

/** Signs events and brings them into the log; the same event twice is there once. */
export type CaptureEvents = (events: readonly JsonObject[]) => Promise<EpcisOutcome<Landed[]>>;

/** What came of a setting since this gateway started. */
export interface DeriveCounts extends PassedOver, Leftovers {
  /** Packs taken, those that were passed over too; again after an erasure, where a group was open. */
  readonly packs: number;
  readonly made: number;
  /** Kept out by the rules of EPCIS: the log tells which. */
  readonly wrong: number;
}

/**
 * After each COMMIT: packs of the configured devices become events. A slice of packs is folded, what
 * came of it and how far it went are written together, then the events are captured.
 */
export class Derivation {
  readonly #lines: ReadonlyMap<string, SettingLine>;
  readonly #rows: DerivedRows;
  readonly #packs: WatchedPacks;
  readonly #state: () => LedgerState;
  readonly #capture: CaptureEvents;
  readonly #log: Pick<Logger, 'error'>;
  readonly #counts = new Map<string, { packs: number; made: number; wrong: number }>();
  /** Packs since a setting's point was written. */
  readonly #folded = new Map<string, number>();
  #erased: number;
  #running = false;
  #isWoken = false;
  #isClosed = false;
  /** What is in memory is not what the disk says: a start, or a write that failed. */
  #isStale = true;
  /** Events may be on disk that are not captured yet. */
  #hasWaiting = true;
  #timer: NodeJS.Timeout | null = null;
  #told = '';

  constructor(parts: {
    lines: ReadonlyMap<string, SettingLine>;
    rows: DerivedRows;
    packs: WatchedPacks;
    state: () => LedgerState;
    capture: CaptureEvents;
    log: Pick<Logger, 'error'>;
  }) {
    this.#lines = parts.lines;
    this.#rows = parts.rows;
    this.#packs = parts.packs;
    this.#state = parts.state;
    this.#capture = parts.capture;
    this.#log = parts.log;
    this.#erased = parts.state().erased.size;
    for (const name of this.#lines.keys()) this.#counts.set(name, { packs: 0, made: 0, wrong: 0 });
    this.#wake();
  }

  counts(setting: string): DeriveCounts {
    const line = this.#lines.get(setting);
    const counts = this.#counts.get(setting);
    if (!line || !counts) throw new TypeError(`no setting ${setting}`);
    return { ...counts, ...line.passed, ...line.fold.left };
  }

  /** After each COMMIT of the ledger. */
  committed(): void {
    this.#wake();
  }

  /** What was made and is not captured yet is captured by the next run. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #wake(): void {
    this.#isWoken = true;
    if (this.#running || this.#isClosed || this.#timer) return;
    this.#running = true;
    this.#run()
      .catch((error: Error) => {
        // A damaged store: fsck tells where; the gateway's own work does not rest on this.
        this.#tell(`events are not derived: ${error.message}`);
        this.#isStale = true;
        this.#later();
      })
      .finally(() => {
        this.#running = false;
        if (this.#isWoken) this.#wake();
      });
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWoken = false;
      if (this.#hasWaiting && !(await this.#captureWaiting())) {
        this.#later();
        return;
      }
      await nextTurn();
      if (this.#isClosed) return;
      this.#look();
      if (!this.#foldSlice()) return;
    }
  }

  /** What came into the log, and what was taken out of it. */
  #look(): void {
    for (const { setting, leafIndex } of this.#packs.fresh()) {
      this.#lines.get(setting)?.push(leafIndex);
    }
    const { erased } = this.#state();
    const isLess = erased.size !== this.#erased;
    this.#erased = erased.size;
    if (!isLess && !this.#isStale) return;
    for (const [setting, line] of this.#lines) {
      // What is open may rest on what was erased, and is made again of what is left.
      if (this.#isStale || line.fold.openLeaf !== null) {
        line.restart(this.#packs.from(setting, line.fromLeaf));
      }
    }
    this.#isStale = false;
  }

  #later(): void {
    if (this.#isClosed || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#wake();
    }, RETRY_AFTER_MS).unref();
  }

  /** False where nothing could be folded. */
  #foldSlice(): boolean {
    const events: Omit<WaitingEvent, 'no'>[] = [];
    const points = new Map<string, DerivePoint>();
    const endMs = performance.now() + STEP_MS;
    let moved = 0;
    for (const [setting, line] of this.#lines) {
      const { steps, drafts } = foldUntil(line, endMs);
      moved += steps;
      const folded = (this.#folded.get(setting) ?? 0) + steps;
      this.#folded.set(setting, folded);
      this.#count(setting, 'packs', steps);
      for (const draft of drafts) {
        const event = this.#checked(setting, draft);
        if (event) events.push({ setting, event });
      }
      if (drafts.length > 0 || folded >= POINT_EVERY_PACKS) points.set(setting, line.pointNow());
    }
    if (points.size > 0) this.#store(points, events);
    return moved > 0;
  }

  #store(points: Map<string, DerivePoint>, events: Omit<WaitingEvent, 'no'>[]): void {
    this.#rows.advance(points, events);
    this.#hasWaiting ||= events.length > 0;
    for (const [setting, point] of points) {
      this.#lines.get(setting)?.stored(point);
      this.#folded.set(setting, 0);
    }
    for (const { setting } of events) this.#count(setting, 'made', 1);
  }

  /** Held to the same rules as what others capture. */
  #checked(setting: string, draft: JsonObject): JsonObject | null {
    const event: JsonObject = { '@context': [EPCIS_CONTEXT], ...draft };
    const read = readEvent(event);
    if (read.ok) return event;
    this.#count(setting, 'wrong', 1);
    const [first] = read.breaches;
    this.#log.error({ setting, ...first }, 'an event of this setting breaks a rule of EPCIS');
    return null;
  }

  /** False where they have to be tried again. */
  async #captureWaiting(): Promise<boolean> {
    while (!this.#isClosed) {
      const waiting = this.#rows.waiting(CAPTURE_EVENTS_MAX);
      this.#hasWaiting = waiting.length > 0;
      if (!this.#hasWaiting) return true;
      const landed = await this.#capture(waiting.map(({ event }) => event));
      if (this.#isClosed) return true;
      if (!landed.ok) {
        this.#tell(`derived events wait: ${landed.code}: ${landed.detail}`);
        return false;
      }
      const settled = waiting.filter((one, i) => this.#isSettled(one, landed.value[i]));
      this.#rows.done(settled.map(({ no }) => no));
      if (settled.length < waiting.length) return false;
      this.#told = '';
    }
    return true;
  }

  #isSettled({ setting }: WaitingEvent, landed: Landed | undefined): boolean {
    if (landed === undefined || 'leafIndex' in landed) return landed !== undefined;
    if (PASSING.has(landed.code)) return false;
    this.#log.error({ setting, code: landed.code }, 'a derived event was refused');
    return true;
  }

  #count(setting: string, what: 'packs' | 'made' | 'wrong', by: number): void {
    const counts = this.#counts.get(setting);
    if (counts) counts[what] += by;
  }

  /** The same trouble once, not every two seconds. */
  #tell(trouble: string): void {
    if (trouble === this.#told) return;
    this.#told = trouble;
    this.#log.error(trouble);
  }
}

/** One pack at least, so that a long line keeps no other from its turn. */
function foldUntil(line: SettingLine, endMs: number): { steps: number; drafts: JsonObject[] } {
  const drafts: JsonObject[] = [];
  let steps = 0;
  do {
    const made = line.step();
    if (made === null) break;
    steps += 1;
    drafts.push(...made);
  } while (performance.now() < endMs);
  return { steps, drafts };
}
