import { type CelInput, type CelList, type CelMap, celList, celMap } from '@bufbuild/cel';
import type { ValueType } from './variables.ts';

/**
 * A plain value as CEL has it. Built once a statement and variable: the library would wrap a plain
 * object anew at every access.
 */
export function celValue(type: ValueType, value: unknown): CelInput {
  switch (type.kind) {
    case 'int':
      return BigInt(value as number);
    case 'list':
      return listOf(type.of, value as readonly unknown[]);
    case 'map':
      return mapOf(type.of, value as ReadonlyMap<string, unknown>);
    case 'record':
      return recordOf(type.fields, value as { readonly [name: string]: unknown });
    case 'bool':
    case 'double':
    case 'string':
      return value as boolean | number | string;
  }
}

function listOf(of: ValueType, values: readonly unknown[]): CelList {
  return celList(values.map((value) => celValue(of, value)));
}

function mapOf(of: ValueType, values: ReadonlyMap<string, unknown>): CelMap {
  const map = new Map<string, CelInput>();
  for (const [key, value] of values) map.set(key, celValue(of, value));
  return celMap(map);
}

/** A field without a value is absent: `has()` says so, and reading it is an error. */
function recordOf(fields: FieldTypes, values: FieldValues): CelMap {
  return celMap(new RecordMap(fields, values));
}

interface FieldTypes {
  readonly [name: string]: ValueType;
}
interface FieldValues {
  readonly [name: string]: unknown;
}

/** Makes a field's value when it is read: of the five of a reading a rule reads two. */
class RecordMap implements ReadonlyMap<string, CelInput> {
  readonly #fields: FieldTypes;
  readonly #values: FieldValues;
  /** What is dear to make. */
  #made: Map<string, CelInput> | null = null;

  constructor(fields: FieldTypes, values: FieldValues) {
    this.#fields = fields;
    this.#values = values;
  }

  get(name: string): CelInput | undefined {
    const type = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    const value = type === undefined ? undefined : this.#values[name];
    if (type === undefined || value === undefined) return undefined;
    if (type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'record') {
      return celValue(type, value);
    }
    const made = this.#made?.get(name) ?? celValue(type, value);
    this.#made ??= new Map();
    this.#made.set(name, made);
    return made;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.#whole().size;
  }

  keys(): MapIterator<string> {
    return this.#whole().keys();
  }

  values(): MapIterator<CelInput> {
    return this.#whole().values();
  }

  entries(): MapIterator<[string, CelInput]> {
    return this.#whole().entries();
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  forEach(use: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    this.#whole().forEach(use);
  }

  /** No rule asks for it: the static checker lets none go over a record. */
  #whole(): Map<string, CelInput> {
    const whole = new Map<string, CelInput>();
    for (const name of Object.keys(this.#fields)) {
      const value = this.get(name);
      if (value !== undefined) whole.set(name, value);
    }
    return whole;
  }
}
