import type { TraceEdge, TraceFinding, TraceNode } from '../http/trace-backend.ts';
import type { Containment } from './containment.ts';
import type { EventReader } from './event-reader.ts';
import type { LotMember } from './lot-members.ts';
import type { Moment, Window } from './moment.ts';
import type { TraceEvent } from './trace-event.ts';
import type { Becoming } from './transformation.ts';

export const NODES_MAX = 5_000;
const EDGES_MAX = 20_000;
/** A cycle is told once for each thing it comes back to. */
const CYCLES_MAX = 100;

export interface Graph {
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
  readonly findings: readonly TraceFinding[];
  /** What the item was made of, and until when each of them lasted as itself. */
  readonly origins: ReadonlyMap<string, Window>;
  readonly isTruncated: boolean;
}

/** What a walk has found so far, each thing and each edge once; what has no room left is not in it. */
export class FoundGraph {
  readonly #reader: EventReader;
  readonly #nodes = new Map<string, TraceNode>();
  readonly #edges = new Map<string, TraceEdge>();
  readonly #findings = new Map<string, TraceFinding>();
  readonly #origins = new Map<string, Window>();
  #isTruncated = false;

  constructor(reader: EventReader) {
    this.#reader = reader;
  }

  whole(): Graph {
    return {
      nodes: [...this.#nodes.values()],
      edges: [...this.#edges.values()],
      findings: [...this.#findings.values()],
      origins: this.#origins,
      isTruncated: this.#isTruncated || this.#reader.isTruncated,
    };
  }

  /** Something was left out. */
  truncate(): void {
    this.#isTruncated = true;
  }

  cycle(subject: string, { from, to }: Window): void {
    if (this.#findings.size >= CYCLES_MAX) return;
    this.#findings.set(subject, {
      kind: 'aggregation_cycle',
      subject,
      device: null,
      fromMs: from.ms,
      untilMs: finite(to),
      text: 'By its aggregations this thing was inside itself; the walk ended there.',
      leafIndex: from.leafIndex,
      rule: null,
    });
  }

  /** The longest that an input lasted, where it went into several. */
  originUntil(item: string, window: Window): void {
    const known = this.#origins.get(item);
    if (!known || known.to.ms < window.to.ms) this.#origins.set(item, window);
  }

  /** The shortest way to a node gives its depth. False where there is no room for it. */
  addNode(node: TraceNode): boolean {
    if (this.#nodes.has(node.item)) return true;
    if (this.#nodes.size >= NODES_MAX) {
      this.#isTruncated = true;
      return false;
    }
    this.#nodes.set(node.item, node);
    return true;
  }

  addContainment({ parent, child, kind, opened, closed }: Containment): boolean {
    return this.#addEdge(kind, { from: parent, to: child, opened, closed });
  }

  addBecoming({ input, output, used, made }: Becoming): boolean {
    const closed = made === used ? null : made;
    return this.#addEdge('becomes', { from: input, to: output, opened: used, closed });
  }

  addMember({ lot, item, told }: LotMember): boolean {
    return this.#addEdge('lot', { from: lot, to: item, opened: told, closed: null });
  }

  addTransaction(id: string, item: string, event: TraceEvent): boolean {
    return this.#addEdge('transaction', { from: id, to: item, opened: event, closed: null });
  }

  #addEdge(
    kind: TraceEdge['kind'],
    of: { from: string; to: string; opened: TraceEvent; closed: TraceEvent | null },
  ): boolean {
    const { from, to, opened, closed } = of;
    const { leafIndex } = opened.moment;
    const key = `${kind} ${leafIndex} ${from} ${to}`;
    if (this.#edges.has(key)) return true;
    if (this.#edges.size >= EDGES_MAX) {
      this.#isTruncated = true;
      return false;
    }
    this.#edges.set(key, {
      from,
      to,
      kind,
      fromMs: opened.moment.ms,
      untilMs: untilOf(kind, opened, closed),
      eventIds: closed ? [opened.eventId, closed.eventId] : [opened.eventId],
      leafIndex,
      ...this.#reader.recorded(leafIndex),
    });
    return true;
  }
}

/** What was put in and not taken out lasts; the rest happened at a time. */
function untilOf(kind: TraceEdge['kind'], opened: TraceEvent, closed: TraceEvent | null) {
  if (kind === 'contains' || kind === 'carries') return closed?.moment.ms ?? null;
  return (closed ?? opened).moment.ms;
}

function finite({ ms }: Moment): number | null {
  return Number.isFinite(ms) ? ms : null;
}
