import { describe, expect, test } from 'vitest';
import { readDocument, readEvent } from '../../../../gateway/epcis/document/read-document.ts';
import type { Json, JsonObject } from '../../../../gateway/epcis/json.ts';
import {
  AGGREGATION_EVENT,
  ASSOCIATION_EVENT,
  documentOf,
  EPCIS_CONTEXT,
  OBJECT_EVENT,
  SENSOR_EVENT,
  sensed,
  TRANSACTION_EVENT,
  TRANSFORMATION_EVENT,
} from '../../../support/sample-events.ts';

const BOX = 'urn:epc:id:sgtin:9521321.000001.1';
const LOT = 'urn:epc:class:lgtin:9521321.000001.L1';

function faultsOf(event: JsonObject): [path: string, rule: string][] {
  const read = readEvent(event);
  return read.ok ? [] : read.breaches.map(({ path, rule }) => [path, rule]);
}

function without(event: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(event).filter(([name]) => !names.includes(name)));
}

describe('right events', () => {
  test.each([
    ['an object', OBJECT_EVENT],
    ['an aggregation', AGGREGATION_EVENT],
    ['an association', ASSOCIATION_EVENT],
    ['a transaction', TRANSACTION_EVENT],
    ['a transformation', TRANSFORMATION_EVENT],
    ['sensor data', SENSOR_EVENT],
    [
      'an association with a place',
      { ...ASSOCIATION_EVENT, parentID: 'urn:epc:id:sgln:9521321.00001.0' },
    ],
    [
      'a pallet that is only seen',
      { ...without(AGGREGATION_EVENT, 'parentID'), action: 'OBSERVE' },
    ],
    ['a pallet taken apart', { ...without(AGGREGATION_EVENT, 'childEPCs'), action: 'DELETE' }],
    [
      'conditions of a place',
      {
        ...without(SENSOR_EVENT, 'epcList'),
        readPoint: { id: 'urn:epc:id:sgln:9521321.00001.0' },
      },
    ],
    [
      'one side of a transformation',
      {
        ...without(TRANSFORMATION_EVENT, 'outputEPCList'),
        transformationID: 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      },
    ],
    ['a type of its own', { ...OBJECT_EVENT, type: 'ex:HarvestEvent', 'ex:field': 'x' }],
    ['names in full', { ...OBJECT_EVENT, 'https://example.org/field': 1, 'urn:example:field': 2 }],
    [
      'a value of JSON-LD',
      { ...OBJECT_EVENT, 'ex:weight': { '@value': '3.5', '@type': 'xsd:double' } },
    ],
    [
      'a wrong eventTime of the future, declared an error before it',
      {
        ...OBJECT_EVENT,
        eventTime: '2062-11-20T08:00:00+08:00',
        errorDeclaration: {
          declarationTime: '2026-11-21T08:00:00+08:00',
          reason: 'incorrect_data',
        },
      },
    ],
  ])('%s', (_title, event) => {
    expect(faultsOf(event)).toEqual([]);
  });
});

describe('what an event is about', () => {
  test.each<[string, JsonObject, string]>([
    ['an empty epcList', { ...OBJECT_EVENT, epcList: [] }, 'object_subject'],
    ['no objects', without(OBJECT_EVENT, 'epcList'), 'object_subject'],
    ['sensor data without a place', without(SENSOR_EVENT, 'epcList'), 'object_subject'],
    ['an aggregation without parent', without(AGGREGATION_EVENT, 'parentID'), 'aggregation_parent'],
    [
      'a pallet taken apart that has no name',
      { ...without(AGGREGATION_EVENT, 'parentID'), action: 'DELETE' },
      'aggregation_parent',
    ],
    [
      'an aggregation without children',
      { ...AGGREGATION_EVENT, childEPCs: [] },
      'aggregation_children',
    ],
    ['an association without parent', without(ASSOCIATION_EVENT, 'parentID'), 'association_parent'],
    [
      'an association ended without parent',
      { ...without(ASSOCIATION_EVENT, 'parentID'), action: 'DELETE' },
      'association_parent',
    ],
    [
      'an association without children',
      without(ASSOCIATION_EVENT, 'childEPCs'),
      'association_children',
    ],
    [
      'an association seen without children',
      { ...ASSOCIATION_EVENT, action: 'OBSERVE', childEPCs: [], childQuantityList: [] },
      'association_children',
    ],
    ['a transaction of nothing', { ...TRANSACTION_EVENT, epcList: [] }, 'transaction_subject'],
    [
      'a transformation out of nothing',
      without(TRANSFORMATION_EVENT, 'inputQuantityList'),
      'transformation_sides',
    ],
    [
      'a transformation of nothing into nothing',
      {
        ...without(TRANSFORMATION_EVENT, 'inputQuantityList', 'outputEPCList'),
        transformationID: 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      },
      'transformation_sides',
    ],
  ])('%s', (_title, event, rule) => {
    expect(faultsOf(event)).toEqual([['', rule]]);
  });
});

describe('sensor data', () => {
  const report = '/sensorElementList/0/sensorReport/0';
  const metadata = '/sensorElementList/0/sensorMetadata';
  const early = '2026-11-20T07:00:00+08:00';
  const late = '2026-11-20T08:00:00.001+08:00';
  const device = 'urn:epc:id:giai:9521321.7';

  test.each<[string, JsonObject, string, string]>([
    [
      'a time in both places',
      sensed({ time: early }, { time: early }),
      `${report}/time`,
      'sensor_field_twice',
    ],
    [
      'a device in both places',
      sensed({ deviceID: device }, { deviceID: device }),
      `${report}/deviceID`,
      'sensor_field_twice',
    ],
    [
      'rules in both places',
      sensed({ bizRules: 'ex:r' }, { bizRules: 'ex:s' }),
      `${report}/bizRules`,
      'sensor_field_twice',
    ],
    ['a report after the event', sensed({ time: late }), `${report}/time`, 'sensor_time_late'],
    [
      'an element after the event',
      sensed({}, { time: late }),
      `${metadata}/time`,
      'sensor_time_late',
    ],
    [
      'a period that ends after the event',
      sensed({}, { endTime: late }),
      `${metadata}/endTime`,
      'sensor_time_late',
    ],
    [
      'a period that starts with the event',
      sensed({}, { startTime: '2026-11-20T00:00:00Z' }),
      `${metadata}/startTime`,
      'sensor_time_late',
    ],
    [
      'a period that ends as it starts',
      sensed({}, { startTime: early, endTime: early }),
      `${metadata}/startTime`,
      'sensor_period',
    ],
    ['a unit that nobody knows', sensed({ value: 1, uom: 'QQQ' }), `${report}/uom`, 'unit'],
    [
      'a component of nothing',
      sensed({ component: 'x', uom: 'MTS' }),
      `${report}/component`,
      'sensor_component',
    ],
    [
      'a rank without its value',
      sensed({ percRank: 50 }),
      `${report}/percRank`,
      'sensor_percentile',
    ],
    [
      'a percentile without its rank',
      sensed({ percValue: 12, uom: 'CEL' }),
      `${report}/percValue`,
      'sensor_percentile',
    ],
    ['a deviation from no mean', sensed({ sDev: 0.1 }), `${report}/sDev`, 'sensor_deviation'],
    [
      'microbe and chemical',
      sensed({ microorganism: 'ex:m', chemicalSubstance: 'ex:c' }),
      `${report}/microorganism`,
      'sensor_substance',
    ],
    ['a time without a zone', sensed({ time: '2026-11-20T07:00:00' }), `${report}/time`, 'schema'],
    [
      'a wrong check digit of the device',
      sensed({ deviceID: 'https://id.gs1.org/8003/09521321000014' }),
      `${report}/deviceID`,
      'epc',
    ],
  ])('%s', (_title, event, path, rule) => {
    expect(faultsOf(event)).toEqual([[path, rule]]);
  });

  test('may be sensed at the very moment of the event, said in another zone', () => {
    expect(faultsOf(sensed({ time: '2026-11-20T01:00:00+01:00' }))).toEqual([]);
  });
});

describe('things and quantities', () => {
  const quantities = (element: JsonObject) => ({ ...OBJECT_EVENT, quantityList: [element] });
  const at = '/quantityList/0';

  test.each<[string, JsonObject, string, string]>([
    [
      'a wrong check digit',
      { ...OBJECT_EVENT, epcList: ['https://id.gs1.org/01/09521321000012/21/1'] },
      '/epcList/0',
      'epc',
    ],
    [
      'a wrong check digit of the parent',
      { ...AGGREGATION_EVENT, parentID: 'https://id.gs1.org/00/095213210000000010' },
      '/parentID',
      'epc',
    ],
    [
      'a class with a wrong check digit',
      quantities({ epcClass: 'https://id.gs1.org/01/09521321000012/10/L1' }),
      `${at}/epcClass`,
      'epc',
    ],
    [
      'a place with letters',
      { ...OBJECT_EVENT, readPoint: { id: 'urn:epc:id:sgln:952132A.00001.0' } },
      '/readPoint/id',
      'epc',
    ],
    [
      'a party that is too short',
      {
        ...OBJECT_EVENT,
        sourceList: [{ type: 'location', source: 'urn:epc:id:sgln:9521321.1.0' }],
      },
      '/sourceList/0/source',
      'epc',
    ],
    [
      'an order with letters',
      { ...TRANSACTION_EVENT, bizTransactionList: [{ bizTransaction: 'urn:epc:id:gdti:A.1.1' }] },
      '/bizTransactionList/0/bizTransaction',
      'epc',
    ],
    [
      'an unknown unit',
      quantities({ epcClass: LOT, quantity: 1, uom: 'QQQ' }),
      `${at}/uom`,
      'unit',
    ],
    [
      'a unit of no quantity',
      quantities({ epcClass: LOT, uom: 'KGM' }),
      `${at}/uom`,
      'quantity_missing',
    ],
    [
      'half a box',
      quantities({ epcClass: LOT, quantity: 0.5 }),
      `${at}/quantity`,
      'quantity_count',
    ],
    [
      'less than nothing',
      quantities({ epcClass: LOT, quantity: -1, uom: 'KGM' }),
      `${at}/quantity`,
      'quantity_positive',
    ],
    ['nothing', quantities({ epcClass: LOT, quantity: 0 }), `${at}/quantity`, 'quantity_positive'],
  ])('%s', (_title, event, path, rule) => {
    expect(faultsOf(event)).toEqual([[path, rule]]);
  });
});

describe('dispositions and declarations of error', () => {
  const declared = (more: JsonObject) => ({
    ...OBJECT_EVENT,
    eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
    errorDeclaration: { declarationTime: '2026-11-21T08:00:00+08:00', ...more },
  });

  test('a disposition that begins and ends in one event', () => {
    const persistentDisposition = {
      set: ['damaged', 'recalled'],
      unset: ['https://ref.gs1.org/cbv/Disp-damaged'],
    };
    expect(faultsOf({ ...OBJECT_EVENT, persistentDisposition })).toEqual([
      ['/persistentDisposition/unset/0', 'disposition_twice'],
    ]);
  });

  test('what corrects an event that did not occur', () => {
    const declaration = {
      reason: 'did_not_occur',
      correctiveEventIDs: ['urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8'],
    };
    expect(faultsOf(declared(declaration))).toEqual([
      ['/errorDeclaration/correctiveEventIDs', 'correction_of_nothing'],
    ]);
  });

  test('an event that corrects itself', () => {
    const correctiveEventIDs = ['urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8'];
    expect(faultsOf(declared({ correctiveEventIDs }))).toEqual([
      ['/errorDeclaration/correctiveEventIDs/0', 'correction_self'],
    ]);
  });
});

describe('ids of the events of one document', () => {
  const eventID = 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8';
  const verdicts = (events: JsonObject[]) => {
    const read = readDocument(documentOf(events));
    if (!read.ok) throw new Error(JSON.stringify(read.breaches));
    return read.value.events.map((event) =>
      event.ok ? event.value.eventId : event.breaches.map(({ path, rule }) => [path, rule]),
    );
  };

  test('the second of two events with one id is refused', () => {
    expect(
      verdicts([
        { ...OBJECT_EVENT, eventID },
        { ...AGGREGATION_EVENT, eventID },
      ]),
    ).toEqual([eventID, [['/epcisBody/eventList/1/eventID', 'event_id_twice']]]);
  });

  test('an event and the declaration that it was an error have one id', () => {
    const errorDeclaration = { declarationTime: '2026-11-21T08:00:00+08:00' };
    const event = { ...OBJECT_EVENT, eventID };
    expect(verdicts([event, { ...event, errorDeclaration }])).toEqual([eventID, eventID]);
  });

  test('the same event twice has the same hash, its declaration as an error has it too', () => {
    const errorDeclaration = { declarationTime: '2026-11-21T08:00:00+08:00' };
    const [first, declaration, second] = verdicts([
      OBJECT_EVENT,
      { ...OBJECT_EVENT, errorDeclaration },
      { ...OBJECT_EVENT, recordTime: '2026-11-20T08:00:01Z' },
    ]);
    expect(first).toMatch(/^ni:\/\/\/sha-256;/);
    expect(declaration).toBe(first);
    expect(second).toEqual([['/epcisBody/eventList/2/eventID', 'event_id_twice']]);
  });
});

describe('what is kept of an event', () => {
  test('recordTime and @context are not, the context is handed on', () => {
    const sent = { ...OBJECT_EVENT, recordTime: '2026-11-20T08:00:01Z' };
    const read = readEvent(sent);
    if (!read.ok) throw new Error(JSON.stringify(read.breaches));
    const { '@context': _, ...bare } = OBJECT_EVENT;
    expect(read.value.event).toEqual({ ...bare, eventID: read.value.eventId });
    expect(read.value.context).toEqual(EPCIS_CONTEXT);
  });

  test("an event's own context comes after its document's", () => {
    const own: Json = { field: 'https://example.org/other/' };
    const event = { ...without(OBJECT_EVENT, '@context'), 'field:note': 'x', epcList: [BOX] };
    const document = documentOf([]);
    const read = readDocument({
      ...document,
      epcisBody: { eventList: [{ ...event, '@context': own }] },
    });
    if (!read.ok || !read.value.events[0]?.ok) throw new Error('refused');
    expect(read.value.events[0].value.context).toEqual([...EPCIS_CONTEXT, own]);
    expect(read.value.events[0].value.event).not.toHaveProperty('@context');
  });
});
