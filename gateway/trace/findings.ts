import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Outcome } from '../http/backend.ts';
import type { FindingsPage, FindingsQuery, TraceFinding } from '../http/trace-backend.ts';
import { FLAG } from '../ledger/grade.ts';
import { statementAt } from '../reads/breaches.ts';
import type { RulingRow } from '../store/fold.ts';
import type { PackRow } from '../store/packs.ts';
import { parentsOf } from './containment.ts';
import { EventReader } from './event-reader.ts';
import { ruleView } from './limits.ts';
import { holds, type Moment } from './moment.ts';
import type { RouteConfig } from './route-config.ts';
import { routeFindings, routeOf } from './routes.ts';
import { staysOf } from './stays.ts';
import type { TraceContext } from './trace-context.ts';

/** Of each source, leaves that one page looks at; it may be short and still have a next one. */
const LEAVES_A_PAGE = 500;
const RULINGS_A_LEAF_MAX = 4_096;
const CURSOR = /^(\d{1,15})\.(\d{1,5})$/;
/** Containers around a container, looked through for a thing that is put into itself. */
const NESTED_MAX = 32;

/**
 * What is wrong, by what the log says, in the order in which it came to know: a finding belongs to
 * the leaf that brought it, so the next page follows whatever is appended meanwhile.
 */
export function findings(
  context: TraceContext,
  query: FindingsQuery,
  routes: readonly RouteConfig[],
): Outcome<FindingsPage> {
  const cursor = CURSOR.exec(query.after ?? '0.0');
  if (!cursor) return { ok: false, code: 'bad_cursor', detail: 'the cursor is not one of ours' };
  const [leaf = 0, given = 0] = cursor.slice(1).map(Number);
  const end = `${context.state().size}.0`;
  const asked = query.subject === undefined ? {} : { subject: canonicalUri(query.subject) };
  const { leaves, horizon } = leavesFrom(context, leaf);
  const found: FindingsPage['findings'][number][] = [];
  const feed = new LeafFindings(context, routes);
  for (const leafIndex of leaves) {
    const all = feed.at(leafIndex);
    for (let i = leafIndex === leaf ? given : 0; i < all.length; i += 1) {
      const finding = all[i];
      if (!finding || !isAsked(finding, { ...query, ...asked })) continue;
      if (found.length === query.limit) {
        return { ok: true, value: { findings: found, next: `${leafIndex}.${i}`, end } };
      }
      found.push({ ...finding, cursor: `${leafIndex}.${i + 1}` });
    }
  }
  const next = horizon === null ? null : `${horizon + 1}.0`;
  return { ok: true, value: { findings: found, next, end } };
}

/** Leaves that may have findings, ascending, up to the horizon; null where these were the last. */
function leavesFrom(
  { tables, store }: TraceContext,
  from: number,
): { leaves: number[]; horizon: number | null } {
  const ruled = store.fold.rulingsFrom(from, LEAVES_A_PAGE).map(({ batchLeaf }) => batchLeaf);
  const flagged = tables.flaggedFrom(from, LEAVES_A_PAGE);
  const events = tables.eventsFrom(from, LEAVES_A_PAGE);
  const ends = [ruled, flagged, events].flatMap((leaves) =>
    leaves.length === LEAVES_A_PAGE ? (leaves.at(-1) ?? []) : [],
  );
  const horizon = ends.length > 0 ? Math.min(...ends) : null;
  const all = [...new Set([...ruled, ...flagged, ...events])].sort((a, b) => a - b);
  return { leaves: horizon === null ? all : all.filter((leaf) => leaf <= horizon), horizon };
}

function isAsked(
  finding: TraceFinding,
  { kind, subject, device }: Partial<FindingsQuery>,
): boolean {
  if (kind !== undefined && finding.kind !== kind) return false;
  if (subject !== undefined && canonicalUri(finding.subject ?? '') !== subject) return false;
  return device === undefined || finding.device === device;
}

/** What one leaf brings to light. */
class LeafFindings {
  readonly #context: TraceContext;
  readonly #routes: readonly RouteConfig[];
  readonly #reader: EventReader;

  constructor(context: TraceContext, routes: readonly RouteConfig[]) {
    this.#context = context;
    this.#routes = routes;
    this.#reader = new EventReader(context);
  }

  at(leafIndex: number): TraceFinding[] {
    const { store } = this.#context;
    const rulings = store.fold
      .rulingsFrom(leafIndex, RULINGS_A_LEAF_MAX)
      .filter(({ batchLeaf }) => batchLeaf === leafIndex);
    const row = store.packs.row(leafIndex);
    return [
      ...rulings.flatMap((ruling) => this.#excursion(ruling)),
      ...(row ? this.#flags(row) : []),
      ...this.#event(leafIndex),
    ];
  }

  #excursion({ id, rule, version, batchLeaf }: RulingRow): TraceFinding[] {
    const { store, state } = this.#context;
    const record = state().membership?.law.rules.get(ruleKey({ id: rule, version }));
    const leafIndex = store.leaves.find(id);
    const row = leafIndex === null ? null : store.packs.row(leafIndex);
    if (!record) return [];
    const { title, responsible } = record.rule;
    const who = `${responsible.name} (${responsible.organisation}) answers for the rule.`;
    const how = row ? '' : ' It was kept out of the log.';
    return [
      {
        kind: 'excursion',
        ...this.#about(row),
        fromMs: row?.firstMs ?? this.#logTimeMs(batchLeaf),
        untilMs: row?.lastMs ?? null,
        text: `A statement broke “${title}” (${ruleKey({ id: rule, version })}).${how} ${who}`,
        leafIndex: leafIndex ?? batchLeaf,
        rule: ruleView(record.rule),
      },
    ];
  }

  /** Of flags that stay on until somebody acts, the first statement of a stream that has one. */
  #flags(row: PackRow): TraceFinding[] {
    const { packs } = this.#context.store;
    const [below] = packs.below(row.keyNo, row.seq, 1);
    const before = below ? (packs.row(below.leafIndex)?.grade ?? 0) : 0;
    const isNew = (flag: number) => (row.grade & flag) !== 0 && (before & flag) === 0;
    const { leafIndex, firstMs, lastMs } = row;
    const about = { ...this.#about(row), leafIndex, rule: null };
    const found: TraceFinding[] = [];
    if (isNew(FLAG.fork)) {
      const text = 'One key signed two statements under one number.';
      found.push({ kind: 'fork', ...about, fromMs: firstMs, untilMs: lastMs, text });
    }
    const missing = row.seq - (below?.seq ?? 0) - 1;
    if (row.grade & FLAG.gapBefore && missing > 0) {
      const sinceMs = below ? (packs.row(below.leafIndex)?.lastMs ?? firstMs) : firstMs;
      const text = `${missing} statements before number ${row.seq} are not in the log.`;
      const fromMs = Math.min(sinceMs, firstMs);
      found.push({ kind: 'gap', ...about, fromMs, untilMs: firstMs, text });
    }
    if (isNew(FLAG.calibrationOverdue)) {
      const text = 'A sensor’s calibration certificate had run out.';
      found.push({ kind: 'calibration_overdue', ...about, fromMs: firstMs, untilMs: null, text });
    }
    return found;
  }

  #event(leafIndex: number): TraceFinding[] {
    const event = this.#reader.at(leafIndex);
    if (!event) return [];
    const { parent, action, moment } = event;
    const found: TraceFinding[] = [];
    if (parent !== null && action === 'ADD') {
      const children = new Set(event.children.map(({ item }) => item));
      if (this.#isInside(parent, children, moment)) {
        const text = 'By this event a thing is inside itself.';
        const about = { subject: parent, device: null, leafIndex, rule: null };
        found.push({ kind: 'aggregation_cycle', ...about, fromMs: moment.ms, untilMs: null, text });
      }
    }
    const { ms } = moment;
    for (const { item } of event.things) found.push(...this.#route(item, leafIndex, ms));
    return found;
  }

  /** The event ends the stay before it and begins one: of the one it begins, only where it is. */
  #route(item: string, leafIndex: number, nowMs: number): TraceFinding[] {
    const route = routeOf(this.#routes, item);
    if (!route) return [];
    const stays = staysOf(this.#reader, item);
    const at = stays.findIndex((stay) => stay.leafIndex === leafIndex);
    const [before, stay] = [stays[at - 1] ?? null, stays[at]];
    if (!stay) return [];
    const ended = before
      ? routeFindings(route, { before: null, stay: before, nowMs }).filter(isDwell)
      : [];
    const begun = routeFindings(route, { before, stay: { ...stay, untilMs: ms(stay) }, nowMs });
    return [...ended, ...begun.map((one) => ({ ...one, untilMs: null }))];
  }

  #isInside(item: string, containers: ReadonlySet<string>, moment: Moment): boolean {
    let around = [item];
    for (let depth = 0; depth < NESTED_MAX && around.length > 0; depth += 1) {
      if (around.some((one) => containers.has(one))) return true;
      around = around.flatMap((one) =>
        parentsOf(this.#reader, one)
          .filter(({ window }) => holds(window, moment))
          .map(({ parent }) => parent),
      );
    }
    return false;
  }

  #about(row: PackRow | null): { subject: string | null; device: string | null } {
    const { store, state } = this.#context;
    if (!row) return { subject: null, device: null };
    const device = state().keys[row.keyNo]?.iss ?? null;
    return { subject: store.packs.subjectText(row.subjectNo), device };
  }

  #logTimeMs(batchLeaf: number): number {
    return (statementAt(this.#context, batchLeaf)?.iat ?? 0) * 1_000;
  }
}

const isDwell = ({ kind }: TraceFinding) => kind === 'dwell';
/** A stay that just began has lasted for no time. */
const ms = ({ fromMs }: { fromMs: number }) => fromMs;
