import { describe, expect, test } from 'vitest';
import { readDocument, readEvent } from '../../../../gateway/epcis/document/read-document.ts';
import type { Json, JsonObject } from '../../../../gateway/epcis/json.ts';
import { documentOf, OBJECT_EVENT } from '../../../support/sample-events.ts';

const GS1 = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld';

function faultsOf(context: Json, more: JsonObject = {}): [path: string, rule: string][] {
  const read = readEvent({ ...OBJECT_EVENT, ...more, '@context': context });
  return read.ok ? [] : read.breaches.map(({ path, rule }) => [path, rule]);
}

describe('a context that is right', () => {
  test.each<[string, Json]>([
    ['one URL', GS1],
    ["GS1's other places", 'https://gs1.github.io/EPCIS/epcis-context.jsonld'],
    ['a prefix', [GS1, { ex: 'https://example.org/' }]],
    [
      'a term with a type',
      [GS1, { ex: 'https://example.org/', 'ex:n': { '@type': 'xsd:integer' } }],
    ],
    ['a term that is taken back', [GS1, { ex: null }]],
    ['a prefix of GS1 with the same meaning', [GS1, { gs1: 'https://gs1.org/voc/' }]],
    ['keywords that change no name', [GS1, { '@version': 1.1, '@language': 'zh' }]],
  ])('%s', (_title, context) => {
    expect(faultsOf(context)).toEqual([]);
  });

  // Nothing in these files can open a file or a connection: what is named is only compared.
  test.each([
    'https://example.org/unknown.jsonld',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'ftp://example.org/context',
  ])('%s is named and never fetched; what it may declare stays open', (url) => {
    expect(faultsOf([GS1, url], { 'theirs:field': 1 })).toEqual([]);
  });
});

describe('a context that is wrong', () => {
  test.each<[string, Json, string, string]>([
    ['nothing', null, '/@context', 'schema'],
    ['a number', 7, '/@context', 'schema'],
    ['a relative reference', '../context.jsonld', '/@context', 'schema'],
    [
      'one entry twice',
      [GS1, { a: 'urn:a:', b: 'urn:b:' }, { b: 'urn:b:', a: 'urn:a:' }],
      '/@context/2',
      'schema',
    ],
    ['no remote context', { ex: 'https://example.org/' }, '/@context', 'context_missing'],
    ['an empty list', [], '/@context', 'context_missing'],
    [
      'another meaning for a name of the standard',
      [GS1, { epcList: 'https://example.org/e' }],
      '/@context/1/epcList',
      'context_term',
    ],
    [
      'another meaning for id',
      [GS1, { id: 'https://example.org/id' }],
      '/@context/1/id',
      'context_term',
    ],
    ['a number for a term', [GS1, { ex: 7 }], '/@context/1/ex', 'context_term'],
    [
      'a context to fetch',
      [GS1, { '@import': 'https://example.org/c' }],
      '/@context/1/@import',
      'context_keyword',
    ],
    [
      'a context for one term',
      [GS1, { ex: { '@id': 'urn:a:', '@context': 'https://example.org/c' } }],
      '/@context/1/ex/@context',
      'context_keyword',
    ],
    ['a second name for @id', [GS1, { 'ex:id': '@id' }], '/@context/1/ex:id', 'context_keyword'],
    [
      'a second name for @type',
      [GS1, { 'ex:type': { '@id': '@type' } }],
      '/@context/1/ex:type/@id',
      'context_keyword',
    ],
    [
      'a term against its arrow',
      [GS1, { 'ex:of': { '@reverse': 'urn:a:b' } }],
      '/@context/1/ex:of/@reverse',
      'context_keyword',
    ],
    [
      'too many entries',
      [GS1, ...Array.from({ length: 32 }, (_, at) => `urn:c:${at}`)],
      '/@context',
      'limit',
    ],
    [
      'too many terms',
      [GS1, Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`p${at}`, 'urn:a:']))],
      '/@context/1',
      'limit',
    ],
  ])('%s', (_title, context, path, rule) => {
    expect(faultsOf(context)).toEqual([[path, rule]]);
  });
});

describe('names', () => {
  test.each<[string, JsonObject, string, string]>([
    ['a prefix that nobody declared', { 'no:field': 1 }, '/no:field', 'prefix_undeclared'],
    [
      'such a prefix further in',
      { 'ex:a': [{ 'ex:b': { 'no:c': 1 } }] },
      '/ex:a/0/ex:b/no:c',
      'prefix_undeclared',
    ],
    [
      'such a prefix in master data',
      { action: 'ADD', ilmd: { 'no:lot': 'L1' } },
      '/ilmd/no:lot',
      'prefix_undeclared',
    ],
    [
      'such a prefix beside a place',
      { readPoint: { id: 'urn:a:b', 'no:x': 1 } },
      '/readPoint/no:x',
      'prefix_undeclared',
    ],
    ['a bare name', { field: 1 }, '/field', 'schema'],
    ['a name that every object has', { constructor: 1 }, '/constructor', 'schema'],
    ['a context further in', { 'ex:a': { '@context': GS1 } }, '/ex:a/@context', 'context_nested'],
    ['a graph further in', { 'ex:a': { '@graph': [] } }, '/ex:a/@graph', 'keyword'],
    ['a second epcList', { 'epcis:epcList': ['urn:a:b'] }, '/epcis:epcList', 'extension_name'],
    [
      'a second epcList by another prefix',
      { 'mine:epcList': ['urn:a:b'] },
      '/mine:epcList',
      'extension_name',
    ],
  ])('%s', (_title, more, path, rule) => {
    const context = [GS1, { ex: 'https://example.org/', mine: 'https://ref.gs1.org/epcis/' }];
    expect(faultsOf(context, more)).toEqual([[path, rule]]);
  });

  test('a pointer escapes what a name holds', () => {
    expect(faultsOf([GS1], { 'a~b/c': 1 })).toEqual([['/a~0b~1c', 'schema']]);
  });

  test('a field of the standard keeps its form in a type of its own', () => {
    const more = { type: 'ex:HarvestEvent', epcList: 7, field: 1, eventTime: 'today' };
    expect(faultsOf([GS1, { ex: 'urn:a:' }], more)).toEqual([
      ['/eventTime', 'schema'],
      ['/epcList', 'extended_event'],
      ['/field', 'extended_event'],
    ]);
  });
});

describe('a document', () => {
  const faultsOfDocument = (more: JsonObject): [path: string, rule: string][] => {
    const read = readDocument(documentOf([OBJECT_EVENT], more));
    return read.ok ? [] : read.breaches.map(({ path, rule }) => [path, rule]);
  };

  test('is right', () => {
    expect(faultsOfDocument({})).toEqual([]);
  });

  test.each<[string, JsonObject, string, string]>([
    ['another type', { type: 'ObjectEvent' }, '/type', 'schema'],
    ['no version', { schemaVersion: 'two' }, '/schemaVersion', 'schema'],
    ['no events', { epcisBody: {} }, '/epcisBody', 'schema'],
    ['an answer to a query', { type: 'EPCISQueryDocument' }, '/type', 'query_document'],
    ['a prefix that nobody declared', { 'no:note': 'x' }, '/no:note', 'prefix_undeclared'],
    [
      'a context in its header',
      { epcisHeader: { 'ex:a': { '@context': GS1 } } },
      '/epcisHeader/ex:a/@context',
      'context_nested',
    ],
    [
      'a context to fetch',
      { '@context': [GS1, { '@import': GS1 }] },
      '/@context/1/@import',
      'context_keyword',
    ],
    [
      'a word that is no attribute',
      {
        epcisHeader: {
          epcisMasterData: {
            vocabularyList: [
              {
                type: 'urn:a:b',
                vocabularyElementList: [
                  { id: 'urn:a:c', attributes: [{ id: 'urn:a:d', attribute: [] }] },
                ],
              },
            ],
          },
        },
      },
      '/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0/attributes/0/attribute',
      'schema',
    ],
  ])('with %s is refused as a whole', (_title, more, path, rule) => {
    expect(faultsOfDocument(more)).toEqual([[path, rule]]);
  });
});
