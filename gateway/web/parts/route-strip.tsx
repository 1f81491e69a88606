// The stops of a thing in order; a sketch of the way where places have coordinates. No map tiles: nobody
// outside learns what is looked at.
import { useMemo } from 'preact/hooks';
import type { Trace } from '../api/trace-answers.ts';
import { durationWords, lastPart, quantityWords } from '../format.ts';
import { itemName } from '../gs1-name.ts';
import { usePage } from '../page-state.ts';
import { coordinatesOf, type RouteStop, routeStops } from '../trace/route-stops.ts';
import { EntryLink, Time } from './links.tsx';
import { Worth } from './worth.tsx';

export function RouteStrip({ trace }: { trace: Trace }) {
  const { say } = usePage();
  const stops = useMemo(() => routeStops(trace), [trace]);
  if (stops.length === 0) return <p class="empty">{say('route.empty')}</p>;
  return (
    <>
      <ol class="route">
        {stops.map((stop) => (
          <Stop key={`${stop.place} ${stop.fromMs}`} stop={stop} />
        ))}
      </ol>
      <RouteSketch stops={stops} />
    </>
  );
}

function Stop({ stop }: { stop: RouteStop }) {
  const { say, tag } = usePage();
  const { place, step, fromMs, untilMs, via, measured, excursions, leafIndex } = stop;
  return (
    <li class={excursions > 0 ? 'stop stop-warm' : 'stop'}>
      <p class="stop-place" title={place ?? undefined}>
        {place === null ? say('route.under-way') : itemName(place)}
      </p>
      {step !== null && <p class="stop-step">{lastPart(step)}</p>}
      <p>
        <Time ms={fromMs} />
        {untilMs !== null && <span class="note"> · {durationWords(untilMs - fromMs, tag)}</span>}
      </p>
      {via !== null && <p class="note">{say('timeline.inside', { via: itemName(via) })}</p>}
      <ul>
        {measured.map(({ quantity, unit, min, max }, i) => (
          <li key={i}>
            {quantity ?? ''} {quantityWords(min, unit, tag)} – {quantityWords(max, unit, tag)}
          </li>
        ))}
      </ul>
      {excursions > 0 && <p class="alarm">{say('route.excursions', { count: excursions })}</p>}
      <p class="note">
        <Worth of={stop.class} /> <EntryLink leafIndex={leafIndex} />
      </p>
    </li>
  );
}

const SKETCH = { width: 640, height: 260, margin: 28 };

/** Equirectangular, fitted: right enough to see the order and direction of a journey. */
function RouteSketch({ stops }: { stops: readonly RouteStop[] }) {
  const { say } = usePage();
  const points = stops.flatMap(({ place }) => {
    const at = place === null ? null : coordinatesOf(place);
    return at === null ? [] : [{ ...at, place }];
  });
  if (points.length < 2) return null;
  const squeeze = Math.cos(((points[0]?.lat ?? 0) * Math.PI) / 180);
  const flat = points.map(({ lat, lon }) => ({ x: lon * squeeze, y: -lat }));
  const [left, top] = [Math.min(...flat.map(({ x }) => x)), Math.min(...flat.map(({ y }) => y))];
  const { width, height, margin } = SKETCH;
  const spanX = Math.max(...flat.map(({ x }) => x)) - left || 1e-6;
  const spanY = Math.max(...flat.map(({ y }) => y)) - top || 1e-6;
  const scale = Math.min((width - 2 * margin) / spanX, (height - 2 * margin) / spanY);
  const placed = flat.map(({ x, y }) => ({
    x: margin + (x - left) * scale,
    y: margin + (y - top) * scale,
  }));
  const path = placed.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x},${y}`).join(' ');
  return (
    <svg
      class="sketch"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={say('route.sketch')}
    >
      <path class="sketch-way" d={path} />
      {placed.map(({ x, y }, i) => (
        <g key={points[i]?.place}>
          <title>{points[i]?.place ?? ''}</title>
          <circle class="sketch-stop" cx={x} cy={y} r={9} />
          <text class="sketch-number" x={x} y={y + 4} text-anchor="middle">
            {i + 1}
          </text>
        </g>
      ))}
    </svg>
  );
}
