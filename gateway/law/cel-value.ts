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
function recordOf(
  fields: { readonly [name: string]: ValueType },
  values: { readonly [name: string]: unknown },
): CelMap {
  const map = new Map<string, CelInput>();
  for (const name of Object.keys(fields)) {
    const value = values[name];
    const type = fields[name];
    if (value !== undefined && type !== undefined) map.set(name, celValue(type, value));
  }
  return celMap(map);
}
