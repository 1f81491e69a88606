/**
 * NMEA 0183 sentences: checksum, RMC and GGA (IEC 61162-1 §7, §8.3).
 *
 * @module nmea-sentence
 */
import { fail, ok, type Result } from '../formats/result.ts';

export type NmeaErrorCode = 'framing' | 'checksum' | 'fields';

export interface Sentence {
  readonly talker: string;
  readonly type: string;
  readonly fields: readonly string[];
}

/** Recommended minimum data. `valid` is status A; with V, nothing else may be believed (T4). */
export interface Rmc {
  readonly valid: boolean;
  readonly utcMs: number | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly speed: number | null;
}

export interface Gga {
  readonly quality: number;
  readonly satellites: number | null;
  readonly hdop: number | null;
  readonly altitude: number | null;
}

const SHAPE = /^\$([\x20-\x23\x25-\x29\x2b-\x7e]*)\*([0-9A-Fa-f]{2})$/;
const METRES_PER_SECOND_PER_KNOT = 1852 / 3600;

export function parseSentence(line: string): Result<Sentence, NmeaErrorCode> {
  const [, body, checksum] = SHAPE.exec(line) ?? [];
  if (body === undefined || checksum === undefined) return fail('framing', 'not $…*hh');
  let sum = 0;
  for (let i = 0; i < body.length; i += 1) sum ^= body.charCodeAt(i);
  if (sum !== Number.parseInt(checksum, 16)) {
    return fail('checksum', `computed ${sum.toString(16)}, stated ${checksum}`);
  }
  const [address = '', ...fields] = body.split(',');
  if (!/^[A-Z0-9]{4,}$/.test(address)) return fail('fields', `address ${address}`);
  if (address.startsWith('P')) return ok({ talker: 'P', type: address.slice(1), fields });
  return ok({ talker: address.slice(0, 2), type: address.slice(2), fields });
}

export function readRmc(sentence: Sentence): Result<Rmc, NmeaErrorCode> {
  const [time, status, lat, ns, lon, ew, knots, , date] = sentence.fields;
  if (status !== 'A' && status !== 'V') return fail('fields', `status ${status}`);
  const speedKnots = decimal(knots);
  return ok({
    valid: status === 'A',
    utcMs: utcMs(date ?? '', time ?? ''),
    lat: degrees(lat, ns, 'NS', 90),
    lon: degrees(lon, ew, 'EW', 180),
    speed: speedKnots === null ? null : round(speedKnots * METRES_PER_SECOND_PER_KNOT, 3),
  });
}

export function readGga(sentence: Sentence): Result<Gga, NmeaErrorCode> {
  const [, , , , , quality, satellites, hdop, altitude] = sentence.fields;
  if (!/^[0-8]$/.test(quality ?? '')) return fail('fields', `quality ${quality}`);
  return ok({
    quality: Number(quality),
    satellites: decimal(satellites),
    hdop: decimal(hdop),
    altitude: decimal(altitude),
  });
}

function decimal(field: string | undefined): number | null {
  return field !== undefined && /^-?\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}

/** `ddmm.mmmm` to degrees, to 7 decimals (1 cm): more digits than any receiver has. */
function degrees(
  field: string | undefined,
  side: string | undefined,
  sides: 'NS' | 'EW',
  degreesMax: number,
): number | null {
  const match = /^(\d{2,3})(\d{2}\.\d+|\d{2})$/.exec(field ?? '');
  if (match === null || side === undefined || side.length !== 1 || !sides.includes(side)) {
    return null;
  }
  const minutes = Number(match[2]);
  const value = Number(match[1]) + minutes / 60;
  if (minutes >= 60 || value > degreesMax) return null;
  const signed = round(side === sides[1] ? -value : value, 7);
  return signed === 0 ? 0 : signed;
}

function utcMs(date: string, time: string): number | null {
  const day = /^(\d{2})(\d{2})(\d{2})$/.exec(date);
  const hour = /^(\d{2})(\d{2})(\d{2})(\.\d+)?$/.exec(time);
  if (day === null || hour === null) return null;
  const [dd, mm, yy] = day.slice(1).map(Number) as [number, number, number];
  const [h, m, s] = hour.slice(1, 4).map(Number) as [number, number, number];
  const year = yy < 80 ? 2000 + yy : 1900 + yy;
  const midnight = Date.UTC(year, mm - 1, dd);
  // Date.UTC rolls 31 February over; a receiver that says so is refused. Second 60 is a leap second.
  if (new Date(midnight).getUTCDate() !== dd || mm < 1 || mm > 12) return null;
  if (h > 23 || m > 59 || s > 60) return null;
  return midnight + ((h * 60 + m) * 60 + s) * 1000 + Math.round(Number(hour[4] ?? 0) * 1000);
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

const ROLLOVER_MS = 1024 * 7 * 86_400_000;

/**
 * GPS counts weeks modulo 1024. A date before this firmware was built is one or more rollovers
 * short (T4); the caller flags what it corrected.
 */
export function correctWeekRollover(
  timeMs: number,
  buildDateMs: number,
): { readonly timeMs: number; readonly rollovers: number } {
  const missingMs = Math.max(0, buildDateMs - timeMs);
  const rollovers = Math.ceil(missingMs / ROLLOVER_MS);
  return { timeMs: timeMs + rollovers * ROLLOVER_MS, rollovers };
}
