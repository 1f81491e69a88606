import type { EventReader } from './event-reader.ts';
import { compareMoments, END, type Moment, type Window } from './moment.ts';
import type { TraceEvent } from './trace-event.ts';

/** One thing in or on another, from the event that put it there to the one that took it away. */
export interface Containment {
  readonly parent: string;
  readonly child: string;
  readonly isClass: boolean;
  /** `contains`: aggregation; `carries`: association, such as a logger on a container. */
  readonly kind: 'contains' | 'carries';
  readonly window: Window;
  readonly opened: TraceEvent;
  readonly closed: TraceEvent | null;
}

const KINDS: Readonly<Record<string, Containment['kind']>> = {
  AggregationEvent: 'contains',
  AssociationEvent: 'carries',
};

/**
 * What a thing was in and on. ADD opens; DELETE closes, and without children it closes for all of
 * them; a thing put into another container was taken out of the one before, whether or not anybody
 * said so. OBSERVE of something that no ADD tells of is true for its own moment. A class (a lot) is
 * in many containers at once, a part of it in each.
 */
export function parentsOf(reader: EventReader, child: string): readonly Containment[] {
  const known = remembered.get(reader) ?? new Map<string, readonly Containment[]>();
  remembered.set(reader, known);
  const found = known.get(child) ?? replay(reader, child);
  known.set(child, found);
  return found;
}

const remembered = new WeakMap<EventReader, Map<string, readonly Containment[]>>();

function replay(reader: EventReader, child: string): Containment[] {
  const own = reader.ofItem(child).filter((event) => isChild(event, child));
  const parents = new Set(own.flatMap(({ parent }) => parent ?? []));
  const emptied = [...parents].flatMap((parent) => reader.ofItem(parent).filter(isEmptying));
  const events = [...new Set([...own, ...emptied])];
  events.sort((a, b) => compareMoments(a.moment, b.moment));
  const open = new Map<string, TraceEvent>();
  const found: Containment[] = [];
  const close = (key: string, closed: TraceEvent) => {
    const opened = open.get(key);
    if (opened) found.push(containment(child, opened, closed));
    open.delete(key);
  };
  for (const event of events) {
    const { parent, type, action } = event;
    if (parent === null) continue;
    const key = `${type} ${parent}`;
    if (action === 'DELETE') close(key, event);
    else if (action === 'ADD' && !open.has(key)) {
      for (const other of open.keys()) if (excludes(event, child, other)) close(other, event);
      open.set(key, event);
    } else if (action === 'OBSERVE' && !open.has(key)) {
      found.push(containment(child, event, event));
    }
  }
  for (const opened of open.values()) found.push(containment(child, opened, null));
  return found.sort((a, b) => compareMoments(a.window.from, b.window.from));
}

/** What was in and on a thing, and when. */
export function childrenOf(reader: EventReader, parent: string): Containment[] {
  const events = reader.ofItem(parent).filter((event) => event.parent === parent);
  const children = new Set(
    events.flatMap((event) => (KINDS[event.type] ? event.children.map(({ item }) => item) : [])),
  );
  return [...children].flatMap((child) =>
    parentsOf(reader, child).filter((containment) => containment.parent === parent),
  );
}

function isChild(event: TraceEvent, child: string): boolean {
  return KINDS[event.type] !== undefined && event.children.some(({ item }) => item === child);
}

/** DELETE without children: all of them leave (EPCIS 2.0 §7.4.3). */
function isEmptying({ type, action, children }: TraceEvent): boolean {
  return KINDS[type] !== undefined && action === 'DELETE' && children.length === 0;
}

/** Whether this ADD ends what an earlier one began: a thing is in one container at a time. */
function excludes(event: TraceEvent, child: string, other: string): boolean {
  if (event.type !== 'AggregationEvent' || !other.startsWith('AggregationEvent ')) return false;
  return !event.children.some(({ item, isClass }) => item === child && isClass);
}

function containment(child: string, opened: TraceEvent, closed: TraceEvent | null): Containment {
  const to: Moment = closed?.moment ?? END;
  return {
    parent: opened.parent ?? '',
    child,
    isClass: opened.children.some(({ item, isClass }) => item === child && isClass),
    kind: KINDS[opened.type] ?? 'contains',
    window: { from: opened.moment, to },
    opened,
    closed,
  };
}
