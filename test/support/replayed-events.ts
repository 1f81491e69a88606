import type { EventWish } from './event-ledger.ts';

type Things = readonly string[];
const list = (value: unknown): Things => (Array.isArray(value) ? (value as string[]) : []);

/**
 * Containment as one would do it with boxes on a floor: events in the order of their times, one
 * state of who is in what, and after each event a look at it. The literal reference for what the
 * gateway answers from intervals.
 */
export class Floor {
  /** Aggregation: a thing is in one container at a time. */
  readonly #inside = new Map<string, string>();
  /** Association, as `parent child`. */
  readonly #on = new Set<string>();

  apply(event: EventWish): void {
    const parent = event['parentID'] as string | undefined;
    const children = list(event['childEPCs']);
    if (parent === undefined || event.action === 'OBSERVE') return;
    if (event.action === 'ADD') for (const child of children) this.#put(event.type, parent, child);
    else {
      const leaving = children.length > 0 ? children : this.#held(event.type, parent);
      for (const child of leaving) this.#take(event.type, parent, child);
    }
  }

  /** All that is in and on these things, however deep; `seen` is put there for a look. */
  contents(things: Things, seen: readonly [parent: string, child: string][] = []): Set<string> {
    const found = new Set<string>();
    let next = [...things];
    while (next.length > 0) {
      const inside = next.flatMap((thing) => [
        ...this.#held('Aggregation', thing),
        ...this.#held('Association', thing),
        ...seen.filter(([parent]) => parent === thing).map(([, child]) => child),
      ]);
      next = [...new Set(inside)].filter((thing) => !found.has(thing));
      for (const thing of next) found.add(thing);
    }
    return found;
  }

  #put(type: EventWish['type'], parent: string, child: string): void {
    if (type === 'Aggregation') this.#inside.set(child, parent);
    if (type === 'Association') this.#on.add(`${parent} ${child}`);
  }

  #take(type: EventWish['type'], parent: string, child: string): void {
    if (type === 'Association') this.#on.delete(`${parent} ${child}`);
    else if (this.#inside.get(child) === parent) this.#inside.delete(child);
  }

  #held(type: EventWish['type'], parent: string): string[] {
    if (type === 'Association') {
      return [...this.#on].flatMap((pair) => {
        return pair.startsWith(`${parent} `) ? [pair.slice(parent.length + 1)] : [];
      });
    }
    return [...this.#inside].flatMap(([child, own]) => (own === parent ? [child] : []));
  }
}

const FIELDS = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const;

export function thingsOf(event: EventWish): string[] {
  const parent = event['parentID'] as string | undefined;
  return [
    ...(parent === undefined ? [] : [parent]),
    ...FIELDS.flatMap((name) => list(event[name])),
  ];
}

function putForALook(event: EventWish): [string, string][] {
  const parent = event['parentID'] as string | undefined;
  if (event.action !== 'OBSERVE' || parent === undefined) return [];
  return list(event['childEPCs']).map((child) => [parent, child]);
}

/** By time; of equal times, as they were captured. */
export function inOrder(events: readonly EventWish[]): { event: EventWish; no: number }[] {
  return events
    .map((event, no) => ({ event, no }))
    .sort((a, b) => a.event.ms - b.event.ms || a.no - b.no);
}

/** Numbers of the events in which a thing was seen, itself or in something, in order. */
export function seenIn(events: readonly EventWish[], item: string): number[] {
  const floor = new Floor();
  const seen: number[] = [];
  for (const { event, no } of inOrder(events)) {
    const named = thingsOf(event);
    // What leaves is seen before it does, what comes after it did.
    const before = floor.contents(named, putForALook(event));
    floor.apply(event);
    const after = event.action === 'DELETE' ? before : floor.contents(named, putForALook(event));
    if (event.at === undefined) continue;
    if (named.includes(item) || after.has(item)) seen.push(no);
  }
  return seen;
}

/** Everything that was in a thing, was made of that, was in what was made, and so on. */
export function becameOf(events: readonly EventWish[], root: string): Set<string> {
  const floor = new Floor();
  const roots = new Set([root]);
  const touched = new Set([root]);
  for (const { event } of inOrder(events)) {
    floor.apply(event);
    const inputs = list(event['inputEPCList']);
    const made = list(event['outputEPCList']).filter((output) =>
      // What is among its own inputs was not made of itself.
      inputs.some((input) => input !== output && touched.has(input)),
    );
    for (const output of made) {
      roots.add(output);
      touched.add(output);
    }
    for (const thing of floor.contents([...roots], putForALook(event))) touched.add(thing);
  }
  touched.delete(root);
  return touched;
}
