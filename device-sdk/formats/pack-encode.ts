// SPEC.md §2: how a device writes a pack.

/** @module pack-encode */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { PACK_RECORDS_MAX, type PackValue, parsePack } from './pack.ts';
import { HEARTBEAT_NAME, SALT_NAME } from './pack-name.ts';

export interface PackRecordFields {
  readonly name: string;
  readonly value: PackValue;
  /** For numbers, and only for them. */
  readonly unit?: string | null;
  /** ms since 1970; in a relative pack ms before closing, 0 or negative. */
  readonly timeMs: number;
}

export interface PackFields {
  /** `urn:dev:…:` */
  readonly baseName: string;
  /** 16 bytes from a random source, new for every pack. */
  readonly salt: Uint8Array;
  /** True when the clock has no quality: times are then counted back from the closing. */
  readonly relative?: boolean;
  readonly records: readonly PackRecordFields[];
}

/**
 * Deterministic SenML-CBOR. Base fields follow `n` and `vd`: negative labels sort after the others.
 * Throws TypeError where `parsePack` would refuse the result: a device must not sign such a pack.
 */
export function encodePack(fields: PackFields): Uint8Array {
  const [first] = fields.records;
  if (first === undefined || fields.records.length > PACK_RECORDS_MAX) {
    throw new TypeError(`a pack of ${fields.records.length} records`);
  }
  const originMs = fields.relative ? 0 : first.timeMs;
  const salt: CborMap = new Map<CborKey, CborValue>([
    [0, SALT_NAME],
    [8, fields.salt],
    [-2, fields.baseName],
  ]);
  if (!fields.relative) salt.set(-3, originMs / 1000);
  const records = fields.records.map((record) => recordMap(record, originMs));
  const bytes = encodeCbor([salt, ...records]);
  const parsed = parsePack(bytes);
  if (!parsed.ok) throw new TypeError(`not a pack: ${parsed.code}: ${parsed.detail}`);
  return bytes;
}

/** What an idle device sends within its reporting interval. */
export function encodeHeartbeat(
  fields: Omit<PackFields, 'records'> & { timeMs: number },
): Uint8Array {
  const { timeMs } = fields;
  return encodePack({ ...fields, records: [{ name: HEARTBEAT_NAME, value: true, timeMs }] });
}

function recordMap(record: PackRecordFields, originMs: number): CborMap {
  const { name, value, unit, timeMs } = record;
  const map: CborMap = new Map<CborKey, CborValue>([[0, name]]);
  if (unit !== undefined && unit !== null) map.set(1, unit);
  if (typeof value === 'number') map.set(2, value);
  else if (typeof value === 'string') map.set(3, value);
  else if (typeof value === 'boolean') map.set(4, value);
  else map.set(8, value);
  const offsetMs = timeMs - originMs;
  if (offsetMs !== 0) map.set(6, offsetMs / 1000);
  return map;
}
