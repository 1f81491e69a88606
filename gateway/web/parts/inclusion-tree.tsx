// The inclusion path as a tree: from the entry at the foot to the root that the log signed.
import { usePage } from '../page-state.ts';
import type { Inclusion } from '../verify/check-evidence.ts';
import type { InclusionStep } from '../verify/inclusion-steps.ts';
import { DataTable } from './data-table.tsx';
import { Digest } from './links.tsx';

const NODE_WIDTH = 148;
const NODE_HEIGHT = 34;
const RISE = 66;
const SPREAD = 172;
const MARGIN = 8;
/** Each step leans left or right; the drawing is as wide as its leaning needs. */
const LEAN = 44;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function InclusionTree({ of }: { of: Inclusion }) {
  const { say } = usePage();
  const { steps, leafIndex, size, root } = of;
  const { points, width, height } = placed(steps);
  const described = say('tree.described', { leafIndex, size, steps: steps.length });
  return (
    <figure class="tree">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
      <div class="scroll" tabIndex={0}>
        <svg
          role="img"
          aria-label={described}
          viewBox={`0 0 ${width} ${height}`}
          width={width}
          height={height}
        >
          {steps.map((step, i) => (
            <TreeStep key={step.parent} step={step} at={points[i]} above={points[i + 1]} />
          ))}
          <TreeNode
            at={points[0]}
            hash={of.leaf}
            label={say('tree.leaf', { leafIndex })}
            kind="leaf"
          />
          {steps.map(({ parent }, i) => (
            <TreeNode
              key={parent}
              at={points[i + 1]}
              hash={parent}
              label={i === steps.length - 1 ? say('tree.root') : ''}
              kind={i === steps.length - 1 ? 'root' : 'way'}
            />
          ))}
        </svg>
      </div>
      <figcaption>
        {described}{' '}
        {say(steps.at(-1)?.parent === root || of.leaf === root ? 'tree.meets' : 'tree.misses')}
      </figcaption>
      <details>
        <summary>{say('tree.table')}</summary>
        <DataTable
          caption={say('tree.table')}
          head={[say('tree.level'), say('tree.left'), say('tree.right'), say('tree.parent')]}
          rows={steps.map(({ left, right, parent }, i) => [
            String(i + 1),
            <Digest key="l" hex={left} whole />,
            <Digest key="r" hex={right} whole />,
            <Digest key="p" hex={parent} whole />,
          ])}
        />
      </details>
    </figure>
  );
}

/** Middles of the nodes on the way, the leaf first. */
function placed(steps: readonly InclusionStep[]) {
  const leans = steps.map(({ computed }) => (computed === 'left' ? LEAN : -LEAN));
  let x = 0;
  const xs = [0, ...leans.map((lean) => (x += lean))];
  const siblings = steps.map(({ computed }, i) => siblingX(xs[i] ?? 0, computed));
  const least = Math.min(...xs, ...siblings);
  const most = Math.max(...xs, ...siblings);
  const height = 2 * MARGIN + NODE_HEIGHT + steps.length * RISE;
  const points = xs.map((at, i): Point => {
    return {
      x: at - least + NODE_WIDTH / 2 + MARGIN,
      y: height - MARGIN - NODE_HEIGHT / 2 - i * RISE,
    };
  });
  return { points, height, width: most - least + NODE_WIDTH + 2 * MARGIN };
}

function siblingX(x: number, computed: InclusionStep['computed']): number {
  return computed === 'left' ? x + SPREAD : x - SPREAD;
}

function TreeStep({
  step,
  at,
  above,
}: {
  step: InclusionStep;
  at: Point | undefined;
  above: Point | undefined;
}) {
  if (at === undefined || above === undefined) return null;
  const sibling = { x: siblingX(at.x, step.computed), y: at.y };
  const hash = step.computed === 'left' ? step.right : step.left;
  return (
    <g>
      <TreeLine from={at} to={above} kind="way" />
      <TreeLine from={sibling} to={above} kind="given" />
      <TreeNode at={sibling} hash={hash} label="" kind="given" />
    </g>
  );
}

function TreeLine({ from, to, kind }: { from: Point; to: Point; kind: string }) {
  const middle = (from.y + to.y) / 2;
  const path = `M${from.x},${from.y} V${middle} H${to.x} V${to.y}`;
  return <path class={`tree-line tree-line-${kind}`} d={path} />;
}

function TreeNode({
  at,
  hash,
  label,
  kind,
}: {
  at: Point | undefined;
  hash: string;
  label: string;
  kind: 'leaf' | 'way' | 'given' | 'root';
}) {
  if (at === undefined) return null;
  return (
    <g class={`tree-node tree-node-${kind}`}>
      <title>{hash}</title>
      <rect
        x={at.x - NODE_WIDTH / 2}
        y={at.y - NODE_HEIGHT / 2}
        width={NODE_WIDTH}
        height={NODE_HEIGHT}
        rx={5}
      />
      {label !== '' && (
        <text class="tree-label" x={at.x} y={at.y - 4} text-anchor="middle">
          {label}
        </text>
      )}
      <text class="tree-hash" x={at.x} y={label === '' ? at.y + 4 : at.y + 11} text-anchor="middle">
        {hash.slice(0, 16)}…
      </text>
    </g>
  );
}
