import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DOCUMENT_CHARS_MAX,
  LIST_ITEMS_MAX,
  NESTING_LEVELS_MAX,
  TEXT_CHARS_MAX,
} from '../../../../gateway/epcis/document/json-bounds.ts';
import { BREACHES_MAX } from '../../../../gateway/epcis/document/place.ts';
import {
  DOCUMENT_EVENTS_MAX,
  readDocument,
  readEvent,
  readQueryDocument,
} from '../../../../gateway/epcis/document/read-document.ts';
import type { Json, JsonObject } from '../../../../gateway/epcis/json.ts';
import { mutationsOf } from '../../../support/json-mutations.ts';
import { documentOf, OBJECT_EVENT, SENSOR_EVENT } from '../../../support/sample-events.ts';

function faultsOf(event: JsonObject): [path: string, rule: string][] {
  const read = readEvent(event);
  return read.ok ? [] : read.breaches.map(({ path, rule }) => [path, rule]);
}

function nested(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = { 'ex:a': value };
  return value;
}

describe('limits', () => {
  test('just within them', () => {
    const event = {
      ...OBJECT_EVENT,
      'ex:text': 'x'.repeat(TEXT_CHARS_MAX),
      'ex:list': Array.from({ length: LIST_ITEMS_MAX }, () => 1),
      'ex:deep': nested(NESTING_LEVELS_MAX - 1),
    };
    expect(faultsOf(event)).toEqual([]);
  });

  test.each<[string, JsonObject, string, string]>([
    ['a long text', { 'ex:a': 'x'.repeat(TEXT_CHARS_MAX + 1) }, '/ex:a', 'limit'],
    ['a long name', { 'ex:a': { ['x'.repeat(TEXT_CHARS_MAX + 1)]: 1 } }, '/ex:a', 'limit'],
    [
      'a long list',
      { 'ex:a': Array.from({ length: LIST_ITEMS_MAX + 1 }, () => 1) },
      '/ex:a',
      'limit',
    ],
    ['half a character', { 'ex:a': '\ud83c' }, '/ex:a', 'text'],
    ['half a character in a name', { 'ex:a': { '\udf3e': 1 } }, '/ex:a', 'text'],
  ])('%s', (_title, more, path, rule) => {
    expect(faultsOf({ ...OBJECT_EVENT, ...more })).toEqual([[path, rule]]);
  });

  test('a value too deep', () => {
    const faults = faultsOf({ ...OBJECT_EVENT, 'ex:deep': nested(NESTING_LEVELS_MAX) });
    expect(faults.map(([, rule]) => rule)).toEqual(['limit']);
  });

  test('a hundred thousand brackets', () => {
    const json: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    for (const read of [readDocument(json), readQueryDocument(json), readEvent(json)]) {
      expect(!read.ok && read.breaches[0]?.rule).toBe('limit');
    }
  });

  test('a number that can not be written again', () => {
    const event: unknown = JSON.parse(
      JSON.stringify({ ...OBJECT_EVENT, 'ex:a': 0 }).replace('"ex:a":0', '"ex:a":1e999'),
    );
    expect(faultsOf(event as JsonObject)).toEqual([['/ex:a', 'number']]);
  });

  test('a name that would vanish', () => {
    const text = JSON.stringify({ ...OBJECT_EVENT, 'ex:a': { x: 1 } }).replace(
      '"x"',
      '"__proto__"',
    );
    expect(faultsOf(JSON.parse(text) as JsonObject)).toEqual([['/ex:a', 'name']]);
  });

  test('a document of 50 MB is refused for its size, whatever is in it', () => {
    const note = 'x'.repeat(50_000);
    const events = Array.from({ length: DOCUMENT_EVENTS_MAX }, () => ({
      ...OBJECT_EVENT,
      'ex:note': note,
    }));
    const document = documentOf(events);
    expect(JSON.stringify(document).length).toBeGreaterThan(50_000_000);
    const read = readDocument(document);
    if (read.ok) throw new Error('was read');
    expect(read.breaches.map(({ rule, message }) => [rule, message])).toEqual([
      ['limit', `the document has more than ${DOCUMENT_CHARS_MAX} characters`],
    ]);
  });

  test('a document of ten million values too', () => {
    const list = Array.from({ length: LIST_ITEMS_MAX }, () => 1);
    const events = Array.from({ length: 500 }, () => ({ ...OBJECT_EVENT, 'ex:list': list }));
    const read = readDocument(documentOf(events));
    expect(!read.ok && read.breaches.map(({ rule }) => rule)).toEqual(['limit']);
  });
});

describe('breaches', () => {
  test('of one event are at most so many', () => {
    const epcList = Array.from({ length: 1_000 }, (_, at) => at);
    const faults = faultsOf({ ...OBJECT_EVENT, epcList });
    expect(faults).toHaveLength(BREACHES_MAX);
  });

  test('of a document are so many, and each wrong event has one', () => {
    const wrong = { ...OBJECT_EVENT, epcList: Array.from({ length: 60 }, (_, at) => at) };
    const read = readDocument(documentOf([wrong, OBJECT_EVENT, wrong, wrong, wrong]));
    if (!read.ok) throw new Error('refused as a whole');
    const counts = read.value.events.map((event) => (event.ok ? 0 : event.breaches.length));
    expect(counts).toEqual([60, 0, 40, 1, 1]);
  });
});

describe('any JSON', () => {
  /** Names that open doors in the reader, so that arbitrary values stand behind them. */
  const known = Object.keys({ ...SENSOR_EVENT, ...documentOf([]) });
  const named = fc.dictionary(fc.constantFrom(...known), fc.jsonValue({ maxDepth: 4 }));

  test('is answered by breaches, never by an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), named), (json) => {
        for (const read of [readDocument(json), readQueryDocument(json), readEvent(json)]) {
          expect(read.ok || read.breaches.length > 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('in place of a part of a right event too', () => {
    const mutations = [...mutationsOf(SENSOR_EVENT), ...mutationsOf(documentOf([SENSOR_EVENT]))];
    fc.assert(
      fc.property(fc.constantFrom(...mutations), fc.jsonValue(), ({ json }, value) => {
        const mixed =
          typeof json === 'object' && json !== null ? { ...json, epcList: value } : json;
        for (const read of [readDocument(mixed), readEvent(mixed)]) {
          expect(read.ok || read.breaches.length > 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([undefined, null, 7, 'text', true, [], {}])('%j', (json) => {
    for (const read of [readDocument(json), readQueryDocument(json), readEvent(json)]) {
      expect(!read.ok && read.breaches[0]?.rule).toBe('schema');
    }
  });
});
