import { type CborMap, type CborValue, parseCbor } from '../../device-sdk/formats/cbor.ts';

/** The map that some bytes are; throws where they are none. */
export function mapOf(bytes: Uint8Array): CborMap {
  const parsed = parseCbor(bytes);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error('not a map');
  return parsed.value;
}

/** Itself and every map in it. */
export function mapsWithin(value: CborValue): CborMap[] {
  if (Array.isArray(value)) return value.flatMap(mapsWithin);
  if (!(value instanceof Map)) return [];
  return [value, ...[...value.values()].flatMap(mapsWithin)];
}
