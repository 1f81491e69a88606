import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { VARIABLES, type ValueType, type VariableName } from './variables.ts';

/** Variables that an example sets besides its readings (SPEC §10.1): parts of them, by type. */
export type RuleContext = { readonly [name in VariableName]?: unknown };

/** From the example's JSON; whatever is not declared, or of another type, is refused. */
export function parseContext(json: string): Result<RuleContext, 'rule_example'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return fail('rule_example', 'the context is no JSON');
  }
  const fault = { path: null as string | null };
  const type: ValueType = { kind: 'record', fields: VARIABLES };
  const context = typedValue(type, parsed, { path: 'context', fault });
  if (fault.path !== null) return fail('rule_example', `${fault.path} is not as declared`);
  return ok(context as RuleContext);
}

interface Place {
  readonly path: string;
  readonly fault: { path: string | null };
}

function typedValue(type: ValueType, json: unknown, place: Place): unknown {
  switch (type.kind) {
    case 'bool':
    case 'string':
      return scalar(json, typeof json === (type.kind === 'bool' ? 'boolean' : 'string'), place);
    case 'double':
      return scalar(json, typeof json === 'number', place);
    case 'int':
      return scalar(json, Number.isSafeInteger(json), place);
    case 'list': {
      const isList = Array.isArray(json) && json.length <= type.max;
      if (!isList) return scalar(json, false, place);
      return json.map((item, i) => typedValue(type.of, item, inside(place, String(i))));
    }
    case 'map':
      return new Map(
        entriesOf(json, place).map(([key, value]) => [
          key,
          typedValue(type.of, value, inside(place, key)),
        ]),
      );
    case 'record':
      return Object.fromEntries(
        entriesOf(json, place).map(([key, value]) => {
          const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
          const at = inside(place, key);
          return [key, field ? typedValue(field, value, at) : scalar(value, false, at)];
        }),
      );
  }
}

function scalar(json: unknown, fits: boolean, { path, fault }: Place): unknown {
  if (!fits) fault.path ??= path.slice(0, 128);
  return json;
}

function entriesOf(json: unknown, place: Place): [string, unknown][] {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (!isObject) scalar(json, false, place);
  return isObject ? Object.entries(json) : [];
}

function inside({ path, fault }: Place, key: string): Place {
  return { path: `${path}.${key}`, fault };
}

/** Lists are replaced, entries of maps and fields of records are set one by one. */
export function merged(type: ValueType, base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (type.kind === 'map') {
    const map = new Map(base as ReadonlyMap<string, unknown>);
    for (const [key, value] of over as ReadonlyMap<string, unknown>) {
      map.set(key, merged(type.of, map.get(key), value));
    }
    return map;
  }
  if (type.kind !== 'record' || base === undefined) return over;
  return { ...(base as object), ...mergedFields(type.fields, base as Fields, over as Fields) };
}

type Fields = { readonly [name: string]: unknown };

function mergedFields(
  types: { readonly [name: string]: ValueType },
  base: Fields,
  over: Fields,
): Fields {
  return Object.fromEntries(
    Object.entries(over).map(([name, value]) => {
      const type = types[name];
      return [name, type ? merged(type, base[name], value) : value];
    }),
  );
}
