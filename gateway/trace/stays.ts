import type { FactClass } from '../http/trace-backend.ts';
import { parentsOf } from './containment.ts';
import type { EventReader } from './event-reader.ts';
import { ALWAYS, common, compareMoments, holds, type Window } from './moment.ts';
import type { EventPlace, TraceEvent } from './trace-event.ts';

/** A thing seen, itself or through what it was in, until it was seen again. */
export interface Stay extends EventPlace {
  readonly item: string;
  /** What the event named, where that was not the thing itself. */
  readonly via: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly eventId: string;
  readonly leafIndex: number;
  readonly class: FactClass;
}

/** Containers around containers: a pallet in a trailer on a ferry is three. */
const NESTED_MAX = 16;
export const STAYS_MAX = 2_000;
/** Associations may be many at once, and so may be the ways through them. */
const STEPS_MAX = 10_000;

export interface Sighting {
  readonly event: TraceEvent;
  readonly via: string | null;
}

/**
 * Where a thing was: events that name it or the things it was in at their time. Nothing from before
 * it was put in, nothing from after it was taken out.
 */
export function staysOf(reader: EventReader, item: string, window: Window = ALWAYS): Stay[] {
  const seen = sightings(reader, item, window);
  return seen.slice(0, STAYS_MAX).map(({ event, via }, i) => {
    const next = seen[i + 1];
    const untilMs = next?.event.moment.ms ?? null;
    const { ms, leafIndex } = event.moment;
    return {
      item,
      via,
      ...event.place,
      fromMs: ms,
      untilMs,
      eventId: event.eventId,
      leafIndex,
      class: reader.recorded(leafIndex).class,
    };
  });
}

/** The newest of them; null for a thing that was never seen anywhere. */
export function lastStay(reader: EventReader, item: string): Stay | null {
  return staysOf(reader, item).at(-1) ?? null;
}

export function sightings(reader: EventReader, item: string, window: Window = ALWAYS): Sighting[] {
  const seen = new Map<number, Sighting>();
  const steps = { left: STEPS_MAX };
  look(reader, { item, via: null, window, path: [item] }, { seen, steps });
  return [...seen.values()].sort((a, b) => compareMoments(a.event.moment, b.event.moment));
}

/** A thing's own events come first: what names it itself is not seen through its container. */
function look(
  reader: EventReader,
  at: { item: string; via: string | null; window: Window; path: readonly string[] },
  { seen, steps }: { seen: Map<number, Sighting>; steps: { left: number } },
): void {
  steps.left -= 1;
  for (const event of reader.ofItem(at.item)) {
    if (!hasPlace(event.place) || !holds(at.window, event.moment)) continue;
    const { leafIndex } = event.moment;
    if (!seen.has(leafIndex)) seen.set(leafIndex, { event, via: at.via });
  }
  if (at.path.length > NESTED_MAX || steps.left <= 0) {
    reader.isTruncated = true;
    return;
  }
  for (const { parent, window } of parentsOf(reader, at.item)) {
    const inside = common(at.window, window);
    if (!inside || at.path.includes(parent)) continue;
    const path = [...at.path, parent];
    look(reader, { item: parent, via: parent, window: inside, path }, { seen, steps });
  }
}

/** An event that says neither where nor what was done there tells of no stay. */
function hasPlace({ readPoint, bizLocation, bizStep, disposition }: EventPlace): boolean {
  return [readPoint, bizLocation, bizStep, disposition].some((part) => part !== null);
}
