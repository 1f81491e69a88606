import { isJsonObject, type Json } from '../json.ts';
import { contextShape } from './context-shape.ts';
import type { Place } from './place.ts';
import { sensorElementList } from './sensor-shape.ts';
import {
  all,
  anything,
  type Fields,
  list,
  member,
  number,
  oneOf,
  record,
  type Shape,
  text,
  time,
  uri,
} from './shape.ts';
import {
  bizStep,
  bizTransactionType,
  disposition,
  errorReason,
  sourceDestType,
} from './vocabulary-shape.ts';

/** The fields of EPCIS 2.0 events in the form of its JSON binding. */

const zoneOffset = text(
  (value) => /^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/.test(value),
  'is not a zone offset such as +08:00',
);
const unitCode = text((value) => /^[A-Z0-9]{2,3}$/.test(value), 'is not a unit code');

const epcs = list(uri);
const epcSet = list(uri, { isUnique: true });
const quantities = list(
  record(
    { epcClass: uri, quantity: number, uom: unitCode },
    { required: ['epcClass'], others: 'none' },
  ),
);
const place = record({ id: uri }, { required: ['id'], others: 'any' });
const dispositions = list(disposition, { itemsMin: 1, isUnique: true });

const persistentDisposition = all(
  record({ set: dispositions, unset: dispositions }, { others: 'none' }),
  (value, at) => {
    if (!isJsonObject(value) || Object.hasOwn(value, 'set') || Object.hasOwn(value, 'unset'))
      return;
    at.wrong('has neither set nor unset');
  },
);

const certificationInfo: Shape = (value, at) =>
  Array.isArray(value) ? epcs(value, at) : uri(value, at);

const errorDeclaration = record(
  { declarationTime: time, reason: errorReason, correctiveEventIDs: list(uri) },
  { required: ['declarationTime'], others: 'extensions' },
);

const COMMON: Fields = {
  '@context': contextShape,
  eventTime: time,
  recordTime: time,
  eventTimeZoneOffset: zoneOffset,
  eventID: uri,
  certificationInfo,
  errorDeclaration,
};
const bizTransaction = record(
  { type: bizTransactionType, bizTransaction: uri },
  { required: ['bizTransaction'], others: 'none' },
);
const WHY_WHERE_HOW: Fields = {
  bizStep,
  disposition,
  readPoint: place,
  bizLocation: place,
  bizTransactionList: list(bizTransaction),
  sourceList: list(
    record({ type: sourceDestType, source: uri }, { required: ['type', 'source'], others: 'none' }),
  ),
  destinationList: list(
    record(
      { type: sourceDestType, destination: uri },
      { required: ['type', 'destination'], others: 'none' },
    ),
  ),
  sensorElementList,
};
const action = oneOf(['OBSERVE', 'ADD', 'DELETE']);
const ilmd = record({}, { others: 'extensions' });
const PARENT_AND_CHILDREN: Fields = {
  parentID: uri,
  childEPCs: epcs,
  childQuantityList: quantities,
  action,
};

const OBJECT: Fields = {
  epcList: epcSet,
  quantityList: quantities,
  action,
  persistentDisposition,
  ilmd,
};
const TRANSACTION: Fields = {
  parentID: uri,
  epcList: epcs,
  quantityList: quantities,
  action,
  bizTransactionList: list(bizTransaction, { itemsMin: 1 }),
};
const TRANSFORMATION: Fields = {
  inputEPCList: epcSet,
  inputQuantityList: quantities,
  outputEPCList: epcSet,
  outputQuantityList: quantities,
  transformationID: uri,
  persistentDisposition,
  ilmd,
};

function eventOf(fields: Fields, required: readonly string[]): Shape {
  return record(
    { ...COMMON, type: anything, ...WHY_WHERE_HOW, ...fields },
    { required: ['eventTime', 'eventTimeZoneOffset', ...required], others: 'extensions' },
  );
}

const EVENT_TYPES = new Map<string, Shape>([
  ['ObjectEvent', all(eventOf(OBJECT, ['action']), ilmdAtAdd)],
  ['AggregationEvent', eventOf(PARENT_AND_CHILDREN, ['action'])],
  ['AssociationEvent', eventOf(PARENT_AND_CHILDREN, ['action'])],
  ['TransactionEvent', eventOf(TRANSACTION, ['action', 'bizTransactionList'])],
  ['TransformationEvent', eventOf(TRANSFORMATION, [])],
]);

/**
 * A type of event that is not the standard's: the schema says only what each event has.
 * The standard's fields keep their form in it, because everything that reads events goes by names.
 */
const extendedEvent: Shape = (value, at) => {
  record(
    { ...COMMON, type: uri },
    { required: ['eventTime', 'eventTimeZoneOffset'], others: 'any' },
  )(value, at);
  if (!isJsonObject(value)) return;
  const own = Object.entries(value).filter(([name]) => !EACH_EVENT_HAS.has(name));
  extensionFields(Object.fromEntries(own), at.under('extended_event'));
};
const EACH_EVENT_HAS = new Set([...Object.keys(COMMON), 'type']);
const extensionFields = record(
  { ...WHY_WHERE_HOW, ...PARENT_AND_CHILDREN, ...OBJECT, ...TRANSACTION, ...TRANSFORMATION },
  { others: 'extensions' },
);

export const eventShape: Shape = (value, at) => {
  if (!isJsonObject(value)) return at.wrong('is not an object');
  const type = member(value, 'type');
  if (typeof type !== 'string') return at.wrong('lacks type');
  (EVENT_TYPES.get(type) ?? extendedEvent)(value, at);
};

/** Instance and lot master data belong to the event that brings the things into being. */
function ilmdAtAdd(value: Json, at: Place): void {
  if (!isJsonObject(value) || !Object.hasOwn(value, 'ilmd') || value['action'] === 'ADD') return;
  at.at('ilmd').wrong('stands in an event whose action is not ADD');
}

/** Each name that the standard gives to a field of an event. */
export const EVENT_FIELDS: ReadonlySet<string> = new Set(
  [COMMON, WHY_WHERE_HOW, PARENT_AND_CHILDREN, OBJECT, TRANSACTION, TRANSFORMATION].flatMap(
    Object.keys,
  ),
);
