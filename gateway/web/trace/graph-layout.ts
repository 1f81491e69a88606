// A layered drawing of a trace: columns by depth, rows ordered so that few edges cross (Sugiyama's barycentre).
import type { TraceEdge, TraceNode } from '../api/trace-answers.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface PlacedNode extends TraceNode, Point {}
export interface PlacedEdge extends TraceEdge {
  /** From the one node's side to the other's, by way of the columns between them. */
  readonly points: readonly Point[];
}
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** Nodes that a column had no room for. */
  readonly omitted: number;
}

export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 52;
/** Room for the name of a relation. */
const COLUMN_GAP = 88;
/** How far an edge within a column swings out of it. */
const ASIDE = 26;
const ROW_GAP = 18;
const MARGIN = 12;
/** What an edge takes up in a column that it passes. */
const PASS_HEIGHT = 8;
/** More in one column is a list, and is in the table beside the drawing. */
export const COLUMN_ROWS_MAX = 24;
const SWEEPS = 6;

/** A row of a column: a node, or an edge on its way past (`node` null). */
interface Slot {
  readonly key: string;
  readonly node: TraceNode | null;
}

export function graphLayout(nodes: readonly TraceNode[], edges: readonly TraceEdge[]): GraphLayout {
  const { columns, shown } = columnsOf(nodes);
  const ways = edges.flatMap((edge, i) => wayOf(edge, i, shown));
  for (const { slots } of ways) {
    for (const { column, key } of slots.slice(1, -1)) columns[column]?.push({ key, node: null });
  }
  order(columns, ways);
  const heights = columns.map(heightOf);
  const height = Math.max(NODE_HEIGHT, ...heights) + 2 * MARGIN;
  const placed = new Map<string, Point>();
  for (const [i, column] of columns.entries()) {
    const x = MARGIN + i * (NODE_WIDTH + COLUMN_GAP);
    let y = (height - (heights[i] ?? 0)) / 2;
    for (const slot of column) {
      placed.set(slot.key, { x, y });
      y += sizeOf(slot) + ROW_GAP;
    }
  }
  const gaps = Math.max(0, columns.length - 1) * COLUMN_GAP;
  return {
    width: 2 * MARGIN + columns.length * NODE_WIDTH + gaps,
    height,
    nodes: columns.flat().flatMap(({ key, node }) => {
      const at = placed.get(key);
      return node === null || at === undefined ? [] : [{ ...node, ...at }];
    }),
    edges: ways.map(({ edge, slots }) => ({ ...edge, points: pointsOf(slots, placed) })),
    omitted: nodes.length - shown.size,
  };
}

/** One column for each depth that there is, in order, and which column a node is in. */
function columnsOf(nodes: readonly TraceNode[]) {
  const depths = [...new Set(nodes.map(({ depth }) => depth))].sort((a, b) => a - b);
  const columns = depths.map((depth) =>
    nodes
      .filter((node) => node.depth === depth)
      .slice(0, COLUMN_ROWS_MAX)
      .map((node): Slot => ({ key: node.item, node })),
  );
  const shown = new Map(columns.flatMap((column, i) => column.map(({ key }) => [key, i] as const)));
  return { columns, shown };
}

interface Way {
  readonly edge: TraceEdge;
  /** Of the first node, of the columns it passes, of the last node. */
  readonly slots: readonly { readonly column: number; readonly key: string }[];
}

function wayOf(edge: TraceEdge, number: number, shown: ReadonlyMap<string, number>): Way[] {
  const [start, end] = [shown.get(edge.from), shown.get(edge.to)];
  if (start === undefined || end === undefined) return [];
  const step = Math.sign(end - start);
  const passed = Array.from({ length: Math.max(0, Math.abs(end - start) - 1) }, (_, i) => {
    const column = start + (i + 1) * step;
    return { column, key: `\0${number} ${column}` };
  });
  const [from, to] = [
    { column: start, key: edge.from },
    { column: end, key: edge.to },
  ];
  return [{ edge, slots: [from, ...passed, to] }];
}

/** Sweeps there and back: each row goes to the mean row of what it is joined with. */
function order(columns: Slot[][], ways: readonly Way[]): void {
  const joined = new Map<string, string[]>();
  const join = (a: string, b: string) => joined.set(a, [...(joined.get(a) ?? []), b]);
  for (const { slots } of ways) {
    for (const [i, { key }] of slots.slice(1).entries()) {
      const before = slots[i]?.key ?? key;
      join(before, key);
      join(key, before);
    }
  }
  const rows = new Map(
    columns.flatMap((column) => column.map(({ key }, row) => [key, row] as const)),
  );
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const weight = new Map(
        column.map(({ key }, row) => [key, meanRow(joined.get(key), rows, row)]),
      );
      column.sort((a, b) => (weight.get(a.key) ?? 0) - (weight.get(b.key) ?? 0));
      for (const [row, { key }] of column.entries()) rows.set(key, row);
    }
  }
}

/** What is joined with nothing keeps its row. */
function meanRow(
  keys: readonly string[] | undefined,
  rows: ReadonlyMap<string, number>,
  row: number,
): number {
  if (keys === undefined) return row;
  return keys.reduce((sum, key) => sum + (rows.get(key) ?? row), 0) / keys.length;
}

const sizeOf = ({ node }: Slot) => (node === null ? PASS_HEIGHT : NODE_HEIGHT);

function heightOf(column: readonly Slot[]): number {
  return column.reduce((sum, slot) => sum + sizeOf(slot) + ROW_GAP, -ROW_GAP);
}

/** A node is left and entered at the side that faces the other; what is passed is crossed level. */
function pointsOf(slots: Way['slots'], placed: ReadonlyMap<string, Point>): Point[] {
  const [first, last] = [slots[0], slots.at(-1)];
  const goesRight = (first?.column ?? 0) <= (last?.column ?? 0);
  const comesLeft = (first?.column ?? 0) < (last?.column ?? 0);
  return slots.flatMap((slot, i) => {
    const at = placed.get(slot.key) ?? { x: 0, y: 0 };
    const [left, right] = [at.x, at.x + NODE_WIDTH];
    if (i === 0) return [{ x: goesRight ? right : left, y: at.y + NODE_HEIGHT / 2 }];
    if (i === slots.length - 1) return [{ x: comesLeft ? left : right, y: at.y + NODE_HEIGHT / 2 }];
    const y = at.y + PASS_HEIGHT / 2;
    const sides = goesRight ? [left, right] : [right, left];
    return sides.map((x) => ({ x, y }));
  });
}

/** SVG path through points, level at each of them. */
export function edgePath(points: readonly Point[]): string {
  const [start, ...rest] = points;
  if (start === undefined) return '';
  let [path, last] = [`M${start.x},${start.y}`, start];
  for (const point of rest) {
    const isAside = last.x === point.x;
    const bend = isAside ? ASIDE : (point.x - last.x) / 2;
    const second = isAside ? point.x + bend : point.x - bend;
    path += ` C${last.x + bend},${last.y} ${second},${point.y} ${point.x},${point.y}`;
    last = point;
  }
  return path;
}
