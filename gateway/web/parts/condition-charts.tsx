// A chart for each sensor on the way of a thing, over the time that the thing was there and no other.
import type { TraceCondition } from '../api/trace-answers.ts';
import { itemName } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { Chart } from './chart.tsx';

const CHARTS_MAX = 8;

export function ConditionCharts({ of }: { of: readonly TraceCondition[] }) {
  const { say } = usePage();
  return (
    <>
      {of.slice(0, CHARTS_MAX).map(({ device, sensor, quantity, via, fromMs, untilMs }) => (
        <Chart
          key={`${device} ${sensor} ${fromMs}`}
          of={{ device }}
          first={sensor}
          within={{ fromMs, untilMs }}
          title={say('product.chart.of', { quantity: quantity ?? sensor, via: itemName(via) })}
        />
      ))}
    </>
  );
}
