// Points of the server to the columns that a drawing takes, and ways to move about in time.
import type { ChartPoint, Gap } from '../api/trace-answers.ts';

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Seconds, then min, max, mean: as uPlot takes them; null breaks a line. */
export type Columns = [number[], ...(number | null)[][]];

/** No line is drawn across a gap: nobody knows what was there. */
export function columnsOf(points: readonly ChartPoint[], gaps: readonly Gap[]): Columns {
  const breaks = gaps.map(
    ({ fromMs, untilMs }) => [(fromMs + untilMs) / 2, null, null, null] as const,
  );
  const rows = [...points, ...breaks].sort(([a], [b]) => a - b);
  return [
    rows.map(([ms]) => ms / 1000),
    rows.map(([, min]) => min),
    rows.map(([, , max]) => max),
    rows.map(([, , , mean]) => mean),
  ];
}

export function spanOf(points: readonly ChartPoint[]): Span | null {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined || last === undefined ? null : { fromMs: first[0], untilMs: last[0] };
}

export type Move = 'earlier' | 'later' | 'closer' | 'wider';
const SPAN_MS_MIN = 1_000;

/** Half a span along, or to half or twice its length about its middle. */
export function moved({ fromMs, untilMs }: Span, move: Move): Span {
  const length = Math.max(SPAN_MS_MIN, untilMs - fromMs);
  const by = (start: number, long: number) => {
    const from = Math.max(0, Math.round(start));
    return { fromMs: from, untilMs: Math.round(from + Math.max(SPAN_MS_MIN, long)) };
  };
  switch (move) {
    case 'earlier':
      return by(fromMs - length / 2, length);
    case 'later':
      return by(fromMs + length / 2, length);
    case 'closer':
      return by(fromMs + length / 4, length / 2);
    case 'wider':
      return by(fromMs - length / 2, length * 2);
  }
}
