// Numbers, times and names as a reader sees them.

/** A time of which nobody knows anything, and everything else that is not there. */
export const NOTHING = '–';
const TIME_MS_MAX = 8.64e15;

/** Minutes where that is enough; always UTC, which is what the log keeps, and said so. */
export function timeWords(ms: number | null | undefined, tag: string): string {
  if (ms === null || ms === undefined || Math.abs(ms) > TIME_MS_MAX) return NOTHING;
  const format = new Intl.DateTimeFormat(tag, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'UTC',
  });
  return `${format.format(ms)} UTC`;
}

/** ISO 8601, for `<time datetime>`, files and tooltips. */
export function isoTime(ms: number): string {
  return Math.abs(ms) <= TIME_MS_MAX ? new Date(ms).toISOString() : String(ms);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The two largest units that count: `3 d 4 h`, `12 min`. */
export function durationWords(ms: number, tag: string): string {
  const unit = (value: number, name: 'day' | 'hour' | 'minute' | 'second') =>
    new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  const whole = Math.max(0, ms);
  if (whole < MINUTE_MS) return unit(Math.round(whole / 1000), 'second');
  if (whole < HOUR_MS) return unit(Math.round(whole / MINUTE_MS), 'minute');
  const [days, hours] = [Math.floor(whole / DAY_MS), Math.floor((whole % DAY_MS) / HOUR_MS)];
  if (days > 0)
    return hours > 0 ? `${unit(days, 'day')} ${unit(hours, 'hour')}` : unit(days, 'day');
  const minutes = Math.floor((whole % HOUR_MS) / MINUTE_MS);
  return minutes > 0 ? `${unit(hours, 'hour')} ${unit(minutes, 'minute')}` : unit(hours, 'hour');
}

export function numberWords(value: number, tag: string, digits = 2): string {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value);
}

/** SenML units (RFC 8428 §12.1, RFC 8798) that people write otherwise. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['Cel', '°C'],
  ['%RH', '% RH'],
  ['lat', '°'],
  ['lon', '°'],
  ['/', ''],
  ['count', ''],
]);

export function unitWords(unit: string | null): string {
  return unit === null ? '' : (UNITS.get(unit) ?? unit);
}

/** A value that nobody has any more, its content erased, is no number. */
export function quantityWords(value: number | null, unit: string | null, tag: string): string {
  if (value === null) return NOTHING;
  return `${numberWords(value, tag)}\u202f${unitWords(unit)}`.trimEnd();
}

/** The beginning of a digest: enough to tell two apart at sight, never to rely on. */
export function shortDigest(hex: string): string {
  return hex.length > 16 ? `${hex.slice(0, 12)}…` : hex;
}

/** The last part of a CBV URI or of `bizStep`-like values: `shipping`. */
export function lastPart(uri: string): string {
  const part =
    uri
      .replace(/[/#:]+$/, '')
      .split(/[/#:]/)
      .at(-1) ?? uri;
  return part.replace(/^(BizStep|Disp)-/, '');
}
