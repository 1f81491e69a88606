import { childrenOf, parentsOf } from './containment.ts';
import type { EventReader } from './event-reader.ts';
import { FoundGraph, type Graph } from './found-graph.ts';
import { lotsOf, membersOf } from './lot-members.ts';
import { ALWAYS, common, compareMoments, END, isWithin, type Window } from './moment.ts';
import type { TraceContext } from './trace-context.ts';
import type { TraceEvent } from './trace-event.ts';
import { inputsOf, outputsOf } from './transformation.ts';

export const DEPTH_MAX = 32;
const SHARED_THINGS_MAX = 200;

/**
 * `around`: what the thing was in and what it was made of; a container leads to its own containers
 * alone, for what else it held is nobody's origin. `from`: what was in it and what was made of it.
 */
type Way = 'origin' | 'container' | 'lot' | 'content';

/** A thing reached, and which part of its life belongs to the answer. */
interface Visit {
  readonly item: string;
  readonly isClass: boolean;
  readonly way: Way;
  readonly window: Window;
  readonly depth: number;
  /** Containers on the way here, to see a cycle. */
  readonly path: readonly string[];
}

/** Breadth first, so that a bound leaves out what is farthest. */
export class GraphWalk {
  readonly #context: TraceContext;
  readonly #reader: EventReader;
  readonly #found: FoundGraph;
  readonly #done = new Map<string, Window[]>();
  #queue: Visit[] = [];

  constructor(context: TraceContext, reader: EventReader) {
    this.#context = context;
    this.#reader = reader;
    this.#found = new FoundGraph(reader);
  }

  /** `window`: the part of the item's life in question. */
  walk(
    roots: readonly { item: string; isClass: boolean; window?: Window }[],
    { direction, depth }: { direction: 'up' | 'down' | 'both'; depth: number },
  ): Graph {
    for (const { item, isClass, window = ALWAYS } of roots) {
      this.#found.addNode({ item, isClass, depth: 0 });
      const visit = { item, isClass, window, depth: 0, path: [item] };
      if (direction !== 'down') this.#queue.push({ ...visit, way: 'origin' });
      if (direction !== 'up') this.#queue.push({ ...visit, way: 'content' });
      if (direction === 'both') this.#transactions(item);
    }
    for (let level = 0; this.#queue.length > 0 && level < depth; level += 1) {
      const visits = this.#queue;
      this.#queue = [];
      for (const visit of visits) this.#leave(visit);
    }
    if (this.#queue.some((visit) => this.#isOpen(visit))) this.#found.truncate();
    return this.#found.whole();
  }

  #leave(visit: Visit): void {
    if (this.#isDone(visit)) return;
    if (visit.way === 'content') {
      this.#contents(visit);
      this.#outputs(visit);
      if (visit.isClass) this.#members(visit);
      return;
    }
    if (visit.way !== 'lot') this.#containers(visit);
    if (visit.way !== 'container') this.#inputs(visit);
    if (visit.way === 'origin') this.#lots(visit);
  }

  /** Whether all that can be found from here was found before, from an earlier visit. */
  #isDone({ item, way, window }: Visit): boolean {
    const key = `${way} ${item}`;
    const before = this.#done.get(key) ?? [];
    if (before.some((outer) => isWithin(window, outer))) return true;
    this.#done.set(key, [...before, window]);
    return false;
  }

  /** A thing at the end of the depth asked for has neighbours that are not shown. */
  #isOpen(visit: Visit): boolean {
    const { item, way, window } = visit;
    if (way === 'content') {
      const isMade = outputsOf(this.#reader, item, window.from).length > 0;
      return isMade || childrenOf(this.#reader, item).some((one) => common(window, one.window));
    }
    const isIn = parentsOf(this.#reader, item).some((one) => common(window, one.window));
    return (
      (way !== 'lot' && isIn) || (way !== 'container' && inputsOf(this.#reader, item).length > 0)
    );
  }

  #containers(visit: Visit): void {
    for (const one of parentsOf(this.#reader, visit.item)) {
      const window = common(visit.window, one.window);
      if (!window || !this.#found.addContainment(one)) continue;
      const isClass = false;
      this.#reach(visit, { item: one.parent, isClass, way: 'container', window, step: -1 });
    }
  }

  #contents(visit: Visit): void {
    for (const one of childrenOf(this.#reader, visit.item)) {
      const window = common(visit.window, one.window);
      if (!window || !this.#found.addContainment(one)) continue;
      const { child: item, isClass } = one;
      this.#reach(visit, { item, isClass, way: 'content', window, step: 1 });
    }
  }

  #inputs(visit: Visit): void {
    for (const one of inputsOf(this.#reader, visit.item)) {
      if (compareMoments(one.made.moment, visit.window.to) > 0 || !this.#found.addBecoming(one))
        continue;
      const window = { from: ALWAYS.from, to: one.used.moment };
      this.#found.originUntil(one.input, window);
      this.#reach(
        { ...visit, path: [] },
        { item: one.input, isClass: one.isInputClass, way: 'origin', window, step: -1 },
      );
    }
  }

  #outputs(visit: Visit): void {
    for (const one of outputsOf(this.#reader, visit.item, visit.window.from)) {
      if (!this.#found.addBecoming(one)) continue;
      const window = { from: one.made.moment, to: END };
      this.#reach(
        { ...visit, path: [] },
        { item: one.output, isClass: one.isOutputClass, way: 'content', window, step: 1 },
      );
    }
  }

  #lots(visit: Visit): void {
    for (const one of lotsOf(this.#reader, visit.item)) {
      if (!this.#found.addMember(one)) continue;
      const { window } = visit;
      this.#reach(visit, { item: one.lot, isClass: true, way: 'lot', window, step: -1 });
    }
  }

  #members(visit: Visit): void {
    for (const one of membersOf(this.#context, this.#reader, visit.item)) {
      if (!this.#found.addMember(one)) continue;
      const { window } = visit;
      this.#reach(visit, { item: one.item, isClass: false, way: 'content', window, step: 1 });
    }
  }

  /** Things that share a business transaction with the one asked for, and nothing beyond them. */
  #transactions(item: string): void {
    const transactions = new Map<string, TraceEvent>();
    for (const event of this.#reader.ofItem(item)) {
      for (const id of event.transactions) if (!transactions.has(id)) transactions.set(id, event);
    }
    for (const [id, own] of transactions) {
      this.#found.addNode({ item: id, isClass: false, depth: -1 });
      this.#found.addTransaction(id, item, own);
      let shown = 0;
      for (const event of this.#reader.ofTransaction(id)) {
        for (const thing of event.things) {
          if (shown >= SHARED_THINGS_MAX) {
            this.#found.truncate();
            break;
          }
          if (thing.item === item || !this.#found.addTransaction(id, thing.item, event)) continue;
          shown += 1;
          this.#found.addNode({ ...thing, depth: 1 });
        }
      }
    }
  }

  #reach(
    from: Visit,
    to: { item: string; isClass: boolean; way: Way; window: Window; step: 1 | -1 },
  ): void {
    const { item, isClass, way, window, step } = to;
    if (from.path.includes(item)) {
      this.#found.cycle(item, window);
      return;
    }
    const depth = from.depth + step;
    if (!this.#found.addNode({ item, isClass, depth })) return;
    this.#queue.push({ item, isClass, way, window, depth, path: [...from.path, item] });
  }
}
