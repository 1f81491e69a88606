import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { isUri } from './absolute-uri.ts';
import { instantOf } from './event-time.ts';
import type { Place } from './place.ts';

/** Says at a value's place what of its form is wrong, and nothing where the form is right. */
export type Shape = (value: Json, at: Place) => void;

export const anything: Shape = () => {};

export const string: Shape = (value, at) => {
  if (typeof value !== 'string') at.wrong('is not a string');
};

export const boolean: Shape = (value, at) => {
  if (typeof value !== 'boolean') at.wrong('is not true or false');
};

/** JSON.parse makes an infinity of 1e999; it could not be written again. */
export const number: Shape = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) at.wrong('is not a number');
};

export const uri = text(isUri, 'is not an absolute URI (RFC 3986)');

export const time = text(
  (value) => instantOf(value) !== null,
  'is not a date and time with a zone offset (xsd:dateTimeStamp)',
);

/** A string of which `holds` is true. */
export function text(holds: (value: string) => boolean, fault: string): Shape {
  return (value, at) => {
    if (typeof value !== 'string') at.wrong('is not a string');
    else if (!holds(value)) at.wrong(fault);
  };
}

export function oneOf(values: readonly string[]): Shape {
  return text((value) => values.includes(value), `is not one of ${values.join(', ')}`);
}

/** `isUnique`: no string stands in it twice. */
export function list(
  item: Shape,
  { itemsMin = 0, isUnique = false }: { itemsMin?: number; isUnique?: boolean } = {},
): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) return at.wrong('is not a list');
    const items: readonly Json[] = value;
    if (items.length < itemsMin) at.wrong(`has fewer than ${itemsMin} items`);
    const seen = new Set<Json>();
    for (const [index, one] of items.entries()) {
      if (at.isFull) return;
      item(one, at.at(index));
      if (isUnique && typeof one === 'string' && seen.has(one)) {
        at.at(index).wrong('stands in the list twice');
      }
      seen.add(one);
    }
  };
}

export type Fields = Readonly<Record<string, Shape>>;

interface RecordRules {
  readonly required?: readonly string[];
  /** What other names may stand in it: an extension's name is an absolute or compact IRI. */
  readonly others: 'any' | 'none' | 'extensions';
}

export function record(fields: Fields, { required = [], others }: RecordRules): Shape {
  const shapes = new Map(Object.entries(fields));
  return (value, at) => {
    if (!isJsonObject(value)) return at.wrong('is not an object');
    for (const name of required) {
      if (!Object.hasOwn(value, name)) at.wrong(`lacks ${name}`);
    }
    for (const [name, member] of Object.entries(value)) {
      if (at.isFull) return;
      const shape = shapes.get(name);
      if (shape !== undefined) shape(member, at.at(name));
      else if (others === 'none' || (others === 'extensions' && !isUri(name))) {
        at.at(name).wrong(
          others === 'none'
            ? 'is not a field of this object'
            : 'is neither a field of this object nor the name of an extension (prefix:name or a URI)',
        );
      }
    }
  };
}

/** Each of the shapes. */
export function all(...shapes: readonly Shape[]): Shape {
  return (value, at) => {
    for (const shape of shapes) shape(value, at);
  };
}

/** A member of an object that is its own, and not one that every object has. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function isFilledList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}
