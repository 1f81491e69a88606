import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Outcome } from '../http/backend.ts';
import type {
  RecallBasis,
  RecallItem,
  RecallQuery,
  TraceEdge,
  TraceFinding,
} from '../http/trace-backend.ts';
import type { TimeRange } from '../reads/pack-walk.ts';
import { deviceKeysOf } from '../reads/read-context.ts';
import { parentsOf } from './containment.ts';
import { EventReader } from './event-reader.ts';
import { DEPTH_MAX, GraphWalk } from './graph.ts';
import { lotOf } from './item-name.ts';
import { gtinsOfLot, lotLink } from './lots.ts';
import { ALWAYS, common, type Window } from './moment.ts';
import { lastStay, sightings } from './stays.ts';
import type { TraceContext } from './trace-context.ts';

const LOTS_NAMED_MAX = 20;
/** Events at one place that are looked at for who was there. */
const PLACE_EVENTS_MAX = 10_000;
const PACKS_LOOKED_AT_MAX = 50_000;

export interface Affected {
  readonly basis: RecallBasis;
  readonly items: readonly RecallItem[];
  readonly findings: readonly TraceFinding[];
  readonly isTruncated: boolean;
}

interface Root {
  readonly item: string;
  readonly isClass: boolean;
  readonly window: Window;
}

/** All that a bad lot, thing or stretch of time reached, and where each was seen last. */
export function affectedBy(context: TraceContext, query: RecallQuery): Outcome<Affected> {
  const reader = new EventReader(context);
  const named = rootsOf(context, reader, query);
  if (!named.ok) return named;
  const { basis, roots } = named.value;
  const graph = new GraphWalk(context, reader).walk(roots, { direction: 'down', depth: DEPTH_MAX });
  const why = new Map<string, TraceEdge[]>();
  for (const edge of graph.edges) why.set(edge.to, [...(why.get(edge.to) ?? []), edge]);
  // A place is not recalled for what was in it.
  const recalled = graph.nodes.filter(({ item }) => !named.value.places.has(item));
  const items = recalled.map(({ item, isClass, depth }) => {
    return { item, isClass, depth, why: why.get(item) ?? [], lastSeen: lastStay(reader, item) };
  });
  const isTruncated = graph.isTruncated || reader.isTruncated;
  return { ok: true, value: { basis, items, findings: graph.findings, isTruncated } };
}

interface Named {
  basis: RecallBasis;
  roots: Root[];
  places: ReadonlySet<string>;
}

function rootsOf(context: TraceContext, reader: EventReader, query: RecallQuery): Outcome<Named> {
  if ('device' in query) return ofDevice(context, reader, query);
  if ('lot' in query) {
    const lot = lotNamed(context, query.lot);
    if (!lot.ok) return lot;
    return known(context, reader, { kind: 'lot', item: lot.value });
  }
  return known(context, reader, { kind: 'epc', item: canonicalUri(query.epc) });
}

function known(
  context: TraceContext,
  reader: EventReader,
  basis: { kind: 'lot' | 'epc'; item: string },
): Outcome<Named> {
  const { kind, item } = basis;
  const isClass = kind === 'lot' || lotOf(item) !== null;
  const lot = isClass ? lotOf(item)?.lot : undefined;
  const isTold = lot !== undefined && gtinsOfLot(context.tables, lot, 1).length > 0;
  if (reader.ofItem(item).length === 0 && !isTold) return NOTHING;
  return {
    ok: true,
    value: { basis, roots: [{ item, isClass, window: ALWAYS }], places: new Set() },
  };
}

const NOTHING = {
  ok: false,
  code: 'not_found',
  detail: 'no event is of this lot or thing',
} as const;

/** A link or URN; or the lot's own text where only one product has such a lot. */
function lotNamed({ tables }: TraceContext, text: string): Outcome<string> {
  if (/^(?:https?|urn):/i.test(text)) return { ok: true, value: canonicalUri(text) };
  const escaped = lotLink(ANY_GTIN, text).slice(lotLink(ANY_GTIN, '').length);
  const told = gtinsOfLot(tables, text, LOTS_NAMED_MAX).map((gtin) => lotLink(gtin, text));
  const [only, other] = new Set([...tables.lots(escaped, LOTS_NAMED_MAX), ...told]);
  if (only === undefined) return NOTHING;
  if (other === undefined) return { ok: true, value: only };
  const detail = `several products have such a lot (${only}, ${other}): name it by its link`;
  return { ok: false, code: 'ambiguous_lot', detail };
}

const ANY_GTIN = '00000000000000';

/** What the device measured then: the subjects of its packs, what it was fixed to, who was there. */
function ofDevice(
  context: TraceContext,
  reader: EventReader,
  { device, fromMs, toMs }: { device: string; fromMs: number; toMs: number },
): Outcome<Named> {
  if (!context.state().devices.has(device)) return NOTHING;
  const range = { fromMs, toMs };
  const window = windowOf(range);
  const subjects = new Set(subjectsThen(context, reader, device, range));
  for (const one of parentsOf(reader, device)) {
    if (common(window, one.window)) subjects.add(one.parent);
  }
  const roots: Root[] = [];
  const places = new Set<string>();
  for (const subject of subjects) {
    const there = presentAt(context, reader, subject, window);
    if (there.length > 0) places.add(subject);
    roots.push({ item: subject, isClass: lotOf(subject) !== null, window }, ...there);
  }
  return { ok: true, value: { basis: { kind: 'device', device, ...range }, roots, places } };
}

function windowOf({ fromMs, toMs }: TimeRange): Window {
  return {
    from: { ms: fromMs, leafIndex: -1 },
    to: { ms: toMs, leafIndex: Number.POSITIVE_INFINITY },
  };
}

function subjectsThen(
  { store, state }: TraceContext,
  reader: EventReader,
  device: string,
  { fromMs, toMs }: TimeRange,
): string[] {
  const subjects = new Set<number>();
  for (const { no } of deviceKeysOf(state(), device)) {
    const rows = store.packs.scan({
      scope: 'key',
      no,
      wide: false,
      afterMs: fromMs,
      afterLeaf: -1,
      beforeMs: toMs,
      limit: PACKS_LOOKED_AT_MAX,
    });
    if (rows.length === PACKS_LOOKED_AT_MAX) reader.isTruncated = true;
    for (const { subjectNo } of rows) subjects.add(subjectNo);
  }
  return [...subjects].map((no) => canonicalUri(store.packs.subjectText(no)));
}

/** Things whose stay at a place shares time with the window, each for that time. */
function presentAt(
  { tables }: TraceContext,
  reader: EventReader,
  place: string,
  window: Window,
): Root[] {
  const names = ['readPoint', 'bizLocation'] as const;
  const leaves = new Set(names.flatMap((name) => tables.ofTerm(name, place, PLACE_EVENTS_MAX)));
  if (leaves.size >= PLACE_EVENTS_MAX) reader.isTruncated = true;
  const things = new Map<string, boolean>();
  for (const leafIndex of leaves) {
    const event = reader.at(leafIndex);
    if (!event || event.moment.ms > window.to.ms) continue;
    for (const { item, isClass } of event.things) things.set(item, isClass);
  }
  return [...things].flatMap(([item, isClass]) => {
    const seen = sightings(reader, item);
    return seen.flatMap(({ event }, i): Root[] => {
      const { readPoint, bizLocation } = event.place;
      if (readPoint !== place && bizLocation !== place) return [];
      const to = seen[i + 1]?.event.moment ?? ALWAYS.to;
      const stay = common(window, { from: event.moment, to });
      return stay ? [{ item, isClass, window: stay }] : [];
    });
  });
}
