import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { findingOfHalf } from '../handover/handover-findings.ts';
import { ITEMS_MAX } from '../handover/handover-half.ts';
import type { TraceFinding } from '../http/trace-backend.ts';
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

/** Containers around a container, looked through for a thing that is put into itself. */
const NESTED_MAX = 32;

/** A finding and its number at its leaf, which stays when another one at the leaf goes. */
export interface NumberedFinding {
  readonly slot: number;
  readonly finding: TraceFinding;
}

/** What one leaf brings to light. */
export class LeafFindings {
  readonly #context: TraceContext;
  readonly #routes: readonly RouteConfig[];
  readonly #reader: EventReader;

  constructor(context: TraceContext, routes: readonly RouteConfig[]) {
    this.#context = context;
    this.#routes = routes;
    this.#reader = new EventReader(context);
  }

  /** By their numbers: halves of hand-overs have those of their parts, the others come behind. */
  at(leafIndex: number): NumberedFinding[] {
    const { store } = this.#context;
    const row = store.packs.row(leafIndex);
    const others = [
      ...store.fold.rulingsOfBatch(leafIndex).map((ruling) => this.#excursion(ruling)),
      ...(row ? this.#flags(row) : []),
      ...this.#event(leafIndex),
    ];
    return [
      ...this.#handovers(leafIndex),
      ...others.flatMap((finding, i) => (finding ? { slot: ITEMS_MAX + i, finding } : [])),
    ];
  }

  #handovers(leafIndex: number): NumberedFinding[] {
    const { store, nowMs } = this.#context;
    return store.handovers.ofLeaf(leafIndex).flatMap((half) => {
      const finding = findingOfHalf(store.handovers, half, nowMs());
      return finding ? { slot: half.part, finding } : [];
    });
  }

  #excursion({ id, rule, version, batchLeaf }: RulingRow): TraceFinding | null {
    const { store, state } = this.#context;
    const record = state().membership?.law.rules.get(ruleKey({ id: rule, version }));
    const leafIndex = store.leaves.find(id);
    const row = leafIndex === null ? null : store.packs.row(leafIndex);
    if (!record) return null;
    const { title, responsible } = record.rule;
    const who = `${responsible.name} (${responsible.organisation}) answers for the rule.`;
    const how = row ? '' : ' It was kept out of the log.';
    return {
      kind: 'excursion',
      ...this.#about(row),
      fromMs: row?.firstMs ?? this.#logTimeMs(batchLeaf),
      untilMs: row?.lastMs ?? null,
      text: `A statement broke “${title}” (${ruleKey({ id: rule, version })}).${how} ${who}`,
      leafIndex: leafIndex ?? batchLeaf,
      rule: ruleView(record.rule),
    };
  }

  /** Of flags that stay on until somebody acts, the first statement of a stream that has one. */
  #flags(row: PackRow): (TraceFinding | null)[] {
    const { packs } = this.#context.store;
    const [below] = packs.below(row.keyNo, row.seq, 1);
    const before = below ? (packs.row(below.leafIndex)?.grade ?? 0) : 0;
    const isNew = (flag: number) => (row.grade & flag) !== 0 && (before & flag) === 0;
    const { leafIndex, firstMs, lastMs } = row;
    const about = { ...this.#about(row), leafIndex, rule: null };
    const missing = row.seq - (below?.seq ?? 0) - 1;
    const sinceMs = below ? (packs.row(below.leafIndex)?.lastMs ?? firstMs) : firstMs;
    const isGap = (row.grade & FLAG.gapBefore) !== 0 && missing > 0;
    return [
      isNew(FLAG.fork)
        ? {
            kind: 'fork',
            ...about,
            fromMs: firstMs,
            untilMs: lastMs,
            text: 'One key signed two statements under one number.',
          }
        : null,
      isGap
        ? {
            kind: 'gap',
            ...about,
            fromMs: Math.min(sinceMs, firstMs),
            untilMs: firstMs,
            text: `${missing} statements before number ${row.seq} are not in the log.`,
          }
        : null,
      isNew(FLAG.calibrationOverdue)
        ? {
            kind: 'calibration_overdue',
            ...about,
            fromMs: firstMs,
            untilMs: null,
            text: 'A sensor’s calibration certificate had run out.',
          }
        : null,
    ];
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
