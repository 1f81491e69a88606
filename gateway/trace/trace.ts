import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Outcome } from '../http/backend.ts';
import type { Trace, TraceConditions, TraceFinding, TraceQuery } from '../http/trace-backend.ts';
import { conditionsOf } from './conditions.ts';
import { custodyFindings } from './custody.ts';
import { EventReader } from './event-reader.ts';
import { GraphWalk } from './graph.ts';
import { nameOf } from './item-name.ts';
import { gtinOf } from './lots.ts';
import { ALWAYS } from './moment.ts';
import type { RouteConfig } from './route-config.ts';
import { routeFindings, routeOf } from './routes.ts';
import { type Stay, staysOf } from './stays.ts';
import type { TraceContext } from './trace-context.ts';

/** Inputs of an input: how it was for them is told of the nearest. */
const ORIGINS_TOLD_MAX = 16;

/** Where a thing comes from and what became of it, where it was, and how it was for it there. */
export function trace(
  context: TraceContext,
  query: TraceQuery,
  routes: readonly RouteConfig[],
): Outcome<Trace> {
  const item = canonicalUri(query.epc);
  const { direction, depth } = query;
  const reader = new EventReader(context);
  const isClass = gtinOf(item) === null && ['lot', 'product'].includes(nameOf(item).kind);
  const graph = new GraphWalk(context, reader).walk([{ item, isClass }], { direction, depth });
  const origins = direction === 'down' ? [] : [...graph.origins].slice(0, ORIGINS_TOLD_MAX);
  const told = [
    { item, window: ALWAYS },
    ...origins.map(([one, window]) => ({ item: one, window })),
  ];
  const stays = told.flatMap(({ item: one, window }) => staysOf(reader, one, window));
  const conditions = told.flatMap((one) => conditionsOf(context, reader, one));
  const custody = custodyFindings(context, reader, told);
  if (reader.ofItem(item).length === 0 && conditions.length === 0) {
    return { ok: false, code: 'not_found', detail: 'no event and no reading is of this thing' };
  }
  return {
    ok: true,
    value: {
      item,
      direction,
      isTruncated: graph.isTruncated || reader.isTruncated || graph.origins.size > ORIGINS_TOLD_MAX,
      nodes: graph.nodes,
      edges: graph.edges,
      stays,
      conditions,
      findings: [
        ...graph.findings,
        ...conditions.flatMap(findingsOf),
        ...custody,
        ...onRoute(stays, routes, context.nowMs()),
      ],
    },
  };
}

/** A thing that still is where it may not be as long is told of here, before it is seen again. */
function onRoute(
  stays: readonly Stay[],
  routes: readonly RouteConfig[],
  nowMs: number,
): TraceFinding[] {
  return stays.flatMap((stay, i) => {
    const route = routeOf(routes, stay.item);
    const previous = stays[i - 1];
    const before = previous?.item === stay.item ? previous : null;
    return route ? routeFindings(route, { before, stay, nowMs }) : [];
  });
}

function findingsOf(of: TraceConditions): TraceFinding[] {
  const about = { subject: of.item, device: of.device, leafIndex: null };
  const excursions = of.excursions.map(({ fromMs, untilMs, min, max, rules }): TraceFinding => {
    const values = min === null ? 'values erased' : `${min} to ${max} ${of.unit}`;
    const text = `${of.sensor} of ${of.via} broke ${rules[0]?.rule ?? 'a limit'}: ${values}.`;
    return { kind: 'excursion', ...about, fromMs, untilMs, text, rule: rules[0] ?? null };
  });
  const gaps = of.gaps.map(({ fromMs, untilMs, missing }): TraceFinding => {
    const text =
      missing > 0
        ? `${missing} statements of ${of.device} are not in the log.`
        : `${of.device} said nothing for longer than it is registered to.`;
    return { kind: 'gap', ...about, fromMs, untilMs, text, rule: null };
  });
  return [...excursions, ...gaps];
}
