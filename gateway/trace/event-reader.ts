import { eventOf } from '../epcis/capture/captured-content.ts';
import { textValue } from '../epcis/index/fact-values.ts';
import type { FactClass } from '../http/trace-backend.ts';
import { statementAt } from '../reads/breaches.ts';
import { factOf } from '../reads/subject-record.ts';
import type { TraceContext } from './trace-context.ts';
import { readTraceEvent, type TraceEvent } from './trace-event.ts';

/** Events of one thing that are looked at; a thing with more was given a class's name. */
const EVENTS_A_THING_MAX = 10_000;
/** Events read for one answer. */
const EVENTS_READ_MAX = 50_000;
const SHARED_MAX = 1_000;

/** Who recorded an event, and what its word is worth. */
export interface Recorded {
  readonly class: FactClass;
  readonly recordedBy: string;
}

/** The events behind one answer, each read once; those declared wrong are left out. */
export class EventReader {
  readonly #context: TraceContext;
  readonly #events = new Map<number, TraceEvent | null>();
  readonly #ofItem = new Map<string, readonly TraceEvent[]>();
  /** There was more than one answer may cost: what it says is true, and not all. */
  isTruncated = false;

  constructor(context: TraceContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#events.size;
  }

  /** In the order of their moments. */
  ofItem(item: string): readonly TraceEvent[] {
    const known = this.#ofItem.get(item);
    if (known) return known;
    const rows = this.#context.tables.ofItem(item, EVENTS_A_THING_MAX);
    if (rows.length === EVENTS_A_THING_MAX) this.isTruncated = true;
    const leaves = new Set(rows.map(({ leafIndex }) => leafIndex));
    const events = [...leaves].flatMap((leafIndex) => this.at(leafIndex) ?? []);
    this.#ofItem.set(item, events);
    return events;
  }

  /** The other parts of one transformation. */
  ofTransformation(id: string): TraceEvent[] {
    return this.#sharing('transformationID', id);
  }

  ofTransaction(id: string): TraceEvent[] {
    const names = this.#context.tables.namesFrom('bizTransaction ', SHARED_MAX);
    return names.flatMap((name) => this.#sharing(name, id));
  }

  /** Null where it was declared wrong, is a second of one id, or its content is gone. */
  at(leafIndex: number): TraceEvent | null {
    const known = this.#events.get(leafIndex);
    if (known !== undefined) return known;
    if (this.#events.size >= EVENTS_READ_MAX) {
      this.isTruncated = true;
      return null;
    }
    const event = this.#read(leafIndex);
    const valid = event && this.#isValid(event) ? event : null;
    this.#events.set(leafIndex, valid);
    return valid;
  }

  recorded(leafIndex: number): Recorded {
    const row = this.#context.store.packs.row(leafIndex);
    return {
      class: row ? factOf(row.grade) : 'declared',
      recordedBy: statementAt(this.#context, leafIndex)?.iss ?? '',
    };
  }

  #sharing(name: string, id: string): TraceEvent[] {
    const leaves = this.#context.tables.ofTerm(name, textValue(id), SHARED_MAX);
    if (leaves.length === SHARED_MAX) this.isTruncated = true;
    return leaves.flatMap((leafIndex) => this.at(leafIndex) ?? []);
  }

  #read(leafIndex: number): TraceEvent | null {
    const content = this.#context.store.leaves.content(leafIndex);
    const captured = content ? eventOf(content) : null;
    return captured ? readTraceEvent(captured.event, leafIndex) : null;
  }

  /** EPCIS 2.0 §7.4.1.4: a declaration repeats the event, its id too. */
  #isValid(event: TraceEvent): boolean {
    if (event.declaresError) return false;
    const same = this.#context.tables.leavesOfEvent(event.eventId);
    if (same.length <= 1) return true;
    if (
      same.find((leafIndex) => !this.#read(leafIndex)?.declaresError) !== event.moment.leafIndex
    ) {
      return false;
    }
    return !same.some((leafIndex) => this.#read(leafIndex)?.declaresError);
  }
}
