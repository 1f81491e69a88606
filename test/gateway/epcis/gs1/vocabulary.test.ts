import { describe, expect, test } from 'vitest';
import {
  bareVocabulary,
  isVocabularyWord,
  type VocabularyList,
  vocabularyUri,
} from '../../../../gateway/epcis/gs1/cbv-vocabulary.ts';
import { expandCurie, expandName, namespacesOf } from '../../../../gateway/epcis/gs1/namespaces.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../gateway/epcis/json.ts';
import { group } from '../../../support/group.ts';
import { hasSharedEpcis, sharedEpcis, sharedJson } from '../../../support/shared-epcis.ts';

const context = group('epcis', hasSharedEpcis, `no ${sharedEpcis()}`);

describe('words of the CBV', () => {
  test.each([
    ['bizStep', 'shipping', 'https://ref.gs1.org/cbv/BizStep-shipping'],
    ['disposition', 'in_transit', 'https://ref.gs1.org/cbv/Disp-in_transit'],
    ['bizTransactionType', 'po', 'https://ref.gs1.org/cbv/BTT-po'],
    ['sourceDestType', 'location', 'https://ref.gs1.org/cbv/SDT-location'],
    ['errorReason', 'did_not_occur', 'https://ref.gs1.org/cbv/ER-did_not_occur'],
    ['component', 'latitude', 'https://ref.gs1.org/cbv/Comp-latitude'],
    ['measurement', 'Temperature', 'https://gs1.org/voc/Temperature'],
    ['exception', 'ALARM_CONDITION', 'https://gs1.org/voc/ALARM_CONDITION'],
  ] as const)('%s %s', (list, word, uri) => {
    expect(vocabularyUri(list, word)).toBe(uri);
    expect(vocabularyUri(list, uri)).toBe(uri);
    expect(bareVocabulary(list, uri)).toBe(word);
    expect(bareVocabulary(list, word)).toBe(word);
    const compact = uri
      .replace('https://ref.gs1.org/cbv/', 'cbv:')
      .replace('https://gs1.org/voc/', 'gs1:');
    expect(vocabularyUri(list, compact)).toBe(uri);
    expect(bareVocabulary(list, compact)).toBe(word);
  });

  test('URNs of CBV 1.x', () => {
    expect(vocabularyUri('bizStep', 'urn:epcglobal:cbv:bizstep:shipping')).toMatch(
      /BizStep-shipping$/,
    );
    expect(bareVocabulary('disposition', 'urn:epcglobal:cbv:disp:in_transit')).toBe('in_transit');
    expect(vocabularyUri('sourceDestType', 'urn:epcglobal:cbv:sdt:location')).toMatch(
      /SDT-location$/,
    );
  });

  test.each(['made_up', 'constructor', '__proto__', '', 'https://example.com/step', 'Shipping'])(
    'what it does not have stays: %j',
    (value) => {
      expect(vocabularyUri('bizStep', value)).toBe(value);
      expect(bareVocabulary('bizStep', value)).toBe(value);
      expect(isVocabularyWord('bizStep', value)).toBe(false);
    },
  );
});

context('the lists against GS1’s own context', () => {
  const json = hasSharedEpcis ? sharedJson('epcis-context.jsonld') : {};

  /** What is found on the way down; a `@context` may be a list of them. */
  function at(value: Json | undefined, ...path: string[]): JsonObject {
    const [name = '', ...rest] = path;
    if (Array.isArray(value)) return at(value[0], ...path);
    if (!isJsonObject(value)) throw new Error(`no ${path.join('/')}`);
    return path.length === 0 ? value : at(value[name], ...rest);
  }

  const places: Readonly<Record<VocabularyList, readonly string[]>> = {
    bizStep: ['bizStep', '@context'],
    disposition: ['disposition', '@context'],
    bizTransactionType: ['bizTransactionList', '@context', 'type', '@context'],
    sourceDestType: ['sourceList', '@context', 'type', '@context'],
    errorReason: ['errorDeclaration', '@context', 'reason', '@context'],
    component: [
      'sensorElementList',
      '@context',
      'sensorReport',
      '@context',
      'component',
      '@context',
    ],
    measurement: ['sensorElementList', '@context', 'sensorReport', '@context', 'type', '@context'],
    exception: [
      'sensorElementList',
      '@context',
      'sensorReport',
      '@context',
      'exception',
      '@context',
    ],
  };
  const lists = Object.keys(places) as VocabularyList[];

  test.each(lists)('%s', (list) => {
    const terms = at(json, '@context', ...places[list]);
    const words = Object.entries(terms).filter(
      ([word, iri]) => !word.startsWith('@') && typeof iri === 'string' && /^(cbv|gs1):/.test(iri),
    );
    expect(words.length).toBeGreaterThan(1);
    for (const [word, iri] of words) {
      expect(isVocabularyWord(list, word)).toBe(true);
      expect(vocabularyUri(list, word)).toBe(vocabularyUri(list, String(iri)));
    }
    expect(words.length).toBe(COUNTS[list]);
  });

  test('the prefixes that it sets are known without it', () => {
    const set = Object.entries(at(json, '@context')).filter(([, iri]) =>
      /^(https?|urn):/.test(String(iri)),
    );
    for (const [prefix, iri] of set) expect(namespacesOf(null).get(prefix)).toBe(iri);
    expect(namespacesOf(null).size).toBe(set.length);
  });
});

/** CBV 2.0 §7; a word too many here would be as wrong as one too few. */
const COUNTS: Readonly<Record<VocabularyList, number>> = {
  bizStep: 41,
  disposition: 33,
  bizTransactionType: 13,
  sourceDestType: 3,
  errorReason: 2,
  component: 14,
  measurement: 72,
  exception: 2,
};

describe('prefixes of a context', () => {
  test('objects alone, the last one wins, addresses are never fetched', () => {
    const found = namespacesOf([
      'https://evil.example/context.jsonld',
      { my: 'https://a.example/', '@vocab': 'https://no.example/' },
      { my: 'https://b.example/', term: { '@id': 'https://c.example/term' }, bad: 7, empty: '' },
    ]);
    expect(found.get('my')).toBe('https://b.example/');
    expect(found.get('term')).toBe('https://c.example/term');
    expect(['@vocab', 'bad', 'empty'].map((name) => found.has(name))).toEqual([
      false,
      false,
      false,
    ]);
    expect(namespacesOf({ my: 'https://a.example/' }).get('my')).toBe('https://a.example/');
  });

  test('names and values', () => {
    const namespaces = namespacesOf({ my: 'https://my.example/' });
    expect(expandName('my:field', namespaces)).toBe('{https://my.example/}field');
    expect(expandName('cbvmda:lotNumber', namespaces)).toBe('{urn:epcglobal:cbv:mda:}lotNumber');
    for (const name of [
      'field',
      'other:field',
      'https://my.example/field',
      ':x',
      '',
      '__proto__:x',
    ]) {
      expect(expandName(name, namespaces)).toBeNull();
      expect(expandCurie(name, namespaces)).toBe(name);
    }
    expect(expandCurie('my:a:b', namespaces)).toBe('https://my.example/a:b');
  });

  test('a hostile context', () => {
    const hostile: Json = JSON.parse(
      '[{"__proto__":"https://x.example/","constructor":{"@id":[]}},[],null,7]',
    );
    expect(namespacesOf(hostile).get('__proto__')).toBe('https://x.example/');
    expect(namespacesOf(hostile).has('constructor')).toBe(false);
  });
});
