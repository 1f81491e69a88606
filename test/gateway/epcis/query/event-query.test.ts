import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../../gateway/epcis/json.ts';
import { readQuery } from '../../../../gateway/epcis/query/event-query.ts';
import { queryOf } from '../../../support/event-index-rig.ts';
import { group } from '../../../support/group.ts';
import { hasSharedEpcis, sharedJson } from '../../../support/shared-epcis.ts';

/** Rules that a query breaks, each with its parameter. */
function breachesOf(parameters: JsonObject): string[] {
  const query = readQuery(parameters);
  return query.ok ? [] : query.breaches.map(({ path, rule }) => `${path} ${rule}`);
}

describe('values', () => {
  test('are the same in JSON and in a query string', () => {
    const same: [JsonObject, JsonObject][] = [
      [{ EQ_bizStep: ['shipping', 'receiving'] }, { EQ_bizStep: 'shipping|receiving' }],
      [{ MATCH_epc: ['urn:a:1', 'urn:a:2'] }, { MATCH_epc: 'urn:a:1|urn:a:2' }],
      [{ EQ_quantity: [1, 2] }, { EQ_quantity: '1|2' }],
      [{ EQ_quantity: 1 }, { EQ_quantity: '1' }],
      [{ GE_value_CEL: -4.5 }, { GE_value_CEL: '-4.5' }],
      [{ EQ_booleanValue: true }, { EQ_booleanValue: 'true' }],
      [{ EXISTS_errorDeclaration: null }, { EXISTS_errorDeclaration: 'true' }],
      [{ EXISTS_errorDeclaration: 1 }, { EXISTS_errorDeclaration: '' }],
      [{ maxEventCount: 5 }, { maxEventCount: '5' }],
      [{ 'EQ_ext:a': 20 }, { 'EQ_ext:a': '20' }],
      [
        { GE_eventTime: '2024-01-01T00:00:00+02:00' },
        // A plus sign that nobody escaped.
        { GE_eventTime: '2024-01-01T00:00:00 02:00' },
      ],
    ];
    for (const [json, text] of same) expect(queryOf(text)).toEqual(queryOf(json));
  });

  test('in any spelling are one query', () => {
    const spellings: [Json, Json][] = [
      ['shipping', 'https://ref.gs1.org/cbv/BizStep-shipping'],
      ['shipping', 'urn:epcglobal:cbv:bizstep:shipping'],
    ];
    for (const [one, other] of spellings) {
      expect(queryOf({ EQ_bizStep: one })).toEqual(queryOf({ EQ_bizStep: other }));
    }
    expect(queryOf({ EQ_type: 'gs1:Temperature' })).toEqual(queryOf({ EQ_type: 'Temperature' }));
    expect(queryOf({ MATCH_epc: 'urn:epc:id:sscc:0614141.1234567890' })).toEqual(
      queryOf({ MATCH_epc: 'https://id.gs1.org/00/106141412345678908' }),
    );
    expect(queryOf({ GE_value_CEL: 10 })).toEqual(queryOf({ GE_value_KEL: 283.15 }));
    expect(queryOf({ EXISTS_errorDeclaration: false })).toEqual(queryOf({}));
  });

  test('bind prefixes by their own @context before any other', () => {
    const asked = { 'EXISTS_p:a': null, '@context': ['https://x.example/', { p: 'http://p/' }] };
    const direct = queryOf({ 'EXISTS_q:a': null }, { q: 'http://p/' });
    expect(queryOf(asked, { p: 'http://other/' })).toEqual(direct);
  });
});

describe('refused', () => {
  const refused: [name: string, value: Json][] = [
    ['perPages', '3'],
    ['EQ_', 'x'],
    ['EQ_unknown', 'x'],
    ['eq_bizStep', 'shipping'],
    ['MATCH_', 'urn:a:1'],
    ['MATCH_epcs', 'urn:a:1'],
    ['GE_bizStep', 'shipping'],
    ['EXISTS_bizStep', null],
    ['GT_eventTime', '2024-01-01T00:00:00Z'],
    ['__proto__x', 'x'],
    ['constructor', 'x'],
    ["EQ_bizStep' OR '1'='1", 'shipping'],
    ['EQ_value_ZZZZ', 1],
    ['EQ_value_CEL; DROP TABLE event', 1],
    ['eventType', 'NoSuchEvent'],
    ['eventType', []],
    ['EQ_action', 'observe'],
    ['EQ_bizStep', 'teleporting'],
    ['EQ_bizStep', ''],
    ['EQ_bizStep', 7],
    ['EQ_bizStep', [null]],
    ['EQ_bizStep', { a: 1 }],
    ['EQ_bizTransaction_invoice', 'urn:a:1'],
    ['EQ_readPoint', 'no uri'],
    ['MATCH_epc', '0614141'],
    ['MATCH_epc', 'urn:epc:idpat:sgtin:0614141.*.7'],
    ['MATCH_epc', 'urn:epc:idpat:sgtin:0614141.*'],
    ['MATCH_epc', 'urn:epc:idpat:nothing:*.*'],
    ['MATCH_epc', Array.from({ length: 1_001 }, (_, no) => `urn:a:${no}`)],
    ['GE_eventTime', '2024-01-01'],
    ['GE_eventTime', '2024-01-01T00:00:00'],
    ['GE_eventTime', '2024-13-01T00:00:00Z'],
    ['GE_eventTime', 1_709_251_200_000],
    ['EQ_quantity', 'many'],
    ['EQ_quantity', '1e999'],
    ['GE_quantity', [1, 2]],
    ['GE_value_CEL', '1 OR 1=1'],
    ['EQ_booleanValue', 'yes'],
    ['EXISTS_sensorElementList', 'perhaps'],
    ['GE_ext:a', 'red'],
    ['EQ_ext:a', []],
    ['EQ_ext:a', { b: 1 }],
    ['orderBy', 'bizStep'],
    ['orderDirection', 'desc'],
    ['maxEventCount', 0],
    ['maxEventCount', '1.5'],
    ['maxEventCount', -1],
  ];

  test.each(refused)('%s', (name, value) => {
    expect(breachesOf({ [name]: value })).toEqual([`/${name} epcis_query_parameter`]);
  });

  test('are questions about master data, which is not kept here', () => {
    const rule = 'epcis_query_master_data';
    expect(breachesOf({ HASATTR_readPoint: ['a'] })).toEqual([`/HASATTR_readPoint ${rule}`]);
    expect(breachesOf({ EQATTR_readPoint_a: ['b'] })).toEqual([`/EQATTR_readPoint_a ${rule}`]);
  });

  test('are parameters that exclude or need another', () => {
    const limits = { orderBy: 'eventTime', eventCountLimit: 1, maxEventCount: 1 };
    expect(breachesOf(limits)).toEqual(['/maxEventCount epcis_query_parameter']);
    expect(breachesOf({ eventCountLimit: 1 })).toEqual(['/eventCountLimit epcis_query_parameter']);
  });

  test('are all told at once', () => {
    expect(breachesOf({ a: 1, b: 2, EQ_action: 'x' })).toHaveLength(3);
  });
});

/** A value of the form that the schema of a parameter asks for. */
function exampleOf(name: string, schema: JsonObject): Json {
  const text = JSON.stringify(schema);
  if (name === 'orderBy') return 'eventTime';
  if (name === 'orderDirection') return 'ASC';
  if (/Count/.test(name)) return 3;
  if (/_action/.test(name)) return ['ADD'];
  if (name === 'eventType') return ['ObjectEvent'];
  if (/bizStep/.test(name)) return ['shipping'];
  if (/isposition/.test(name)) return ['in_transit'];
  if (/errorReason/.test(name)) return ['incorrect_data'];
  if (/EQ_type/.test(name)) return ['Temperature'];
  if (text.includes('definitions/time') || text.includes('date-time')) {
    return '2024-01-01T00:00:00Z';
  }
  if (text.includes('boolean')) return true;
  if (/"(integer)"/.test(text)) return 1;
  if (/number|decimal/.test(text)) return text.includes('array') ? [1] : 1;
  return ['urn:example:1'];
}

/** Field names of a pattern: `\\:\\w+` stands for a name with a prefix. */
function nameOf(pattern: string): string {
  return pattern
    .replace(/^\^|\$$/g, '')
    .replace(/\[a-z\]\[a-zA-Z0-9\]\*\\+:\\+w\+/, 'ext:field')
    .replace('[a-z][a-zA-Z0-9_]+', pattern.includes('bizTransaction') ? 'po' : 'location')
    .replace('[A-Z0-9]{2,4}', 'CEL')
    .replace(/\\+w\+/g, 'name');
}

interface QuerySchema {
  definitions: {
    'EPCIS-Query': {
      properties: Record<string, JsonObject>;
      patternProperties: Record<string, JsonObject>;
    };
  };
}

interface Interface {
  paths: { '/events': { get: { parameters: { $ref: string }[] } } };
  components: { parameters: Record<string, { name: string; in: string; schema: JsonObject }> };
}

group('epcis', hasSharedEpcis)('published parameters', () => {
  test('of the query schema are all read', () => {
    const { definitions } = sharedJson('query-schema.json') as unknown as QuerySchema;
    const query = definitions['EPCIS-Query'];
    const patterns = Object.entries(query.patternProperties);
    const named = [
      ...Object.entries(query.properties),
      ...patterns.map(([pattern, of]): [string, JsonObject] => [nameOf(pattern), of]),
    ].filter(([name]) => !name.startsWith('@'));
    expect(named.length).toBeGreaterThan(150);
    const other = named.flatMap(([name, of]) => {
      const value = exampleOf(name, of);
      const needs: JsonObject = name === 'eventCountLimit' ? { orderBy: 'eventTime' } : {};
      return breachesOf({ ...needs, [name]: value });
    });
    const attributes = other.filter((one) => one.endsWith('epcis_query_master_data'));
    expect(other).toEqual(attributes);
    expect(attributes).toHaveLength(2);
  });

  test('of the REST interface are all read', () => {
    const api = sharedJson('openapi.json') as unknown as Interface;
    const named = api.paths['/events'].get.parameters
      .flatMap(({ $ref }) => api.components.parameters[$ref.split('/').at(-1) ?? ''] ?? [])
      .filter((one) => one.in === 'query')
      .filter((one) => !['perPage', 'nextPageToken'].includes(one.name));
    expect(named.length).toBeGreaterThan(45);
    for (const { name, schema } of named) {
      const value = exampleOf(name, schema);
      const text = Array.isArray(value) ? value.join('|') : String(value);
      const needs: JsonObject = name === 'eventCountLimit' ? { orderBy: 'eventTime' } : {};
      expect(breachesOf({ ...needs, [name]: text }), name).toEqual([]);
    }
  });
});
