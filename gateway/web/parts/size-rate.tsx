// How fast the log grows while the page is looked at: measured here, from checkpoint to checkpoint.
import { numberWords } from '../format.ts';
import { usePage } from '../page-state.ts';

export interface Sample {
  readonly atMs: number;
  readonly size: number;
}

const MINUTE_MS = 60_000;
const SPARK = { width: 120, height: 22 };

export function SizeRate({ samples }: { samples: readonly Sample[] }) {
  const { say, tag } = usePage();
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs === first.atMs) {
    return <>{say('rate.awaited')}</>;
  }
  const rate = ((last.size - first.size) * MINUTE_MS) / (last.atMs - first.atMs);
  return (
    <>
      {say('rate.words', { rate: numberWords(rate, tag, 0) })} <Sparkline samples={samples} />
    </>
  );
}

function Sparkline({ samples }: { samples: readonly Sample[] }) {
  const { width, height } = SPARK;
  const steps = samples.slice(1).map(({ size }, i) => size - (samples[i]?.size ?? size));
  const most = Math.max(1, ...steps);
  const points = steps.map((step, i) => {
    const x = (i * width) / Math.max(1, steps.length - 1);
    return `${x.toFixed(1)},${(height - 2 - (step / most) * (height - 4)).toFixed(1)}`;
  });
  return (
    <svg class="spark" width={width} height={height} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
