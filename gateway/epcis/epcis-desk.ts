import type {
  CaptureJob,
  DiscoveryTree,
  EpcisBackend,
  EpcisOutcome,
  EpcisRefused,
  ErrorBehaviour,
  PageAsk,
  QueryParameters,
  ValuePage,
} from '../http/epcis-backend.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { CaptureJobs } from './capture/capture-jobs.ts';
import { eventOf } from './capture/captured-content.ts';
import { CAPTURE_EVENTS_MAX, type EventCapture } from './capture/event-capture.ts';
import type { Landed } from './capture/event-landing.ts';
import type { EventPage, RuleBreach, StoredEvent } from './event.ts';
import { readQuery } from './query/event-query.ts';

/** A document as it is sent; with 1,000 events some 8 KiB for each. */
export const CAPTURE_BYTES_MAX = 8 * 1024 * 1024;

/** What the EPCIS interface asks of one gateway: capture here, the rest from the index. */
export class EpcisDesk implements EpcisBackend {
  readonly limits = { events: CAPTURE_EVENTS_MAX, bytes: CAPTURE_BYTES_MAX };
  readonly #store: LedgerStore;
  readonly #capture: EventCapture | null;
  readonly #jobs: CaptureJobs;
  readonly #listeners = new Set<() => void>();

  constructor(parts: {
    store: LedgerStore;
    jobs: CaptureJobs;
    /** Null at a further gateway of its member, which has no key to register one with. */
    capture: EventCapture | null;
  }) {
    this.#store = parts.store;
    this.#capture = parts.capture;
    this.#jobs = parts.jobs;
  }

  async capture(document: unknown, behaviour: ErrorBehaviour): Promise<EpcisOutcome<CaptureJob>> {
    return this.#capture ? this.#capture.document(document, behaviour) : NOT_HERE;
  }

  async captureEvent(event: unknown) {
    return this.#capture ? this.#capture.one(event) : NOT_HERE;
  }

  /** Events that this gateway made of its own log. */
  async captureEvents(events: readonly unknown[]): Promise<EpcisOutcome<Landed[]>> {
    return this.#capture ? this.#capture.events(events) : NOT_HERE;
  }

  captureJob(captureId: string): CaptureJob | null {
    return this.#jobs.find(captureId);
  }

  captureJobs(page: PageAsk) {
    return this.#jobs.page(page);
  }

  query(parameters: QueryParameters, page: PageAsk): EpcisOutcome<EventPage> {
    const query = readQuery(parameters);
    if (!query.ok) return invalidQuery(query.breaches);
    const found = this.#store.events.query(query.value, page);
    if (!found.ok) return { ...found, breaches: [] };
    const { rows, next } = found.value;
    return {
      ok: true,
      value: { events: rows.flatMap(({ leafIndex }) => this.#at(leafIndex) ?? []), next },
    };
  }

  /** The newest under this id: a declaration that an event was wrong repeats its id. */
  event(eventId: string): StoredEvent | null {
    const leafIndex = this.#store.events.find(eventId).at(-1);
    return leafIndex === undefined ? null : this.#at(leafIndex);
  }

  discover(tree: DiscoveryTree, page: PageAsk): EpcisOutcome<ValuePage> {
    const found = this.#store.events.discover(tree, page);
    return found.ok ? found : { ...found, breaches: [] };
  }

  knows(tree: DiscoveryTree, value: string): boolean {
    return this.#store.events.knows(tree, value);
  }

  prefixDigits(digits: string): number | null {
    return this.#store.events.prefixDigits(digits);
  }

  onRecorded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** After each COMMIT of the ledger. */
  committed(): void {
    for (const listener of this.#listeners) listener();
  }

  #at(leafIndex: number): StoredEvent | null {
    const content = this.#store.leaves.content(leafIndex);
    const event = content ? eventOf(content) : null;
    if (!event) return null;
    return { ...event, leafIndex, recordMs: this.#store.logTimeOf(leafIndex) ?? 0 };
  }
}

function invalidQuery(breaches: readonly RuleBreach[]): EpcisRefused {
  const [first] = breaches;
  const detail = first ? `${first.path}: ${first.message}` : 'not a query';
  return { ok: false, code: 'epcis_query_parameter', detail, breaches };
}

const NOT_HERE: EpcisOutcome<never> = {
  ok: false,
  code: 'epcis_closed',
  detail: 'a further gateway captures nothing: send the document to its member’s node',
  breaches: [],
};
