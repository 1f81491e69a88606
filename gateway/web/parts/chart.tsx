// Readings over time. The server thins them to the width of the drawing and keeps minimum and maximum, so
// that a million readings are as quick as a hundred and no peak is lost.
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { ChartData } from '../api/trace-answers.ts';
import { numberWords, quantityWords, unitWords } from '../format.ts';
import { useJson, useLatest, usePage } from '../page-state.ts';
import { columnsOf, type Move, moved, type Span, spanOf } from '../trace/chart-series.ts';
import { Answered } from './answered.tsx';
import { DataTable } from './data-table.tsx';
import { Time } from './links.tsx';
import { RuleNames } from './rule-names.tsx';

const HEIGHT_PX = 300;
/** About one a pixel; the server takes up to 4,000. */
const POINTS_MAX = 1_200;
const POINTS_MIN = 200;
const TABLE_ROWS_MAX = 200;
const MOVES: readonly Move[] = ['earlier', 'later', 'closer', 'wider'];

export type ChartOf = { readonly device: string } | { readonly subject: string };

export function Chart({
  of,
  first = null,
  within = null,
  title,
}: {
  of: ChartOf;
  /** The sensor that is shown at first. */
  first?: string | null;
  /** Shown at first, and with "All". */
  within?: Span | null;
  title: string;
}) {
  const [span, setSpan] = useState<Span | null>(null);
  const [sensor, setSensor] = useState(first);
  const [points] = useState(() => Math.min(POINTS_MAX, Math.max(POINTS_MIN, innerWidth)));
  const query = new URLSearchParams({ ...of, points: String(points) });
  if (sensor !== null) query.set('sensor', sensor);
  const asks = span ?? within;
  if (asks !== null) {
    query.set('fromMs', String(Math.floor(asks.fromMs)));
    query.set('toMs', String(Math.ceil(asks.untilMs)));
  }
  const [asked] = useJson<ChartData>(`/v1/chart?${query}`);
  /** While another span is awaited the last drawing stays. */
  const shown = useLatest(asked);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <Answered of={shown} what="what.chart">
        {(data) => (
          <>
            {data.sensors.length > 1 && (
              <SensorChoice of={data.sensors} chosen={data.sensor} onChosen={setSensor} />
            )}
            <Plot data={data} onSpan={setSpan} />
            <ChartControls data={data} span={span} onSpan={setSpan} />
            <ChartWords data={data} />
          </>
        )}
      </Answered>
    </figure>
  );
}

function SensorChoice({
  of,
  chosen,
  onChosen,
}: {
  of: readonly string[];
  chosen: string;
  onChosen: (sensor: string) => void;
}) {
  const { say } = usePage();
  return (
    <label class="field">
      {say('column.sensor')}{' '}
      <select value={chosen} onChange={({ currentTarget }) => onChosen(currentTarget.value)}>
        {of.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ChartControls({
  data,
  span,
  onSpan,
}: {
  data: ChartData;
  span: Span | null;
  onSpan: (span: Span | null) => void;
}) {
  const { say } = usePage();
  const current = span ?? spanOf(data.points);
  return (
    <div class="controls">
      {MOVES.map((move) => (
        <button
          key={move}
          type="button"
          disabled={current === null}
          onClick={() => current && onSpan(moved(current, move))}
        >
          {say(`chart.${move}`)}
        </button>
      ))}
      <button type="button" disabled={span === null} onClick={() => onSpan(null)}>
        {say('chart.all')}
      </button>
    </div>
  );
}

/** The chart in words and as a table, for whoever does not see it. */
function ChartWords({ data }: { data: ChartData }) {
  const { say, tag } = usePage();
  const { points, unit, limits, excursions, gaps, total } = data;
  const rows = points.length <= TABLE_ROWS_MAX ? points : everyNth(points, TABLE_ROWS_MAX);
  const least = points.reduce((low, [, min]) => Math.min(low, min), Number.POSITIVE_INFINITY);
  const most = points.reduce((high, [, , max]) => Math.max(high, max), Number.NEGATIVE_INFINITY);
  return (
    <>
      <p>
        {points.length === 0
          ? say('chart.empty')
          : say('chart.words', {
              total: numberWords(total, tag),
              min: quantityWords(least, unit, tag),
              max: quantityWords(most, unit, tag),
            })}{' '}
        {limits === null
          ? say('chart.no-limits')
          : say('chart.limits', {
              min: limits.min === null ? '–' : quantityWords(limits.min, unit, tag),
              max: limits.max === null ? '–' : quantityWords(limits.max, unit, tag),
            })}{' '}
        {say('chart.counts', { excursions: excursions.length, gaps: gaps.length })}
      </p>
      {limits !== null && <RuleNames of={limits.rules} />}
      <details>
        <summary>{say('chart.table')}</summary>
        <DataTable
          caption={say('chart.table')}
          head={[
            say('column.time'),
            `${say('column.min')} ${unitWords(unit)}`,
            `${say('column.max')} ${unitWords(unit)}`,
            `${say('column.mean')} ${unitWords(unit)}`,
            say('column.readings'),
          ]}
          rows={rows.map(([ms, min, max, mean, count]) => [
            <Time key="t" ms={ms} />,
            numberWords(min, tag),
            numberWords(max, tag),
            numberWords(mean, tag),
            numberWords(count, tag),
          ])}
        />
      </details>
    </>
  );
}

function everyNth<T>(all: readonly T[], most: number): T[] {
  const step = Math.ceil(all.length / most);
  return all.filter((_, i) => i % step === 0);
}

function Plot({ data, onSpan }: { data: ChartData; onSpan: (span: Span) => void }) {
  const { tag } = usePage();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    let plot: uPlot | null = null;
    let isGone = false;
    const observer = new ResizeObserver(() => {
      plot?.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    });
    drawn(element, { data, tag, onSpan }).then(
      (made) => {
        if (isGone) return made.destroy();
        plot = made;
        observer.observe(element);
      },
      () => element.replaceChildren(),
    );
    return () => {
      isGone = true;
      observer.disconnect();
      plot?.destroy();
    };
  }, [data, tag, onSpan]);
  return <div ref={host} class="plot" aria-hidden="true" />;
}

/** Loaded with the first chart. */
async function drawn(
  element: HTMLElement,
  given: { data: ChartData; tag: string; onSpan: (span: Span) => void },
): Promise<uPlot> {
  const [{ default: Plotter }, { chartOptions }] = await Promise.all([
    import('uplot'),
    import('./chart-options.ts'),
    import('uplot/dist/uPlot.min.css'),
  ]);
  const options = chartOptions({ ...given, width: element.clientWidth || 600, height: HEIGHT_PX });
  return new Plotter(options, columnsOf(given.data.points, given.data.gaps), element);
}
