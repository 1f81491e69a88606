import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eventHash, preHash } from '../../../../gateway/epcis/gs1/event-hash.ts';
import type { JsonObject } from '../../../../gateway/epcis/json.ts';
import { group } from '../../../support/group.ts';
import { hasSharedEpcis, sharedDocuments, sharedEpcis } from '../../../support/shared-epcis.ts';

const FOLDER = 'event-hash';
const vectors = group('epcis', hasSharedEpcis, `no ${sharedEpcis()}`);

function lines(name: string): string[] {
  const path = sharedEpcis(FOLDER, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(/\r?\n/) : [];
}

function niOf(text: string): string {
  return `ni:///sha-256;${createHash('sha256').update(text).digest('hex')}?ver=CBV2.0`;
}

/** Fields that a document tells a repository to leave out, which an event alone does not say. */
function ignoredBy(json: JsonObject): ReadonlySet<string> {
  const found = /"repository-x:ignoreFields":(\[[^\]]*\])/.exec(JSON.stringify(json))?.[1];
  const names: unknown = JSON.parse(found ?? '[]');
  return new Set(Array.isArray(names) ? names : []);
}

/** Vectors whose document is XML, which this gateway does not read: the same events in JSON. */
const FROM_XML: Readonly<Record<string, readonly JsonObject[]>> = {
  epcisDocWith2DifferentTransformationEvents: [
    [['1111', '2222'], ['3333']],
    [['1111'], ['2222', '3333']],
  ].map(([inputs = [], outputs = []]) => ({
    type: 'TransformationEvent',
    eventTime: '2019-09-10T10:40:21.314+02:00',
    eventTimeZoneOffset: '+02:00',
    inputEPCList: inputs.map((serial) => `urn:epc:id:sgtin:4047111.012345.${serial}`),
    outputEPCList: outputs.map((serial) => `urn:epc:id:sgtin:4047111.012345.${serial}`),
    bizStep: 'urn:epcglobal:cbv:bizstep:repairing',
    disposition: 'urn:epcglobal:cbv:disp:damaged',
  })),
  epcisDocWithTransformationEventWithExtension: [
    {
      '@context': { ext: 'https://circ4life.eecc.info/epcis' },
      type: 'TransformationEvent',
      eventTime: '2022-02-16T10:40:21.314+02:00',
      eventTimeZoneOffset: '+02:00',
      inputEPCList: [
        'urn:epc:id:sgtin:4047111.012345.1111',
        'urn:epc:id:sgtin:4047111.012345.2222',
      ],
      outputEPCList: ['urn:epc:id:sgtin:4047111.012345.3333'],
      bizStep: 'repairing',
      disposition: 'damaged',
      'ext:lifeTime': 'P3Y',
    },
  ],
  epcisXmlDocHavingEventWithIgnoreFields: [
    ['testField4', 'ABCD'],
    ['testField3', 'PQRS'],
  ].map(([name = '', value = '']) => ({
    '@context': [{ example: 'https://ns.example.com/epcis/' }],
    type: 'ObjectEvent',
    eventTime: '2024-06-08T10:58:56.591+02:00',
    eventTimeZoneOffset: '+02:00',
    quantityList: [
      { epcClass: 'urn:epc:class:lgtin:4054739.099961.2015-03-30a', quantity: 150.0, uom: 'KGM' },
    ],
    action: 'ADD',
    bizStep: 'commissioning',
    readPoint: { id: 'urn:epc:id:sgln:4054738.00005.0' },
    [`example:${name}`]: value,
  })),
};

vectors('the published vectors', () => {
  const documents = sharedDocuments(FOLDER);
  const names = documents.map(({ path }) => path.replace('.jsonld', ''));

  test.each(names)('%s', (name) => {
    const document = documents.find(({ path }) => path === `${name}.jsonld`)!;
    const ignored = ignoredBy(document.json);
    const events = document.events.map((event) => {
      return Object.fromEntries(Object.entries(event).filter(([field]) => !ignored.has(field)));
    });
    const hashes = events.map((event) => eventHash(event, document.context));
    const published = lines(`${name}.hashes`);
    expect(published.length).toBeGreaterThan(0);
    expect(hashes).toEqual(published);
    expect(events.map((event) => niOf(preHash(event, document.context)))).toEqual(published);
  });

  test.each(Object.keys(FROM_XML))('%s', (name) => {
    const events = FROM_XML[name]!;
    expect(events.map((event) => preHash(event, event['@context'] ?? null))).toEqual(
      lines(`${name}.prehashes`),
    );
    expect(events.map((event) => eventHash(event, event['@context'] ?? null))).toEqual(
      lines(`${name}.hashes`),
    );
  });

  /** Two of the published strings are damaged: they do not hash to the ids beside them. */
  test('every pre-hash string that hashes to its own id is ours', () => {
    const damaged: string[] = [];
    for (const { path, events, context, json } of documents) {
      const name = path.replace('.jsonld', '');
      const ids = lines(`${name}.hashes`);
      const ignored = ignoredBy(json);
      for (const [i, line] of lines(`${name}.prehashes`).entries()) {
        const kept = Object.entries(events[i]!).filter(([field]) => !ignored.has(field));
        if (niOf(line) !== ids[i]) damaged.push(`${name} ${i}`);
        else expect(preHash(Object.fromEntries(kept), context)).toBe(line);
      }
    }
    expect(damaged).toEqual([
      'epcisDocWithCustomSchemaInContext 1',
      'epcisDocWithDefaultSchemaInContext 1',
    ]);
  });
});

const EVENT = {
  type: 'ObjectEvent',
  eventTime: '2026-01-02T03:04:05Z',
  eventTimeZoneOffset: '+08:00',
  epcList: ['urn:epc:id:sgtin:0614141.112345.2', 'urn:epc:id:sgtin:0614141.112345.1'],
  action: 'OBSERVE',
} as const;
const CONTEXT = [
  'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
  { my: 'https://my.example/' },
];

function tail(extra: JsonObject): string {
  const base = preHash(EVENT, CONTEXT);
  const text = preHash({ ...EVENT, ...extra }, CONTEXT);
  expect(text.startsWith(base)).toBe(true);
  return text.slice(base.length);
}

describe('what does not change the id', () => {
  const id = eventHash(EVENT, CONTEXT);

  test.each([
    [
      'order of fields and of a list',
      {
        ...Object.fromEntries(Object.entries(EVENT).reverse()),
        epcList: [...EVENT.epcList].reverse(),
      },
    ],
    [
      'links for URNs',
      {
        ...EVENT,
        epcList: [
          'https://x.example/01/10614141123459/21/1?a=b',
          'https://id.gs1.org/01/10614141123459/10/L/21/2',
        ],
      },
    ],
    ['time zone and precision', { ...EVENT, eventTime: '2026-01-02T11:04:05.0004+08:00' }],
    [
      'what a repository adds',
      { ...EVENT, eventID: 'urn:uuid:1', recordTime: '2026-01-03T00:00:00Z' },
    ],
    [
      'an error declaration',
      { ...EVENT, errorDeclaration: { declarationTime: '2026-01-03T00:00:00Z' } },
    ],
    ['a comment', { ...EVENT, 'rdfs:comment': 'seen at the gate' }],
    ['a context of its own', { ...EVENT, '@context': 'https://example.com/never-fetched' }],
    [
      'empty lists and nulls',
      { ...EVENT, bizTransactionList: [], quantityList: [], disposition: null },
    ],
  ])('%s', (_, event) => {
    expect(eventHash(event as JsonObject, CONTEXT)).toBe(id);
  });

  test('anything else does', () => {
    for (const extra of [
      { action: 'ADD' },
      { epcList: [EVENT.epcList[0]] },
      { eventTime: '2026-01-02T03:04:05.001Z' },
      { 'my:field': 'x' },
      { ilmd: { 'my:lot': '1' } },
      { readPoint: { id: 'geo:1,2' } },
    ]) {
      expect(eventHash({ ...EVENT, ...extra } as JsonObject, CONTEXT)).not.toBe(id);
    }
  });
});

test('all fields of an event, in their order', () => {
  const names =
    `eventTime eventTimeZoneOffset certificationInfo parentID epcList inputEPCList childEPCs
    quantityList childQuantityList inputQuantityList outputEPCList outputQuantityList action
    transformationID bizStep disposition persistentDisposition readPoint bizLocation
    sensorElementList bizTransactionList destinationList ilmd sourceList`.split(/\s+/);
  const isText = /^(event|cert|parent|action|transformation|bizStep|disposition|.*EPC)/;
  const marked = names.map((name) => {
    return [name, isText.test(name) ? `<${name}>` : [{ 'my:mark': `<${name}>` }]] as const;
  });
  const text = preHash(Object.fromEntries(marked.reverse()), CONTEXT);
  expect([...text.matchAll(/<(\w+)>/g)].map((match) => match[1])).toEqual(names);
});

describe('the parts of the string', () => {
  test('words in each of their forms', () => {
    for (const bizStep of [
      'shipping',
      'urn:epcglobal:cbv:bizstep:shipping',
      'cbv:BizStep-shipping',
    ]) {
      expect(tail({ bizStep })).toBe('bizStep=https://ref.gs1.org/cbv/BizStep-shipping');
    }
    const sensorReport = [
      { type: 'gs1:Temperature', exception: 'ALARM_CONDITION', component: 'x' },
    ];
    expect(tail({ sensorElementList: [{ sensorReport }] })).toBe(
      'sensorElementListsensorElementsensorReporttype=https://gs1.org/voc/Temperature' +
        'exception=https://gs1.org/voc/ALARM_CONDITIONcomponent=https://ref.gs1.org/cbv/Comp-x',
    );
  });

  test('type before value, extensions last in their parent, all sorted', () => {
    const source = { source: 'urn:epc:id:pgln:4012345.00000', type: 'owning_party', 'my:z': '1' };
    expect(
      tail({ sourceList: [source], 'my:b': ['2', '10'], 'my:a': { 'my:d': true, 'my:c': 1.5 } }),
    ).toBe(
      'sourceListtype=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/4012345000009' +
        '{https://my.example/}z=1{https://my.example/}a{https://my.example/}c=1.5{https://my.example/}d=true' +
        '{https://my.example/}b=10{https://my.example/}b=2',
    );
  });

  test.each([
    [1, '1'],
    [12.5, '12.5'],
    [0.00005, '5e-05'],
    [1e21, '1000000000000000000000'],
    [-0, '0'],
    ['1.50', '1.5'],
    ['007', '7'],
    ['+3', '3'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e999', '1e999'],
    ['P3Y', 'P3Y'],
    ['  spaced  ', 'spaced'],
    ['my:name', 'https://my.example/name'],
  ])('the value %s', (value, text) => {
    expect(tail({ 'my:field': value })).toBe(`{https://my.example/}field=${text}`);
  });

  test('rounds the fourth decimal of a second half up', () => {
    const cases = { '.1415': '.142', '.1414999': '.141', '.9995': ':10.000', '.9': '.900' };
    for (const [fraction, text] of Object.entries(cases)) {
      const time = `2026-01-02T03:04:09${fraction}Z`;
      const want = text.startsWith(':') ? `03:04${text}Z` : `03:04:09${text}Z`;
      expect(preHash({ ...EVENT, eventTime: time }, null)).toContain(
        `eventTime=2026-01-02T${want}`,
      );
    }
  });

  test.each(['', '12', '2026', '2026-01-02', '2026-13-02T00:00:00Z', '2026-01-02T03:04:05'])(
    'a time that is none stays: %j',
    (time) => {
      const text = preHash({ type: 'ObjectEvent', eventTime: time }, null);
      expect(text).toBe(`eventType=ObjectEvent${time && `eventTime=${time}`}`);
    },
  );

  test('sorts by code points, not by UTF-16', () => {
    expect(tail({ 'my:field': ['\u{1F33E}', '\uFB01'] })).toBe(
      '{https://my.example/}field=\uFB01{https://my.example/}field=\u{1F33E}',
    );
  });

  test('hostile names and shapes give an id', () => {
    const hostile = JSON.parse(
      '{"__proto__":{"a":1},"constructor":"x","type":7,"eventTime":"nonsense","epcList":{"a":[null]},' +
        '"readPoint":"x","sensorElementList":[[[{"sensorReport":"x"}]],3],"ilmd":[],"toString":{"":""}}',
    );
    expect(eventHash(hostile, [null, 3, { my: 4 }, [[]]])).toMatch(
      /^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/,
    );
    expect(preHash(hostile, null)).toContain('__proto__a=1');
  });
});
