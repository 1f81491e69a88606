import type { Json, JsonObject } from '../../gateway/epcis/json.ts';

/** One event of each type, alone and without a fault: a box of rice on its way. */

export const EPCIS_CONTEXT = [
  'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
  { ex: 'https://example.org/epcis/' },
];

const BOX = 'urn:epc:id:sgtin:9521321.000001.1';
const PALLET = 'urn:epc:id:sscc:9521321.0000000001';
const LOT = 'urn:epc:class:lgtin:9521321.000001.L1';

const COMMON = {
  '@context': EPCIS_CONTEXT,
  eventTime: '2026-11-20T08:00:00+08:00',
  eventTimeZoneOffset: '+08:00',
};

export const OBJECT_EVENT: JsonObject = {
  ...COMMON,
  type: 'ObjectEvent',
  action: 'OBSERVE',
  bizStep: 'shipping',
  epcList: [BOX],
};
export const AGGREGATION_EVENT: JsonObject = {
  ...COMMON,
  type: 'AggregationEvent',
  action: 'ADD',
  parentID: PALLET,
  childEPCs: [BOX],
};
export const ASSOCIATION_EVENT: JsonObject = { ...AGGREGATION_EVENT, type: 'AssociationEvent' };
export const TRANSACTION_EVENT: JsonObject = {
  ...COMMON,
  type: 'TransactionEvent',
  action: 'ADD',
  epcList: [BOX],
  bizTransactionList: [
    { type: 'po', bizTransaction: 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6' },
  ],
};
export const TRANSFORMATION_EVENT: JsonObject = {
  ...COMMON,
  type: 'TransformationEvent',
  inputQuantityList: [{ epcClass: LOT, quantity: 1000, uom: 'KGM' }],
  outputEPCList: [BOX],
};
export const SENSOR_EVENT: JsonObject = {
  ...OBJECT_EVENT,
  sensorElementList: [
    {
      sensorMetadata: {
        startTime: '2026-11-20T07:00:00+08:00',
        endTime: '2026-11-20T08:00:00+08:00',
      },
      sensorReport: [{ type: 'Temperature', meanValue: 14.2, uom: 'CEL' }],
    },
  ],
};

/** An EPCISDocument with these events, whose contexts it takes over. */
export function documentOf(events: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    '@context': EPCIS_CONTEXT,
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2026-11-20T09:00:00+08:00',
    epcisBody: { eventList: events.map(({ '@context': _, ...event }) => event) },
    ...more,
  };
}

/** `event` with one sensor element. */
export function sensed(report: JsonObject, metadata?: JsonObject): JsonObject {
  const sensorReport: Json = [{ type: 'Temperature', ...report }];
  const element = metadata ? { sensorMetadata: metadata, sensorReport } : { sensorReport };
  return { ...OBJECT_EVENT, sensorElementList: [element] };
}
