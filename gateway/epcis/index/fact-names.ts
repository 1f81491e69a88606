// Names under which the index keeps what an event says; capture and query meet in them.
import type { Json } from '../json.ts';

/** Where a field that GS1 did not define stands in an event. */
export type FieldPlace =
  | 'event'
  | 'ilmd'
  | 'errorDeclaration'
  | 'readPoint'
  | 'bizLocation'
  | 'sensorElement'
  | 'sensorMetadata'
  | 'sensorReport';

export interface FieldAt {
  readonly place: FieldPlace;
  /** Anywhere below a field of that place, and not the field itself. */
  readonly isInner: boolean;
  /** `{iri}local`, or as it is written where its prefix is bound to nothing. */
  readonly field: string;
}

export function fieldName({ place, isInner, field }: FieldAt): string {
  return `${place}${isInner ? '>>' : '>'}${field}`;
}

export const EXISTS = 'EXISTS';
/** Below this name the IRIs that captured events bind to a prefix. */
export function prefixName(prefix: string): string {
  return `prefix ${prefix}`;
}
/** The class of a thing in this role: a query for a GTIN finds its serials. */
export function instanceName(role: number): string {
  return `instance ${role}`;
}
/** Each place that a place is in. */
export function withinName(field: 'readPoint' | 'bizLocation'): string {
  return `within ${field}`;
}
export function typedName(field: 'bizTransaction' | 'source' | 'destination', type: string) {
  return `${field} ${type}`;
}
/** A measured value or quantity in the base unit of its dimension. */
export function measureName(attribute: string, unit: string): string {
  return `${attribute} ${unit}`;
}
export function asNumber(name: string): string {
  return `${name} number`;
}
export function asTime(name: string): string {
  return `${name} time`;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Null: no number, or one that no double holds. */
export function readNumber(value: Json): number | null {
  if (typeof value === 'string' && !NUMBER.test(value)) return null;
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
