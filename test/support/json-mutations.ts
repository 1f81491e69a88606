import { isJsonObject, type Json, type JsonObject } from '../../gateway/epcis/json.ts';

export interface Mutation {
  readonly what: string;
  readonly json: Json;
}

/** Values of each type, and strings that are nearly right somewhere. */
const STRANGE_VALUES: readonly Json[] = [
  null,
  true,
  7,
  -1.5,
  '',
  'nonsense',
  'ADD',
  'http://[::1',
  'a:',
  'urn:example:a b',
  'example:word',
  'nowhere:word',
  'urn:epcglobal:cbv:bizstep:shipping',
  'https://ns.gs1.org/cbv/BizStep-shipping',
  'https://gs1.org/voc/Temperature',
  '2024-02-30T00:00:00Z',
  '2024-02-29T23:59:60Z',
  '2024-02-28T10:00:00',
  '2024-02-28 10:00:00Z',
  '2024-02-28T10:00:00.5+08:00',
  '+14:01',
  '-00:00',
  'CE',
  'celsius',
  'CELS',
  '2.0.',
  'f0g0',
  [],
  [7],
  {},
  { id: 7 },
  { unknown: 'x' },
];

const STRANGE_NAMES = [
  'unknown',
  'nowhere:field',
  'https://example.org/field',
  'epcis:action',
  '@id',
  '',
];

/** One change at one place each: a member left out, added or renamed, an item doubled, a value of another type. */
export function* mutationsOf(json: Json, path = ''): Generator<Mutation> {
  for (const value of STRANGE_VALUES) {
    yield { what: `${path || '/'} becomes ${JSON.stringify(value)}`, json: value };
  }
  if (Array.isArray(json)) yield* listMutations(json, path);
  else if (isJsonObject(json)) yield* objectMutations(json, path);
}

function* listMutations(list: readonly Json[], path: string): Generator<Mutation> {
  for (const [index, item] of list.entries()) {
    yield { what: `${path}/${index} twice`, json: [...list, item] };
    // Long lists are alike in each item.
    if (index > 2) continue;
    yield { what: `without ${path}/${index}`, json: list.toSpliced(index, 1) };
    for (const { what, json } of mutationsOf(item, `${path}/${index}`)) {
      yield { what, json: list.with(index, json) };
    }
  }
}

function* objectMutations(object: JsonObject, path: string): Generator<Mutation> {
  for (const name of STRANGE_NAMES) {
    yield { what: `${path}/${name} is there`, json: { ...object, [name]: 'x' } };
  }
  for (const [name, member] of Object.entries(object)) {
    const { [name]: _, ...rest } = object;
    yield { what: `without ${path}/${name}`, json: rest };
    yield { what: `${path}/${name} renamed`, json: { ...rest, [`${name}2`]: member } };
    for (const { what, json } of mutationsOf(member, `${path}/${name}`)) {
      yield { what, json: { ...object, [name]: json } };
    }
  }
}
