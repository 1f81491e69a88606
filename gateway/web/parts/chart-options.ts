// How a chart looks: a band from minimum to maximum, the mean as a line, limits, excursions, gaps.
import type uPlot from 'uplot';
import type { ChartData } from '../api/trace-answers.ts';
import { numberWords, unitWords } from '../format.ts';
import type { Span } from '../trace/chart-series.ts';

interface ChartLook {
  readonly data: ChartData;
  /** BCP 47. */
  readonly tag: string;
  readonly width: number;
  readonly height: number;
  readonly onSpan: (span: Span) => void;
}

/** Colours come from the style sheet, so that light and dark are decided in one place. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function chartOptions(look: ChartLook): uPlot.Options {
  const { data, tag, width, height, onSpan } = look;
  const ink = colour('ink-soft');
  const line = { stroke: colour('line'), width: 1 };
  const axis = { stroke: ink, grid: line, ticks: line, font: '12px system-ui, sans-serif' };
  const timeZoned = new Intl.DateTimeFormat(tag, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  });
  const dated = (seconds: number) => timeZoned.format(seconds * 1000);
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: true }, y: { range: (_plot, min, max) => rangeOf(min, max, data) } },
    axes: [
      { ...axis, space: 110, values: (_plot, ticks) => ticks.map(dated) },
      {
        ...axis,
        size: 64,
        values: (_plot, ticks) =>
          ticks.map((tick) => `${numberWords(tick, tag)} ${unitWords(data.unit)}`.trimEnd()),
      },
    ],
    series: [
      {},
      { stroke: colour('band-edge'), width: 1, points: { show: false } },
      { stroke: colour('band-edge'), width: 1, points: { show: false } },
      { stroke: colour('accent'), width: 2, points: { show: data.points.length < 60 } },
    ],
    bands: [{ series: [2, 1], fill: colour('band') }],
    hooks: {
      drawClear: [(plot) => drawSpans(plot, data)],
      draw: [(plot) => drawLimits(plot, data)],
      setSelect: [(plot) => select(plot, onSpan)],
    },
  };
}

/** Limits are in sight, with air above and below. */
function rangeOf(min: number, max: number, { limits }: ChartData): [number, number] {
  const all = [min, max, limits?.min, limits?.max].filter((value) => Number.isFinite(value));
  const values = all as number[];
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - air, high + air];
}

function drawSpans(plot: uPlot, { excursions, gaps }: ChartData): void {
  const { ctx } = plot;
  ctx.save();
  for (const gap of gaps) fillSpan(plot, gap, colour('gap'));
  for (const excursion of excursions) fillSpan(plot, excursion, colour('alarm-wash'));
  ctx.restore();
}

function fillSpan(plot: uPlot, { fromMs, untilMs }: Span, fill: string): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  const start = Math.max(bbox.left, plot.valToPos(fromMs / 1000, 'x', true));
  const end = Math.min(right, plot.valToPos(untilMs / 1000, 'x', true));
  if (end < bbox.left || start > right) return;
  ctx.fillStyle = fill;
  ctx.fillRect(start, bbox.top, Math.max(2, end - start), bbox.height);
}

function drawLimits(plot: uPlot, { limits }: ChartData): void {
  if (limits === null) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour('alarm');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const limit of [limits.min, limits.max]) {
    if (limit === null) continue;
    const y = plot.valToPos(limit, 'y', true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

function select(plot: uPlot, onSpan: (span: Span) => void): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const fromMs = Math.max(0, Math.round(plot.posToVal(left, 'x') * 1000));
  onSpan({ fromMs, untilMs: Math.round(plot.posToVal(left + width, 'x') * 1000) });
}
