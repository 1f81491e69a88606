import type { TraceFinding } from '../http/trace-backend.ts';
import type { RouteConfig } from './route-config.ts';
import type { Stay } from './stays.ts';

export function routeOf(routes: readonly RouteConfig[], item: string): RouteConfig | null {
  return routes.find(({ items }) => items.some((prefix) => item.startsWith(prefix))) ?? null;
}

/** What a stay and the one before it say against the route. `nowMs` ends a stay that lasts. */
export function routeFindings(
  route: RouteConfig,
  { before, stay, nowMs }: { before: Stay | null; stay: Stay; nowMs: number },
): TraceFinding[] {
  const about = { subject: stay.item, device: null, leafIndex: stay.leafIndex, rule: null };
  const findings: TraceFinding[] = [];
  const text = deviationOf(route, before, stay);
  if (text !== null) {
    const { fromMs, untilMs } = stay;
    findings.push({ kind: 'route_deviation', ...about, fromMs, untilMs, text });
  }
  const place = stay.readPoint ?? stay.bizLocation;
  const stayedMs = (stay.untilMs ?? nowMs) - stay.fromMs;
  if (route.dwellMaxS !== null && place !== null && stayedMs > route.dwellMaxS * 1_000) {
    const { fromMs, untilMs } = stay;
    const hours = (stayedMs / 3_600_000).toFixed(1);
    const long = `It was at ${place} for ${hours} h; ${route.name} allows ${route.dwellMaxS} s.`;
    findings.push({ kind: 'dwell', ...about, fromMs, untilMs, text: long });
  }
  return findings;
}

function deviationOf(
  { name, readPoints }: RouteConfig,
  before: Stay | null,
  stay: Stay,
): string | null {
  if (stay.readPoint === null) return null;
  const place = readPoints.indexOf(stay.readPoint);
  if (place < 0) return `${stay.readPoint} is no read point of the route ${name}.`;
  const last = before?.readPoint ? readPoints.indexOf(before.readPoint) : -1;
  if (place < last) return `On the route ${name} it went back to ${stay.readPoint}.`;
  return null;
}
