// A layered drawing of a trace: columns by depth, rows ordered so that few edges cross (Sugiyama's barycentre).
import type { TraceEdge, TraceNode } from '../api/trace-answers.ts';

export interface PlacedNode extends TraceNode {
  readonly x: number;
  readonly y: number;
}
export interface PlacedEdge extends TraceEdge {
  readonly start: { readonly x: number; readonly y: number };
  readonly end: { readonly x: number; readonly y: number };
}
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** Nodes that a column had no room for. */
  readonly omitted: number;
}

export const NODE_WIDTH = 168;
export const NODE_HEIGHT = 52;
const COLUMN_GAP = 56;
const ROW_GAP = 18;
const MARGIN = 12;
/** More in one column is a list, and is in the table beside the drawing. */
export const COLUMN_ROWS_MAX = 24;
const SWEEPS = 6;

export function graphLayout(nodes: readonly TraceNode[], edges: readonly TraceEdge[]): GraphLayout {
  const columns = columnsOf(nodes);
  const shown = new Map(columns.flat().map((node) => [node.item, node]));
  const neighbours = neighboursOf(edges, shown);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const order = sweep % 2 === 0 ? columns : columns.toReversed();
    const rows = rowsOf(columns);
    for (const column of order) {
      reorder(column, neighbours, rows);
      for (const [row, { item }] of column.entries()) rows.set(item, row);
    }
  }
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = 2 * MARGIN + tallest * NODE_HEIGHT + (tallest - 1) * ROW_GAP;
  const placed = new Map<string, PlacedNode>();
  for (const [i, column] of columns.entries()) {
    const own = column.length * NODE_HEIGHT + (column.length - 1) * ROW_GAP;
    const top = (height - own) / 2;
    for (const [row, node] of column.entries()) {
      const x = MARGIN + i * (NODE_WIDTH + COLUMN_GAP);
      placed.set(node.item, { ...node, x, y: top + row * (NODE_HEIGHT + ROW_GAP) });
    }
  }
  const width =
    2 * MARGIN + columns.length * NODE_WIDTH + Math.max(0, columns.length - 1) * COLUMN_GAP;
  return {
    width,
    height,
    nodes: [...placed.values()],
    edges: edges.flatMap((edge) => placedEdge(edge, placed)),
    omitted: nodes.length - shown.size,
  };
}

/** One column for each depth that there is, in order. */
function columnsOf(nodes: readonly TraceNode[]): TraceNode[][] {
  const depths = [...new Set(nodes.map(({ depth }) => depth))].sort((a, b) => a - b);
  return depths.map((depth) =>
    nodes.filter((node) => node.depth === depth).slice(0, COLUMN_ROWS_MAX),
  );
}

function neighboursOf(
  edges: readonly TraceEdge[],
  shown: ReadonlyMap<string, TraceNode>,
): Map<string, string[]> {
  const neighbours = new Map<string, string[]>();
  const join = (a: string, b: string) => {
    if (shown.has(a) && shown.has(b)) neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
  };
  for (const { from, to } of edges) {
    join(from, to);
    join(to, from);
  }
  return neighbours;
}

function rowsOf(columns: readonly (readonly TraceNode[])[]): Map<string, number> {
  return new Map(columns.flatMap((column) => column.map(({ item }, row) => [item, row])));
}

/** By the mean row of a node's neighbours; one without any keeps its row. */
function reorder(
  column: TraceNode[],
  neighbours: ReadonlyMap<string, readonly string[]>,
  rows: ReadonlyMap<string, number>,
): void {
  const weight = new Map(
    column.map(({ item }, row) => {
      const beside = (neighbours.get(item) ?? []).map((other) => rows.get(other) ?? row);
      const mean = beside.reduce((sum, at) => sum + at, 0) / beside.length;
      return [item, beside.length === 0 ? row : mean];
    }),
  );
  column.sort((a, b) => (weight.get(a.item) ?? 0) - (weight.get(b.item) ?? 0));
}

/** From side to facing side; within a column on the right, from one to the other. */
function placedEdge(edge: TraceEdge, placed: ReadonlyMap<string, PlacedNode>): PlacedEdge[] {
  const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
  if (from === undefined || to === undefined) return [];
  const startsRight = from.x <= to.x;
  const endsRight = from.x >= to.x;
  return [{ ...edge, start: portOf(from, startsRight), end: portOf(to, endsRight) }];
}

function portOf({ x, y }: PlacedNode, onRight: boolean): { x: number; y: number } {
  return { x: onRight ? x + NODE_WIDTH : x, y: y + NODE_HEIGHT / 2 };
}

/** SVG path of an edge: it leaves and arrives level. */
export function edgePath({ start, end }: Pick<PlacedEdge, 'start' | 'end'>): string {
  const bend = start.x === end.x ? COLUMN_GAP / 2 : (end.x - start.x) / 2;
  const second = start.x === end.x ? end.x + bend : end.x - bend;
  return `M${start.x},${start.y} C${start.x + bend},${start.y} ${second},${end.y} ${end.x},${end.y}`;
}
