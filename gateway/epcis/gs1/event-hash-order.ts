// Which fields of an event come in which order in its pre-hash string (CBV 2.0 §8.9.2).
import type { VocabularyList } from './cbv-vocabulary.ts';

export interface HashedField {
  readonly name: string;
  /** What an element of a list is called, which JSON leaves out; absent: the field's own name. */
  readonly item?: string;
  /** Of an object, in this order; what else it has comes sorted behind them. */
  readonly fields?: readonly HashedField[];
  readonly vocabulary?: VocabularyList;
  readonly isTime?: true;
}

const QUANTITY = { item: 'quantityElement', fields: named('epcClass', 'quantity', 'uom') };
const EPCS = { item: 'epc' };

const SENSOR_METADATA: readonly HashedField[] = [
  { name: 'time', isTime: true },
  { name: 'startTime', isTime: true },
  { name: 'endTime', isTime: true },
  ...named('deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod', 'bizRules'),
];

const SENSOR_REPORT: readonly HashedField[] = [
  { name: 'type', vocabulary: 'measurement' },
  { name: 'exception', vocabulary: 'exception' },
  ...named('deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod'),
  { name: 'time', isTime: true },
  ...named('microorganism', 'chemicalSubstance', 'value'),
  { name: 'component', vocabulary: 'component' },
  ...named('stringValue', 'booleanValue', 'hexBinaryValue', 'uriValue'),
  ...named('minValue', 'maxValue', 'meanValue', 'sDev', 'percRank', 'percValue'),
  ...named('uom', 'coordinateReferenceSystem'),
];

/**
 * The order of an event. The table of §8.9.2 has transactions, sources and destinations before the
 * sensor elements, and sources first of the two; its reference implementation and the hashes that
 * are published with it have them behind, sorted by name among `ilmd` and the extensions. This
 * follows the hashes, for an id is of use where two systems compute the same one.
 */
export const HASHED_FIELDS: readonly HashedField[] = [
  { name: 'eventTime', isTime: true },
  ...named('eventTimeZoneOffset', 'certificationInfo', 'parentID'),
  { name: 'epcList', ...EPCS },
  { name: 'inputEPCList', ...EPCS },
  { name: 'childEPCs', ...EPCS },
  { name: 'quantityList', ...QUANTITY },
  { name: 'childQuantityList', ...QUANTITY },
  { name: 'inputQuantityList', ...QUANTITY },
  { name: 'outputEPCList', ...EPCS },
  { name: 'outputQuantityList', ...QUANTITY },
  ...named('action', 'transformationID'),
  { name: 'bizStep', vocabulary: 'bizStep' },
  { name: 'disposition', vocabulary: 'disposition' },
  {
    name: 'persistentDisposition',
    fields: [
      { name: 'set', vocabulary: 'disposition' },
      { name: 'unset', vocabulary: 'disposition' },
    ],
  },
  { name: 'readPoint', fields: named('id') },
  { name: 'bizLocation', fields: named('id') },
  {
    name: 'sensorElementList',
    item: 'sensorElement',
    fields: [
      { name: 'sensorMetadata', fields: SENSOR_METADATA },
      { name: 'sensorReport', fields: SENSOR_REPORT },
    ],
  },
];

/** Fields with an order inside, but none among the others: they are sorted with the extensions. */
export const SORTED_FIELDS: readonly HashedField[] = [
  typed('bizTransactionList', 'bizTransactionType', 'bizTransaction'),
  typed('destinationList', 'sourceDestType', 'destination'),
  typed('sourceList', 'sourceDestType', 'source'),
];

/** §8.9.1: of the repository and not of the event, or what names the event itself. */
export const UNHASHED_FIELDS: ReadonlySet<string> = new Set([
  '@context',
  'type',
  'eventID',
  'recordTime',
  'errorDeclaration',
]);

/** Expanded names that are left out wherever they stand. */
export const UNHASHED_NAMES: ReadonlySet<string> = new Set([
  '{http://www.w3.org/2000/01/rdf-schema#}comment',
  '{https://repository-x.example.com/}ignoreFields',
]);

function named(...names: readonly string[]): HashedField[] {
  return names.map((name) => ({ name }));
}

function typed(name: string, vocabulary: VocabularyList, value: string): HashedField {
  return { name, item: '', fields: [{ name: 'type', vocabulary }, ...named(value)] };
}
