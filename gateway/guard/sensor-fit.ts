// Whether a calibration certificate is about this sensor, its unit, its range and this time.

import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
/**
 * A valid certificate of another probe, or of another range, is the easiest forgery of all: nothing
 * in it is forged. Each mismatch has its own code.
 *
 * @module sensor-fit
 */
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type {
  CalibratedItem,
  CalibrationCertificate,
  CalibrationResult,
} from './calibration-certificate.ts';
import { conversion, tidy } from './dsi-unit.ts';

export type FitRefusal =
  /** Several items, and nothing says whose the results are. */
  | 'dcc_items'
  /** Of another serial number. */
  | 'dcc_serial'
  /** Calibrated after the time of the log. */
  | 'dcc_future'
  | 'dcc_expired'
  /** The laboratory says that the item does not conform. */
  | 'dcc_conformity'
  /** No result in the unit of the sensor. */
  | 'dcc_unit'
  /** No result covers the registered working range. */
  | 'dcc_range'
  /** The result that covers it states no expanded uncertainty. */
  | 'dcc_no_uncertainty';

export interface SensorUnderTest extends Pick<Sensor, 'unit' | 'min' | 'max' | 'resolution'> {
  readonly serial: string;
}

export interface SensorFit {
  readonly result: CalibrationResult;
  /** In the unit of the sensor. */
  readonly uncertainty: number;
  readonly coverageFactor: number;
}

/** 'fail', 'conditionalFail', 'noPass' of the DCC schema; 'noFail' alone is not a pass either. */
const CONFORMS = new Set(['pass', 'conditionalPass', 'noFail']);
/** "Serial no.", "Seriennummer", "N.º de série"; a "series" names a type. */
const SERIAL_NAME =
  /\bserial\b|\bserien[\s-]?(?:nr|nummer)|\bs\/n\b|\bn\S* (?:de|di) s[eé]rie|序列号|出厂编号/i;

export function fitsSensor(
  certificate: CalibrationCertificate,
  sensor: SensorUnderTest,
  { logTimeMs }: { readonly logTimeMs: number },
): Result<SensorFit, FitRefusal> {
  const { items, performedMs, dueMs, conformity } = certificate;
  const [item, second] = items;
  if (!item || second) return fail('dcc_items', `${items.length} items`);
  if (!serialsOf(item).includes(sensor.serial)) {
    return fail('dcc_serial', `of ${serialsOf(item).join(', ') || 'no serial number'}`);
  }
  if (performedMs > logTimeMs) return fail('dcc_future', `performed ${isoDay(performedMs)}`);
  if (dueMs !== null && dueMs < logTimeMs) return fail('dcc_expired', `due ${isoDay(dueMs)}`);
  const unfit = conformity.find((word) => !CONFORMS.has(word));
  if (unfit !== undefined) return fail('dcc_conformity', unfit);
  return fitsResult(certificate.results, sensor);
}

/**
 * The manufacturer's number only: a customer can stick the same number on two probes. Where PTB's
 * word marks it, that counts; else its name does; else it must be the manufacturer's only one, for
 * a type number is common to all probes of the type.
 */
export function serialsOf({ identifications }: CalibratedItem): string[] {
  const values = (chosen: CalibratedItem['identifications']) => chosen.map(({ value }) => value);
  const marked = identifications.filter((each) => each.refTypes.includes('basic_serialNumber'));
  if (marked.length > 0) return values(marked);
  const own = identifications.filter(({ issuer }) => issuer === 'manufacturer');
  const named = own.filter(({ names }) => names.some((name) => SERIAL_NAME.test(name)));
  if (named.length > 0) return values(named);
  return own.length === 1 ? values(own) : [];
}

function fitsResult(
  results: readonly CalibrationResult[],
  sensor: SensorUnderTest,
): Result<SensorFit, FitRefusal> {
  const { unit, min, max } = sensor;
  if (unit === null || min === null || max === null) {
    return fail('dcc_unit', 'a sensor without a unit');
  }
  const candidates = results.flatMap((result) => inUnit(result, unit) ?? []);
  if (candidates.length === 0) {
    const units = results.map((result) => result.unit ?? result.dsiUnit);
    return fail('dcc_unit', `${unit} against ${units.join(', ') || 'no result'}`);
  }
  const excesses = candidates.map((result) => excessOf(result, { ...sensor, min, max }));
  const covering = candidates.filter((_, i) => excesses[i] === null);
  if (covering.length === 0) return fail('dcc_range', excesses.join('; '));
  for (const result of covering) {
    const { uncertainty, coverageFactor } = result;
    if (uncertainty !== null && coverageFactor !== null) {
      return ok({ result, uncertainty, coverageFactor });
    }
  }
  return fail('dcc_no_uncertainty', covering.map(({ name }) => name).join('; '));
}

/** The result in the sensor's unit; null where its values are of another kind. */
function inUnit(result: CalibrationResult, unit: string): CalibrationResult | null {
  if (result.unit === null) return null;
  const into = isHumidity(result) && unit === '%RH' ? PERCENT : conversion(result.unit, unit);
  if (!into) return null;
  const convert = (value: number) => tidy(value * into.scale + into.offset);
  const { uncertainty } = result;
  return {
    ...result,
    unit,
    min: convert(result.min),
    max: convert(result.max),
    points: result.points.map(convert),
    uncertainty: uncertainty === null ? null : tidy(uncertainty * into.scale),
  };
}

const PERCENT = { scale: 100, offset: 0 } as const;

/** D-SI has no unit of relative humidity: a ratio is one only where the certificate says so. */
function isHumidity({ unit, name, refTypes }: CalibrationResult): boolean {
  return unit === '/' && [name, ...refTypes].some((text) => /humid|feuchte/i.test(text));
}

/**
 * Null where the calibrated range holds the working range. Nothing is extrapolated; but a limit is
 * registered in steps of the resolution, so an excess below one step and below the uncertainty is
 * rounding. Two results that cover half of it each are not joined.
 */
function excessOf(
  result: CalibrationResult,
  { min, max, resolution }: { min: number; max: number; resolution: number | null },
): string | null {
  const slack = Math.min(resolution ?? 0, result.uncertainty ?? 0);
  const below = tidy(result.min - min);
  const above = tidy(max - result.max);
  if (below <= slack && above <= slack) return null;
  const { unit, name } = result;
  const sides = [below > slack ? `${below} below` : '', above > slack ? `${above} above` : ''];
  return `${sides.filter(Boolean).join(' and ')} ${result.min} to ${result.max} ${unit} (${name})`;
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
