import { isDeepStrictEqual } from 'node:util';
import type {
  CaptureJob,
  EpcisOutcome,
  EpcisRefused,
  ErrorBehaviour,
} from '../../http/epcis-backend.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type ReadDocument, readDocument, readEvent } from '../document/read-document.ts';
import type { ReadEvent, RuleBreach } from '../event.ts';
import type { CaptureJobs } from './capture-jobs.ts';
import { eventOf, identityOf } from './captured-content.ts';
import type { EventLanding, Landed } from './event-landing.ts';
import { EVENT_CONTENT_BYTES_MAX } from './event-writer.ts';

/** One document is one batch, so that a crash seldom cuts it. */
export const CAPTURE_EVENTS_MAX = 1_000;

const RETRY_AFTER_MS = 2_000;
/** Of a chain that does not move or a disk that is full: a promised document waits for them. */
const PASSING = new Set(['busy', 'pending', 'conflict']);

/** Where an event of a document stands, for whoever is told what is wrong with it. */
interface Placed {
  readonly path: string;
  readonly event: ReadEvent;
}

type ReadEvents = ReadDocument['events'];

interface Job {
  readonly captureId: string;
  readonly events: ReadEvents;
  readonly behaviour: ErrorBehaviour;
}

/**
 * From a document to the log: read whole, checked whole, then signed and admitted like readings. One
 * document at a time, for its statements are numbered.
 */
export class EventCapture {
  readonly #options: EventCaptureOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EventCaptureOptions) {
    this.#options = options;
  }

  /** In the log when it answers. */
  async one(json: unknown): Promise<EpcisOutcome<{ eventId: string; leafIndex: number }>> {
    const read = readEvent(json);
    if (!read.ok) return invalid(read.breaches);
    const { eventId } = read.value;
    return this.#inTurn(async () => {
      const [known] = this.#known(read.value);
      if (known !== undefined) {
        const detail = `${eventId} is in the log, at entry ${known}`;
        return { ...refused('epcis_duplicate', detail), eventId };
      }
      const large = sizeBreach({ path: '', event: read.value });
      if (large) return { ...refused('epcis_event_too_large', large.message), breaches: [large] };
      const landed = await this.#options.landing.land([read.value]);
      if (!landed.ok) return landed;
      const [first] = landed.value;
      if (!first || 'code' in first) return refused(first?.code ?? 'internal', eventId);
      return { ok: true, value: { eventId, leafIndex: first.leafIndex } };
    });
  }

  /**
   * Events that this gateway made of its own log: each one's place there, or why it has none. Those
   * that are in the log already are not signed again.
   */
  async events(sent: readonly unknown[]): Promise<EpcisOutcome<Landed[]>> {
    const reads = sent.map(readEvent);
    return this.#inTurn(async () => {
      const fresh = new Map<string, ReadEvent>();
      for (const read of reads) {
        if (!read.ok || sizeBreach({ path: '', event: read.value })) continue;
        if (this.#known(read.value).length === 0) fresh.set(identityOf(read.value), read.value);
      }
      const landed = await this.#options.landing.land([...fresh.values()]);
      if (!landed.ok) return landed;
      const places = new Map([...fresh.keys()].map((identity, i) => [identity, landed.value[i]]));
      return {
        ok: true,
        value: reads.map((read) => {
          if (!read.ok) return { code: 'epcis_validation' };
          const [leafIndex] = this.#known(read.value);
          const otherwise = { code: 'epcis_event_too_large' };
          const known = leafIndex === undefined ? otherwise : { leafIndex };
          return places.get(identityOf(read.value)) ?? known;
        }),
      };
    });
  }

  /** Answers once the document is on disk and everything that can be wrong with it is known. */
  async document(json: unknown, behaviour: ErrorBehaviour): Promise<EpcisOutcome<CaptureJob>> {
    const read = readDocument(json);
    if (!read.ok) return invalid(read.breaches);
    const { events } = read.value;
    const refusal = this.#refusal(events, behaviour);
    if (refusal) return refusal;
    const { jobs, nowMs } = this.#options;
    const job = jobs.open(json, behaviour, nowMs());
    this.#start({ captureId: job.captureId, events, behaviour });
    return { ok: true, value: job };
  }

  /** Documents that an earlier run of this gateway promised. */
  resume(): void {
    const { jobs, nowMs } = this.#options;
    for (const { captureId, document, behaviour } of jobs.unfinished()) {
      const read = readDocument(document);
      if (read.ok) this.#start({ captureId, events: read.value.events, behaviour });
      // A newer program reads more strictly than the one that promised it.
      else jobs.finish(captureId, read.breaches, nowMs());
    }
  }

  /** Why nothing of a document is taken, before anything of it is kept. */
  #refusal(events: ReadEvents, behaviour: ErrorBehaviour): EpcisRefused | null {
    if (events.length > CAPTURE_EVENTS_MAX) {
      const detail = `${events.length} events in one document; at most ${CAPTURE_EVENTS_MAX}`;
      return refused('epcis_capture_limit', detail);
    }
    if (behaviour === 'proceed') return null;
    const breaches = events.flatMap((one) => (one.ok ? [] : one.breaches));
    if (breaches.length > 0) return invalid(breaches);
    const { wrong } = this.#sorted(events);
    if (wrong.length === 0) return null;
    const taken = wrong.filter(({ rule }) => rule === 'event_id_taken');
    if (taken.length === 0) return invalid(wrong);
    const detail = 'another event has this id; nothing was captured';
    return { ...refused('epcis_duplicate', detail), breaches: taken };
  }

  #start(job: Job): void {
    const { jobs, nowMs, onFailure } = this.#options;
    this.#inTurn(async () => {
      const errors = await this.#run(job);
      if (errors) jobs.finish(job.captureId, errors, nowMs());
      else setTimeout(() => this.#start(job), RETRY_AFTER_MS).unref();
    }).catch((error: Error) => onFailure(error));
  }

  /** What is wrong with the document; null where it has to be tried again. */
  async #run({ events, behaviour }: Job): Promise<RuleBreach[] | null> {
    const { wrong, fresh } = this.#sorted(events);
    const errors = [...events.flatMap((one) => (one.ok ? [] : one.breaches)), ...wrong];
    // It was whole when it was promised: another document has taken an id since.
    if (behaviour === 'rollback' && errors.length > 0) return errors;
    const landed = await this.#options.landing.land(fresh.map(({ event }) => event));
    if (!landed.ok && PASSING.has(landed.code)) return null;
    if (!landed.ok) return [{ path: '', rule: landed.code, message: landed.detail }];
    for (const [i, one] of landed.value.entries()) {
      const path = fresh[i]?.path ?? '';
      if ('code' in one) errors.push({ path, rule: one.code, message: 'refused by the ledger' });
    }
    return errors;
  }

  /** What is to be signed, and what can't be; what is in the log already is neither. */
  #sorted(events: ReadEvents): { fresh: Placed[]; wrong: RuleBreach[] } {
    const fresh: Placed[] = [];
    const wrong: RuleBreach[] = [];
    for (const [i, one] of events.entries()) {
      if (!one.ok) continue;
      const placed = { path: `/epcisBody/eventList/${i}`, event: one.value };
      const known = this.#known(one.value);
      const breach = sizeBreach(placed) ?? this.#otherUnderItsId(placed, known);
      if (breach) wrong.push(breach);
      else if (known.length === 0) fresh.push(placed);
    }
    return { fresh, wrong };
  }

  /** Where the same event is in the log already; what waits for its block counts too. */
  #known({ eventId, ...event }: ReadEvent): number[] {
    const { events, ledger } = this.#options;
    const identity = identityOf({ eventId, ...event });
    return events.find(eventId).filter((leafIndex) => {
      const content = ledger.store.leaves.content(leafIndex);
      const stored = content ? eventOf(content) : null;
      return stored !== null && identityOf(stored) === identity;
    });
  }

  /** The same document may come again, for its sender saw no answer; another one under its id may not. */
  #otherUnderItsId({ path, event }: Placed, known: readonly number[]): RuleBreach | null {
    for (const leafIndex of known) {
      const content = this.#options.ledger.store.leaves.content(leafIndex);
      const stored = content ? eventOf(content) : null;
      if (stored && !isDeepStrictEqual(stored.event, event.event)) {
        const message = `${event.eventId} is another event's, at entry ${leafIndex}`;
        return { path: `${path}/eventID`, rule: 'event_id_taken', message };
      }
    }
    return null;
  }

  #inTurn<T>(next: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(next);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

export interface EventCaptureOptions {
  readonly ledger: Pick<Ledger, 'store'>;
  readonly events: { find(eventId: string): number[] };
  readonly landing: EventLanding;
  readonly jobs: CaptureJobs;
  readonly nowMs: () => number;
  readonly onFailure: (error: Error) => void;
}

/** Salt and heads of a content, beside its JSON. */
const CONTENT_ROOM = 64;

function sizeBreach({ path, event }: Placed): RuleBreach | null {
  const length = Buffer.byteLength(JSON.stringify(event)) + CONTENT_ROOM;
  if (length <= EVENT_CONTENT_BYTES_MAX) return null;
  const message = `${length} bytes in one event; at most ${EVENT_CONTENT_BYTES_MAX}`;
  return { path, rule: 'event_too_large', message };
}

function invalid(breaches: readonly RuleBreach[]): EpcisRefused {
  const [first] = breaches;
  const more = breaches.length > 1 ? ` (and ${breaches.length - 1} more)` : '';
  const detail = first ? `${first.path || '/'}: ${first.message}${more}` : 'not valid';
  return { ok: false, code: 'epcis_validation', detail, breaches };
}

function refused(code: string, detail: string): EpcisRefused {
  return { ok: false, code, detail, breaches: [] };
}
