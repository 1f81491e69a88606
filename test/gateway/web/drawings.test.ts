import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { inclusionPath, leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TraceEdge, TraceNode } from '../../../gateway/web/api/trace-answers.ts';
import { columnsOf, moved, spanOf } from '../../../gateway/web/trace/chart-series.ts';
import {
  COLUMN_ROWS_MAX,
  edgePath,
  graphLayout,
  NODE_HEIGHT,
  NODE_WIDTH,
} from '../../../gateway/web/trace/graph-layout.ts';
import { containersOf, relatedItems } from '../../../gateway/web/trace/related-items.ts';
import { coordinatesOf, routeStops } from '../../../gateway/web/trace/route-stops.ts';
import { timelineOf } from '../../../gateway/web/trace/timeline.ts';
import { inclusionSteps } from '../../../gateway/web/verify/inclusion-steps.ts';
import { CONTAINER, PALLET, sampleChart, sampleTrace } from '../../support/page-answers.ts';

test('the drawn path is the proved one, for every leaf of every tree up to 40', () => {
  for (let size = 1; size <= 40; size += 1) {
    const leaves = Array.from({ length: size }, (_, i) => leafHash(utf8(`${size} ${i}`)));
    const root = toHex(rootOf(leaves));
    for (const [index, leaf] of leaves.entries()) {
      const path = inclusionPath(leaves, index);
      const steps = inclusionSteps({ index, size, leaf, path });
      expect(steps?.at(-1)?.parent ?? toHex(leaf)).toBe(root);
      let below = toHex(leaf);
      for (const step of steps ?? []) {
        expect(step[step.computed]).toBe(below);
        below = step.parent;
      }
    }
  }
});

test('a path of another length has no drawing', () => {
  const leaves = Array.from({ length: 6 }, (_, i) => leafHash(utf8(`${i}`)));
  const leaf = leaves[2]!;
  const path = inclusionPath(leaves, 2);
  expect(inclusionSteps({ index: 2, size: 6, leaf, path: path.slice(1) })).toBeNull();
  expect(inclusionSteps({ index: 2, size: 6, leaf, path: [...path, leaf] })).toBeNull();
});

const node = (item: string, depth: number): TraceNode => ({ item, depth, isClass: false });
const edge = (from: string, to: string): TraceEdge => {
  return { ...sampleTrace().edges[0]!, from, to };
};

test('nodes stand in columns by depth and nowhere on each other', () => {
  const graphs = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      graphs,
      fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 80 }),
      (depths, pairs) => {
        const nodes = depths.map((depth, i) => node(`n${i}`, depth));
        const edges = pairs.map(([a, b]) => edge(`n${a}`, `n${b}`));
        const layout = graphLayout(nodes, edges);
        expect(layout.nodes.length + layout.omitted).toBe(nodes.length);
        for (const [i, a] of layout.nodes.entries()) {
          expect(a.x).toBeGreaterThanOrEqual(0);
          expect(a.x + NODE_WIDTH).toBeLessThanOrEqual(layout.width);
          expect(a.y + NODE_HEIGHT).toBeLessThanOrEqual(layout.height);
          for (const b of layout.nodes.slice(i + 1)) {
            expect(a.depth < b.depth).toBe(a.x < b.x);
            const apart = a.x !== b.x || Math.abs(a.y - b.y) >= NODE_HEIGHT;
            expect(apart).toBe(true);
          }
        }
        const shown = new Set(layout.nodes.map(({ item }) => item));
        const drawable = edges.filter(({ from, to }) => shown.has(from) && shown.has(to));
        expect(layout.edges.length).toBe(drawable.length);
      },
    ),
    { numRuns: 60 },
  );
});

test('rows are ordered so that a ladder does not cross itself', () => {
  const nodes = [
    node('a', 0),
    node('b', 0),
    node('c', 0),
    node('z', 1),
    node('y', 1),
    node('x', 1),
  ];
  const edges = [edge('a', 'x'), edge('b', 'y'), edge('c', 'z')];
  const y = new Map(graphLayout(nodes, edges).nodes.map((placed) => [placed.item, placed.y]));
  const rows = (items: string[]) => items.toSorted((p, q) => (y.get(p) ?? 0) - (y.get(q) ?? 0));
  const left = rows(['a', 'b', 'c']);
  const right = rows(['x', 'y', 'z']);
  const partner: Record<string, string> = { a: 'x', b: 'y', c: 'z' };
  expect(left.map((item) => partner[item])).toEqual(right);
});

test('a crowded column says how many it left out', () => {
  const nodes = Array.from({ length: COLUMN_ROWS_MAX + 7 }, (_, i) => node(`n${i}`, 1));
  expect(graphLayout(nodes, []).omitted).toBe(7);
});

test('an edge leaves and arrives level, within a column too', () => {
  const [a, b] = [
    { x: 0, y: 0 },
    { x: 40, y: 10 },
  ];
  expect(edgePath([a, b])).toBe('M0,0 C20,0 20,10 40,10');
  expect(edgePath([a, { x: 0, y: 9 }])).toBe('M0,0 C26,0 26,9 0,9');
  expect(edgePath([])).toBe('');
});

test('an edge over several columns goes past what stands between', () => {
  const nodes = [node('a', 0), node('b', 1), node('c', 2)];
  const { edges, nodes: placed } = graphLayout(nodes, [
    edge('a', 'c'),
    edge('a', 'b'),
    edge('b', 'c'),
  ]);
  const between = placed.find(({ item }) => item === 'b')!;
  const long = edges.find(({ from, to }) => from === 'a' && to === 'c')!;
  expect(long.points).toHaveLength(4);
  for (const { y } of long.points.slice(1, 3)) {
    expect(y < between.y || y > between.y + NODE_HEIGHT).toBe(true);
  }
});

test('no line is drawn across a gap', () => {
  const { points, gaps } = sampleChart({ points: 50 });
  const [seconds, min, , mean] = columnsOf(points, gaps);
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
  const [gap] = gaps;
  const inside = seconds.findIndex((at) => at * 1000 > gap!.fromMs && at * 1000 < gap!.untilMs);
  expect([min?.[inside], mean?.[inside]]).toEqual([null, null]);
  expect(min?.filter((value) => value === null)).toHaveLength(1);
});

test('moving about in time', () => {
  const span = { fromMs: 10_000, untilMs: 30_000 };
  expect(moved(span, 'earlier')).toEqual({ fromMs: 0, untilMs: 20_000 });
  expect(moved(span, 'later')).toEqual({ fromMs: 20_000, untilMs: 40_000 });
  expect(moved(span, 'closer')).toEqual({ fromMs: 15_000, untilMs: 25_000 });
  expect(moved(span, 'wider')).toEqual({ fromMs: 0, untilMs: 40_000 });
  expect(moved({ fromMs: 5, untilMs: 5 }, 'closer').untilMs).toBeGreaterThan(5);
  expect(spanOf([])).toBeNull();
});

test('the timeline has everything once, in order', () => {
  const trace = sampleTrace();
  const all = timelineOf(trace);
  const times = all.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(all).toHaveLength(trace.stays.length + trace.edges.length + 2);
});

test('stops of the thing itself, with what was measured at each', () => {
  const trace = sampleTrace();
  const stops = routeStops(trace);
  expect(stops.map(({ excursions }) => excursions)).toEqual([0, 1, 0]);
  expect(stops[1]?.measured).toMatchObject([{ quantity: 'load temperature', min: 2.4, max: 10.6 }]);
  const [first] = trace.stays;
  const again = { ...first!, fromMs: first!.untilMs!, untilMs: first!.untilMs! + 1 };
  const twice = routeStops({ ...trace, stays: [...trace.stays, again] });
  expect(twice).toHaveLength(3);
  expect(twice[0]?.untilMs).toBe(again.untilMs);
  expect(routeStops({ ...trace, item: 'other' })).toEqual([]);
});

test('what left in transit is on its way, and a report without a place ends no stop', () => {
  const trace = sampleTrace();
  const [packed, shipped, received] = trace.stays;
  const [condition] = trace.conditions;
  const reportMs = shipped!.fromMs + 3_600_000;
  const report = { ...shipped!, readPoint: null, bizStep: 'sensor_reporting', fromMs: reportMs };
  const leaving = { ...shipped!, disposition: 'in_transit', untilMs: reportMs };
  const stays = [packed!, leaving, report, received!];
  const stops = routeStops({ ...trace, stays });
  expect(stops.map(({ place, fromMs, untilMs }) => [place, fromMs, untilMs])).toEqual([
    [packed!.readPoint, packed!.fromMs, packed!.untilMs],
    [shipped!.readPoint, shipped!.fromMs, shipped!.fromMs],
    [null, shipped!.fromMs, received!.fromMs],
    [received!.readPoint, received!.fromMs, null],
  ]);
  expect(stops.map(({ measured }) => measured.length)).toEqual([0, 0, 1, 0]);
  expect(stops[2]?.measured).toEqual([condition]);
  expect(stops.map(({ excursions }) => excursions)).toEqual([0, 0, 1, 0]);
  expect(timelineOf({ ...trace, stays }).some(({ atMs }) => atMs === reportMs)).toBe(false);
});

test('words about lots, product and inputs go for a thing; containers lead outward', () => {
  const box = 'https://id.gs1.org/01/09506000134352/21/B-1';
  const lot = 'https://id.gs1.org/01/09506000134352/10/L-1';
  const field = 'https://id.gs1.org/01/09506000134369/10/F-1';
  const [any] = sampleTrace().edges;
  const edge = (from: string, to: string, kind: TraceEdge['kind']) => ({ ...any!, from, to, kind });
  const trace = {
    ...sampleTrace(box),
    edges: [
      edge(lot, box, 'lot'),
      edge(field, lot, 'becomes'),
      edge(lot, field, 'becomes'),
      edge(PALLET, box, 'contains'),
      edge(CONTAINER, PALLET, 'contains'),
      edge('urn:order:1', box, 'transaction'),
    ],
  };
  expect(relatedItems(trace)).toEqual([
    ...[box, 'https://id.gs1.org/01/09506000134352', lot],
    ...[field, 'https://id.gs1.org/01/09506000134369'],
  ]);
  expect(containersOf(trace)).toEqual([PALLET, CONTAINER]);
});

test('coordinates of a place (RFC 5870)', () => {
  expect(coordinatesOf('geo:45.46,-9.19;u=5')).toEqual({ lat: 45.46, lon: -9.19 });
  expect(coordinatesOf('geo:95,9')).toBeNull();
  expect(coordinatesOf('https://id.gs1.org/414/1')).toBeNull();
});
