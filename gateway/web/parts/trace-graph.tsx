// The trace as a drawing, left to right from what a thing comes from to what became of it; and as a table.
import { useMemo } from 'preact/hooks';
import type { EdgeKind, FactClass, Trace } from '../api/trace-answers.ts';
import { itemName } from '../gs1-name.ts';
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

const LABEL_CHARS_MAX = 27;
const CLASSES: readonly FactClass[] = ['measured', 'observed', 'declared'];
const KINDS: readonly EdgeKind[] = ['contains', 'becomes', 'carries', 'transaction'];

export function TraceGraph({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const layout = useMemo(() => graphLayout(trace.nodes, trace.edges), [trace]);
  const { width, height, nodes, edges, omitted } = layout;
  const described = say('graph.described', {
    nodes: trace.nodes.length,
    edges: trace.edges.length,
  });
  return (
    <figure class="graph">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
      <div class="scroll" tabIndex={0}>
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
          <title>{described}</title>
          <ArrowHeads />
          {edges.map((edge) => (
            <Edge key={`${edge.from} ${edge.to} ${edge.kind} ${edge.leafIndex}`} edge={edge} />
          ))}
          {nodes.map((node) => (
            <Node key={node.item} node={node} isAsked={node.item === trace.item} />
          ))}
        </svg>
      </div>
      <figcaption>
        <ul class="legend">
          {KINDS.filter((kind) => trace.edges.some((edge) => edge.kind === kind)).map((kind) => (
            <li key={kind}>
              <svg width="34" height="10" aria-hidden="true">
                <path class={`edge edge-${kind} edge-observed`} d="M1,5 H33" />
              </svg>{' '}
              {say(`edge.${kind}`)}
            </li>
          ))}
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
          markerWidth={7}
          markerHeight={7}
          orient="auto-start-reverse"
        >
          <path class={`fill-${name}`} d="M0,0 L8,4 L0,8 z" />
        </marker>
      ))}
    </defs>
  );
}

function Edge({ edge }: { edge: PlacedEdge }) {
  const { say } = usePage();
  return (
    <path
      class={`edge edge-${edge.kind} edge-${edge.class}`}
      d={edgePath(edge)}
      marker-end={`url(#arrow-${edge.class})`}
    >
      <title>{`${itemName(edge.from)} ${say(`edge.${edge.kind}`)} ${itemName(edge.to)}`}</title>
    </path>
  );
}

function Node({ node, isAsked }: { node: PlacedNode; isAsked: boolean }) {
  const { item, x, y, isClass } = node;
  const parts = itemName(item).split(' · ');
  const last = parts.pop() ?? item;
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
      <text class="node-name" x={x + 12} y={parts.length === 0 ? y + 31 : y + 22}>
        {clipped(last)}
      </text>
      {parts.length > 0 && (
        <text class="node-key" x={x + 12} y={y + 40}>
          {clipped(parts.join(' · '))}
        </text>
      )}
    </a>
  );
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
