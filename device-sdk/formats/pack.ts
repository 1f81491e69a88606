// RFC 8428 §6 (SenML-CBOR) as SPEC.md §2 narrows it: the content a device signs.

/**
 * One pack, one base name, the salt first. Parsing is a single pass over the bytes: it runs for
 * every frame a gateway admits, beside a signature check of about 80 µs.
 *
 * @module pack
 */
import { CborReader } from './cbor-reader.ts';
import { isDeviceUrn } from './device-urn.ts';
import type { FormatErrorCode } from './errors.ts';
import { kindOfName, type RecordKind } from './pack-name.ts';
import { fail, ok, type Result } from './result.ts';

export type PackValue = number | string | boolean | Uint8Array;

export interface PackRecord {
  /** SenML `n` without the base name. */
  readonly name: string;
  readonly kind: RecordKind;
  /** The sensor a reading, fault or flag is about; null for heartbeats and clock steps. */
  readonly sensor: string | null;
  readonly unit: string | null;
  readonly value: PackValue;
  /** ms since 1970, or, in a relative pack, ms before it was closed (0 or negative). */
  readonly timeMs: number;
}

export interface Pack {
  readonly baseName: string;
  /** 16 random bytes: without them a digest over a temperature could be guessed. */
  readonly salt: Uint8Array;
  /** True under time quality 0 and only there. */
  readonly relative: boolean;
  /** Every record but the salt; the `count` of a statement counts these. */
  readonly records: readonly PackRecord[];
  /** Smallest and largest time; null in a relative pack. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export const PACK_CONTENT_TYPE = 'application/senml+cbor';
/** A frame of 256 KiB less 1 KiB for the statement beside it. */
export const PACK_BYTES_MAX = 261_120;
export const PACK_RECORDS_MAX = 4_096;
export const SALT_BYTES = 16;
/** RFC 8428 §4.5.3: a time below this is relative to now. */
export const RELATIVE_TIME_BELOW_S = 2 ** 28;
/** 9999-12-31T23:59:59.999Z: every time prints as a four-digit year. */
export const TIME_MS_MAX = 253_402_300_799_999;

const RELATIVE_BELOW_MS = RELATIVE_TIME_BELOW_S * 1000;

/** Initial bytes of the map keys, all of them one byte long; ascending is deterministic order. */
const KEY = { n: 0, u: 1, v: 2, vs: 3, vb: 4, t: 6, vd: 8, bn: 0x21, bt: 0x22 } as const;

export function parsePack(bytes: Uint8Array): Result<Pack> {
  if (bytes.length > PACK_BYTES_MAX) return fail('pack_too_large', `${bytes.length} bytes`);
  const reader = new CborReader(bytes);
  const total = reader.array();
  if (reader.failed) return reader.refusal('pack');
  if (total < 2 || total > PACK_RECORDS_MAX + 1) return fail('pack_count', `${total} records`);
  const base = readSalt(reader);
  const relative = base.timeMs === null;
  const origin = base.timeMs ?? 0;
  const records: PackRecord[] = [];
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < total && reader.failed === null; i++) {
    const record = readRecord(reader, origin, relative);
    if (record === null) break;
    if (record.timeMs < first) first = record.timeMs;
    if (record.timeMs > last) last = record.timeMs;
    records.push(record);
  }
  if (!reader.finish()) return reader.refusal('pack');
  return ok({
    baseName: base.name,
    salt: base.salt,
    relative,
    records,
    firstMs: relative ? null : first,
    lastMs: relative ? null : last,
  });
}

/** The first record: {0: "salt", 8: 16 bytes, -2: base name, ? -3: base time}. */
function readSalt(reader: CborReader) {
  const fields = reader.map();
  if (fields !== 3 && fields !== 4) reader.fail('pack_salt');
  expectKey(reader, KEY.n);
  if (reader.text() !== 'salt') reader.fail('pack_salt');
  expectKey(reader, KEY.vd);
  const salt = reader.bytes();
  if (salt.length !== SALT_BYTES) reader.fail('pack_salt');
  expectKey(reader, KEY.bn);
  const name = reader.text();
  if (!isBaseName(name)) reader.fail('pack_name');
  let timeMs: number | null = null;
  if (fields === 4) {
    expectKey(reader, KEY.bt);
    timeMs = readTimeMs(reader);
    if (timeMs < RELATIVE_BELOW_MS || timeMs > TIME_MS_MAX) reader.fail('pack_time');
  }
  return { name, salt, timeMs };
}

function expectKey(reader: CborReader, key: number): void {
  if (reader.source[reader.pos++] !== key) reader.fail('pack_salt');
}

function readRecord(reader: CborReader, origin: number, relative: boolean): PackRecord | null {
  const fields = reader.map();
  let last = -1;
  let name = '';
  let unit: string | null = null;
  let value: PackValue = 0;
  let values = 0;
  let offsetMs = 0;
  for (let i = 0; i < fields; i++) {
    const key = reader.source[reader.pos++] ?? 0xff;
    // Ascending one-byte keys: deterministic order, and no key twice.
    if (key <= last) reader.fail('cbor_not_deterministic');
    last = key;
    if (key === KEY.n) name = reader.text();
    else if (key === KEY.v) value = reader.number();
    else if (key === KEY.u) unit = reader.text();
    else if (key === KEY.t) offsetMs = readTimeMs(reader);
    else if (key === KEY.vs) value = reader.text();
    else if (key === KEY.vb) value = reader.bool();
    else if (key === KEY.vd) value = reader.bytes();
    else reader.fail('pack_field');
    if (key === KEY.v || key === KEY.vs || key === KEY.vb || key === KEY.vd) values++;
    if (reader.failed !== null) return null;
  }
  const timeMs = origin + offsetMs;
  const kind = kindOfName(name, value);
  const fault = recordFault({ kind, values, unit, value, timeMs, relative });
  if (kind === null || fault !== null) {
    reader.fail(fault ?? 'pack_name');
    return null;
  }
  const sensor = sensorOf(name, kind);
  return { name, kind, sensor, unit, value, timeMs };
}

function recordFault(record: {
  kind: RecordKind | null;
  values: number;
  unit: string | null;
  value: PackValue;
  timeMs: number;
  relative: boolean;
}): FormatErrorCode | null {
  if (record.values !== 1) return 'pack_value';
  if (record.kind === null) return 'pack_name';
  // A unit belongs to a number, and a number without a unit measures nothing.
  if ((record.unit !== null) !== (typeof record.value === 'number')) return 'pack_value';
  const { timeMs } = record;
  if (record.relative) return timeMs > 0 || timeMs <= -RELATIVE_BELOW_MS ? 'pack_time' : null;
  return timeMs < RELATIVE_BELOW_MS || timeMs > TIME_MS_MAX ? 'pack_time' : null;
}

function sensorOf(name: string, kind: RecordKind): string | null {
  if (kind === 'reading') return name;
  if (kind === 'fault' || kind === 'flag') return name.slice(0, name.indexOf('/'));
  return null;
}

/**
 * Seconds with at most three decimals, as integer ms: base and offset are added as integers, so no
 * two readers can disagree in the last digit.
 */
function readTimeMs(reader: CborReader): number {
  const seconds = reader.number();
  const ms = Math.round(seconds * 1000);
  if (ms / 1000 !== seconds || Math.abs(ms) > TIME_MS_MAX) reader.fail('pack_time');
  // Math.round(-0.4) is −0; the check above refuses every such value but 0 itself.
  return ms;
}

/** A device URN and a colon, so that `bn` and `n` join to a device URN again (RFC 9039 §3). */
function isBaseName(name: string): boolean {
  return name.endsWith(':') && isDeviceUrn(name.slice(0, -1));
}

/** The base name of a registered device. */
export function baseNameOf(deviceUrn: string): string {
  return `${deviceUrn}:`;
}
