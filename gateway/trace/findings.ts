import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import { type DuePlace, dueHalves, duePlace } from '../handover/due-halves.ts';
import { findingOfHalf } from '../handover/handover-findings.ts';
import type { HandoverHalf } from '../handover/handover-half.ts';
import type { Outcome } from '../http/backend.ts';
import type { FindingsPage, FindingsQuery, TraceFinding } from '../http/trace-backend.ts';
import type { FindingLeaves } from '../store/finding-leaves.ts';
import { type FeedPlace, formatPlace, parsePlace } from './feed-place.ts';
import { LeafFindings } from './leaf-findings.ts';
import type { RouteConfig } from './route-config.ts';
import type { TraceContext } from './trace-context.ts';

/** Of each source, leaves that one page looks at; it may be short and still have a next one. */
const LEAVES_A_PAGE = 500;

export interface FeedContext extends TraceContext {
  readonly findingLeaves: FindingLeaves;
}

type Listed = FindingsPage['findings'][number];

/**
 * What is wrong, by what the log says, in the order in which it came to know: a finding belongs to
 * the leaf that brought it, so the next page follows whatever is appended meanwhile. Newest first,
 * the next page is what was there before.
 */
export function findings(
  context: FeedContext,
  query: FindingsQuery,
  routes: readonly RouteConfig[],
): Outcome<FindingsPage> {
  const { size } = context.state();
  const isNewest = query.order === 'newest';
  const place = parsePlace(query.after ?? (isNewest ? `${size}.0` : '0.0'));
  if (!place) return { ok: false, code: 'bad_cursor', detail: 'the cursor is not one of ours' };
  const feed = new Feed(context, query, routes);
  const page = isNewest ? feed.before(place) : feed.after(place);
  const end = formatPlace({ leafIndex: size, slot: 0, due: feed.nothingDue });
  return { ok: true, value: { ...page, end } };
}

/** One page; the present is one moment for all of it. */
class Feed {
  readonly #context: FeedContext;
  readonly #query: FindingsQuery;
  readonly #subject: string | null;
  readonly #leaves: LeafFindings;
  readonly #nowMs: number;
  readonly #found: Listed[] = [];

  constructor(context: FeedContext, query: FindingsQuery, routes: readonly RouteConfig[]) {
    const nowMs = context.nowMs();
    this.#context = { ...context, nowMs: () => nowMs };
    this.#nowMs = nowMs;
    this.#query = query;
    this.#subject = query.subject === undefined ? null : canonicalUri(query.subject);
    this.#leaves = new LeafFindings(this.#context, routes);
  }

  /** Of halves whose time has come, none is left to be told. */
  get nothingDue(): DuePlace {
    return { ms: this.#nowMs + 1, leafIndex: 0, part: 0 };
  }

  /**
   * First of the leaves before the place what time has made a finding since, then the leaves from
   * there on as they are now: so each half that stays alone is told once, on whichever side of the
   * place it was when its time came.
   */
  after(place: FeedPlace): Omit<FindingsPage, 'end'> {
    const waiting = this.#due(place);
    if (waiting !== null) return this.#page({ ...place, due: waiting });
    const due = this.nothingDue;
    const { leaves, horizon } = this.#context.findingLeaves.from(place.leafIndex, LEAVES_A_PAGE);
    for (const leafIndex of leaves) {
      for (const { slot, finding } of this.#leaves.at(leafIndex)) {
        if (leafIndex === place.leafIndex && slot < place.slot) continue;
        if (!this.#isAsked(finding)) continue;
        if (this.#isFull) return this.#page({ leafIndex, slot, due });
        this.#add(finding, { leafIndex, slot }, { leafIndex, slot: slot + 1, due });
      }
    }
    return this.#page(horizon === null ? null : { leafIndex: horizon + 1, slot: 0, due });
  }

  before(place: FeedPlace): Omit<FindingsPage, 'end'> {
    const due = null;
    const { leaves, horizon } = this.#context.findingLeaves.downFrom(
      place.leafIndex,
      LEAVES_A_PAGE,
    );
    for (const leafIndex of leaves) {
      for (const { slot, finding } of this.#leaves.at(leafIndex).reverse()) {
        if (leafIndex === place.leafIndex && slot >= place.slot) continue;
        if (!this.#isAsked(finding)) continue;
        if (this.#isFull) return this.#page({ leafIndex, slot: slot + 1, due });
        this.#add(finding, { leafIndex, slot }, { leafIndex, slot, due });
      }
    }
    return this.#page(horizon === null ? null : { leafIndex: horizon, slot: 0, due });
  }

  /** Null: all are told. Else where the next page begins. */
  #due(place: FeedPlace): DuePlace | null {
    if (place.due === null) return null;
    const { handovers } = this.#context.store;
    const asked = { from: place.due, untilMs: this.#nowMs };
    const { halves, next, isMore } = dueHalves(handovers, asked);
    for (const half of halves) {
      if (!isBefore(half, place)) continue;
      const finding = findingOfHalf(handovers, half, this.#nowMs);
      if (finding?.kind !== 'handover_missing' || !this.#isAsked(finding)) continue;
      const due = duePlace(half);
      if (this.#isFull) return due;
      const id = { leafIndex: half.leafIndex, slot: half.part };
      this.#add(finding, id, { ...place, due: { ...due, part: due.part + 1 } });
    }
    return isMore ? next : null;
  }

  get #isFull(): boolean {
    return this.#found.length >= this.#query.limit;
  }

  #add(
    finding: TraceFinding,
    { leafIndex, slot }: Omit<FeedPlace, 'due'>,
    behind: FeedPlace,
  ): void {
    this.#found.push({ ...finding, id: `${leafIndex}.${slot}`, cursor: formatPlace(behind) });
  }

  #page(next: FeedPlace | null): Omit<FindingsPage, 'end'> {
    return { findings: this.#found, next: next && formatPlace(next) };
  }

  #isAsked(finding: TraceFinding): boolean {
    const { kind, device } = this.#query;
    if (kind !== undefined && finding.kind !== kind) return false;
    const subject = this.#subject;
    if (subject !== null && canonicalUri(finding.subject ?? '') !== subject) return false;
    return device === undefined || finding.device === device;
  }
}

/** Whether a reader at the place has passed the half. */
function isBefore({ leafIndex, part }: HandoverHalf, place: FeedPlace): boolean {
  return leafIndex < place.leafIndex || (leafIndex === place.leafIndex && part < place.slot);
}
