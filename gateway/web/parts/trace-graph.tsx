// The trace as a drawing, left to right from what a thing comes from to what became of it; and as a table.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { FactClass, Trace } from '../api/trace-answers.ts';
import { itemName, keyParts } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { hashOf } from '../route.ts';
import {
  edgePath,
  graphLayout,
  NODE_HEIGHT,
  NODE_WIDTH,
  type PlacedEdge,
  type PlacedNode,
} from '../trace/graph-layout.ts';
import { DataTable } from './data-table.tsx';
import { EntryLink, ItemLink, Time } from './links.tsx';
import { Worth } from './worth.tsx';

const LABEL_CHARS_MAX = 21;
const CLASSES: readonly FactClass[] = ['measured', 'observed', 'declared'];
/** Beyond this many, relations are named by the pointer and by the table only. */
const EDGES_NAMED_MAX = 30;

export function TraceGraph({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const layout = useMemo(() => graphLayout(trace.nodes, trace.edges), [trace]);
  const { width, height, nodes, edges, omitted } = layout;
  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const asked = nodes.find(({ item }) => item === trace.item);
    const box = scroll.current;
    if (asked && box) box.scrollLeft = asked.x + NODE_WIDTH / 2 - box.clientWidth / 2;
  }, [nodes, trace.item]);
  const described = say('graph.described', {
    nodes: trace.nodes.length,
    edges: trace.edges.length,
  });
  return (
    <figure class="graph">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
      <div class="scroll" ref={scroll} tabIndex={0}>
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
          <title>{described}</title>
          <ArrowHeads />
          {edges.map((edge) => (
            <Edge
              key={`${edge.from} ${edge.to} ${edge.kind} ${edge.leafIndex}`}
              edge={edge}
              isNamed={edges.length <= EDGES_NAMED_MAX}
              isAlone={edges.filter(({ to }) => to === edge.to).length === 1}
            />
          ))}
          {nodes.map((node) => (
            <Node key={node.item} node={node} isAsked={node.item === trace.item} />
          ))}
        </svg>
      </div>
      <figcaption>
        <ul class="legend">
          {CLASSES.map((name) => (
            <li key={name}>
              <Worth of={name} />
            </li>
          ))}
        </ul>
        {(trace.isTruncated || omitted > 0) && <p class="note">{say('graph.truncated')}</p>}
      </figcaption>
      <details>
        <summary>{say('graph.table')}</summary>
        <TraceTable trace={trace} />
      </details>
    </figure>
  );
}

function ArrowHeads() {
  return (
    <defs>
      {CLASSES.map((name) => (
        <marker
          key={name}
          id={`arrow-${name}`}
          viewBox="0 0 8 8"
          refX={7}
          refY={4}
          markerUnits="userSpaceOnUse"
          markerWidth={9}
          markerHeight={9}
          orient="auto-start-reverse"
        >
          <path class={`fill-${name}`} d="M0,0 L8,4 L0,8 z" />
        </marker>
      ))}
    </defs>
  );
}

function Edge({
  edge,
  isNamed,
  isAlone,
}: {
  edge: PlacedEdge;
  isNamed: boolean;
  /** No other ends where it ends. */
  isAlone: boolean;
}) {
  const { say } = usePage();
  const { from, to, kind, class: worth, points } = edge;
  const name = nameAt(points, isAlone);
  const relation = say(`edge.${kind}`);
  return (
    <g>
      <path class={`edge edge-${worth}`} d={edgePath(points)} marker-end={`url(#arrow-${worth})`}>
        <title>{`${itemName(from)} ${relation} ${itemName(to)}`}</title>
      </path>
      {isNamed && (
        <text class="edge-name" x={name.x} y={name.y} text-anchor={isAlone ? 'end' : 'middle'}>
          {relation}
        </text>
      )}
    </g>
  );
}

/** Before the arrow's head; where several heads meet, on the middle of its last stretch. */
function nameAt(points: PlacedEdge['points'], isAlone: boolean): { x: number; y: number } {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  const before = points.at(-2) ?? end;
  if (isAlone) return { x: end.x - 9, y: end.y - 6 };
  return { x: (before.x + end.x) / 2, y: (before.y + end.y) / 2 - 5 };
}

function Node({ node, isAsked }: { node: PlacedNode; isAsked: boolean }) {
  const { item, x, y, isClass } = node;
  const [value, key] = nodeWords(item);
  return (
    <a href={hashOf({ page: 'product', item })} aria-current={isAsked ? 'true' : undefined}>
      <title>{item}</title>
      <rect
        class={`node ${isClass ? 'node-class' : ''} ${isAsked ? 'node-asked' : ''}`}
        x={x}
        y={y}
        width={NODE_WIDTH}
        height={NODE_HEIGHT}
        rx={7}
      />
      <text class="node-name" x={x + 12} y={y + 22}>
        {clipped(value)}
      </text>
      <text class="node-key" x={x + 12} y={y + 40}>
        {clipped(key)}
      </text>
    </a>
  );
}

/** What tells it apart, then what it is: a lot's or a thing's own number before its product's. */
function nodeWords(item: string): [string, string] {
  const parts = keyParts(item);
  if (parts === null) return [itemName(item), ''];
  const last = parts.at(-1);
  const before = parts.slice(0, -1).map(({ name, value }) => `${name} ${value}`);
  if (last === undefined) return [item, ''];
  if (before.length === 0) return [last.value, last.name];
  return [`${last.name} ${last.value}`, before.join(' · ')];
}

function clipped(text: string): string {
  return text.length <= LABEL_CHARS_MAX ? text : `${text.slice(0, LABEL_CHARS_MAX - 1)}…`;
}

function TraceTable({ trace }: { trace: Trace }) {
  const { say } = usePage();
  return (
    <DataTable
      caption={say('graph.table')}
      head={[
        say('column.from'),
        say('column.relation'),
        say('column.to'),
        say('column.since'),
        say('column.until'),
        say('column.worth'),
        say('column.recorded-by'),
        say('column.entry'),
      ]}
      rows={trace.edges.map((edge) => [
        <ItemLink key="f" item={edge.from} />,
        say(`edge.${edge.kind}`),
        <ItemLink key="t" item={edge.to} />,
        <Time key="s" ms={edge.fromMs} />,
        <Time key="u" ms={edge.untilMs} />,
        <Worth key="w" of={edge.class} />,
        edge.recordedBy,
        <EntryLink key="e" leafIndex={edge.leafIndex} />,
      ])}
    />
  );
}
