// EPCIS events and queries over small pools of values, so that random queries find something.
import type { ReadEvent } from '../../gateway/epcis/event.ts';
import type { JsonObject } from '../../gateway/epcis/json.ts';

export const PREFIXES = { ext: 'http://example.com/ext/', other: 'http://example.com/other/' };
const CONTEXTS: Record<string, string>[] = [
  PREFIXES,
  // Other names for the same two.
  { x: PREFIXES.ext, ext: PREFIXES.other },
];

type Random = () => number;
type Entry = [name: string, value: unknown];

export function pick<T>(random: Random, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}

const EPCS = [
  ...['1', '2', '3'].map((serial) => `urn:epc:id:sgtin:0614141.107346.${serial}`),
  'https://id.gs1.org/01/10614141073464/21/2',
  'urn:epc:id:sgtin:4012345.012345.1',
  'urn:epc:id:sscc:0614141.1234567890',
  'urn:epc:id:sscc:4012345.1234567890',
  'urn:epc:id:grai:0614141.12345.400',
  'urn:epc:id:gid:95100000.12345.400',
  'https://example.com/things/7',
];
const CLASSES = [
  'urn:epc:idpat:sgtin:0614141.107346.*',
  'urn:epc:class:lgtin:4012345.012345.998877',
  'https://id.gs1.org/01/04012345123456/10/L1',
  'urn:epc:idpat:sgtin:4012345.098765.*',
];
const PATTERNS = [
  'urn:epc:idpat:sgtin:0614141.*.*',
  'urn:epc:idpat:sgtin:*.*.*',
  'urn:epc:idpat:sscc:0614141.*',
  'urn:epc:idpat:gid:95100000.*.*',
  'urn:epc:idpat:grai:0614141.*.*',
];
const PLACES = [
  'urn:epc:id:sgln:0614141.07346.0',
  'urn:epc:id:sgln:0614141.07346.1234',
  'https://id.gs1.org/414/0614141073467/254/99',
  'https://example.com/site',
  'https://example.com/site/hall/gate',
  'https://example.com/sites',
];
const STEPS = [
  'shipping',
  'receiving',
  'https://ref.gs1.org/cbv/BizStep-shipping',
  'urn:ours:step',
];
const DISPOSITIONS = ['in_transit', 'damaged', 'urn:ours:lost'];
const URIS = ['https://example.com/a', 'https://example.com/b', 'urn:epc:id:giai:4000001.111'];
const TIMES = [1, 2, 3, 4].map((hour) => `2024-03-01T0${hour}:30:00.000+02:00`);
const VALUES = [-4.5, 0, 2, 4.25, 8, 26];
const UNITS = ['CEL', 'KEL', 'FAH', 'P1'];
const SCALARS = ['red', 'blue', '20', 20, 7.5, true, '2024-03-01T01:30:00Z'];
const TYPES = ['ObjectEvent', 'AggregationEvent', 'TransformationEvent', 'TransactionEvent'];
const FIELDS = ['ext:a', 'ext:b', 'other:a'];

function some<T>(random: Random, values: readonly T[]): T[] {
  return [pick(random, values), ...(random() < 0.4 ? [pick(random, values)] : [])];
}

function chosen(random: Random, share: number, ...entries: (() => Entry)[]): JsonObject {
  const taken = entries.filter(() => random() < share).map((entry) => entry());
  return Object.fromEntries(taken) as JsonObject;
}

function extensions(random: Random, names: readonly string[], depth = 0): JsonObject {
  const value = (): unknown => {
    const kind = random();
    if (depth < 3 && kind < 0.25) return extensions(random, names, depth + 1);
    if (kind < 0.5) return [pick(random, SCALARS), [pick(random, SCALARS)], null];
    return pick(random, SCALARS);
  };
  return chosen(random, 0.4, ...names.map((name) => (): Entry => [name, value()]));
}

function sensorElement(random: Random, names: readonly string[]): JsonObject {
  const shared = () =>
    chosen(
      random,
      0.3,
      () => ['deviceID', pick(random, URIS)],
      () => ['rawData', pick(random, URIS)],
      () => ['dataProcessingMethod', pick(random, URIS)],
      () => ['bizRules', pick(random, URIS)],
      () => ['time', pick(random, TIMES)],
    );
  const report = () => ({
    type: pick(random, ['Temperature', 'gs1:Temperature', 'RelativeHumidity']),
    uom: pick(random, UNITS),
    ...shared(),
    ...chosen(
      random,
      0.4,
      () => ['value', pick(random, VALUES)],
      () => ['minValue', pick(random, VALUES)],
      () => ['maxValue', pick(random, VALUES)],
      () => ['sDev', pick(random, [0.1, 0.5])],
      () => ['percRank', pick(random, [50, 95])],
      () => ['percValue', pick(random, VALUES)],
      () => ['stringValue', pick(random, ['ok', 'bad|worse'])],
      () => ['booleanValue', random() < 0.5],
      () => ['hexBinaryValue', pick(random, ['f0f0', 'F0F0', '00'])],
      () => ['uriValue', pick(random, URIS)],
    ),
    ...extensions(random, names),
  });
  return {
    sensorMetadata: {
      ...shared(),
      ...chosen(random, 0.3, () => ['startTime', pick(random, TIMES)]),
      ...extensions(random, names),
    },
    sensorReport: [report(), ...(random() < 0.4 ? [report()] : [])],
    ...extensions(random, names),
  } as unknown as JsonObject;
}

function quantities(random: Random): JsonObject[] {
  return some(random, CLASSES).map((epcClass) => ({
    epcClass,
    ...(random() < 0.8 ? { quantity: pick(random, [1, 2.5, 200]) } : {}),
    ...(random() < 0.6 ? { uom: pick(random, ['KGM', 'GRM']) } : {}),
  }));
}

function whatOf(random: Random, type: string): JsonObject {
  if (type === 'TransformationEvent') {
    return chosen(
      random,
      0.6,
      () => ['inputEPCList', some(random, EPCS)],
      () => ['outputEPCList', some(random, EPCS)],
      () => ['inputQuantityList', quantities(random)],
      () => ['outputQuantityList', quantities(random)],
      () => ['transformationID', pick(random, URIS)],
    );
  }
  if (type === 'AggregationEvent') {
    return chosen(
      random,
      0.7,
      () => ['parentID', pick(random, EPCS)],
      () => ['childEPCs', some(random, EPCS)],
      () => ['childQuantityList', quantities(random)],
    );
  }
  return chosen(
    random,
    0.7,
    () => ['epcList', some(random, EPCS)],
    () => ['quantityList', quantities(random)],
  );
}

export function generatedEvent(random: Random, no: number): ReadEvent {
  const context = pick(random, CONTEXTS);
  const names = [...Object.keys(context).map((prefix) => `${prefix}:a`), 'ext:b', 'unbound:a'];
  const type = pick(random, TYPES);
  const eventId = `urn:uuid:00000000-0000-4000-8000-${String(no).padStart(12, '0')}`;
  const event = {
    type,
    eventID: eventId,
    eventTime: new Date(1_709_251_200_000 + Math.floor(random() * 40) * 600_000).toISOString(),
    eventTimeZoneOffset: '+00:00',
    ...(type === 'TransformationEvent'
      ? {}
      : { action: pick(random, ['ADD', 'OBSERVE', 'DELETE']) }),
    ...whatOf(random, type),
    ...chosen(
      random,
      0.5,
      () => ['bizStep', pick(random, STEPS)],
      () => ['disposition', pick(random, DISPOSITIONS)],
      () => ['readPoint', { id: pick(random, PLACES), ...extensions(random, names) }],
      () => ['bizLocation', { id: pick(random, PLACES) }],
      () => ['persistentDisposition', { set: some(random, DISPOSITIONS), unset: ['damaged'] }],
      () => ['bizTransactionList', [{ type: 'po', bizTransaction: pick(random, URIS) }]],
      () => ['sourceList', [{ type: 'location', source: pick(random, PLACES) }]],
      () => ['destinationList', [{ type: 'owning_party', destination: pick(random, URIS) }]],
      () => ['ilmd', extensions(random, names)],
      () => ['sensorElementList', [sensorElement(random, names), sensorElement(random, names)]],
    ),
    ...chosen(random, 0.2, () => [
      'errorDeclaration',
      {
        declarationTime: pick(random, TIMES),
        reason: pick(random, ['did_not_occur', 'incorrect_data']),
        correctiveEventIDs: [pick(random, URIS)],
        ...extensions(random, names),
      },
    ]),
    ...extensions(random, names),
  };
  return { event: event as unknown as JsonObject, context, eventId };
}

const PARAMETERS: ((random: Random) => Entry)[] = [
  (r) => ['eventType', some(r, TYPES)],
  (r) => ['EQ_action', some(r, ['ADD', 'OBSERVE', 'DELETE'])],
  (r) => ['EQ_bizStep', some(r, STEPS)],
  (r) => ['EQ_disposition', some(r, DISPOSITIONS)],
  (r) => ['EQ_persistentDisposition_set', some(r, DISPOSITIONS)],
  (r) => ['EQ_persistentDisposition_unset', some(r, DISPOSITIONS)],
  (r) => [`EQ_${pick(r, ['readPoint', 'bizLocation'])}`, some(r, PLACES)],
  (r) => [`WD_${pick(r, ['readPoint', 'bizLocation'])}`, some(r, PLACES)],
  (r) => ['EQ_transformationID', some(r, URIS)],
  (r) => ['EQ_bizTransaction_po', some(r, URIS)],
  (r) => ['EQ_source_location', some(r, PLACES)],
  (r) => ['EQ_destination_owning_party', some(r, URIS)],
  (r) => [`MATCH_${pick(r, ['epc', 'parentID', 'inputEPC', 'outputEPC', 'anyEPC'])}`, things(r)],
  (r) => [
    `MATCH_${pick(r, ['epcClass', 'inputEPCClass', 'outputEPCClass', 'anyEPCClass'])}`,
    kinds(r),
  ],
  (r) => [`${by(r)}_quantity`, pick(r, [1, 2.5, 200])],
  (r) => [`${by(r)}_quantity_${pick(r, ['KGM', 'GRM'])}`, pick(r, [1, 2.5, 1000])],
  (r) => [`${pick(r, ['GE', 'LT'])}_${pick(r, ['eventTime', 'recordTime'])}`, anyTime(r)],
  (r) => ['EXISTS_errorDeclaration', pick(r, [null, true])],
  (r) => [`${pick(r, ['GE', 'LT'])}_errorDeclarationTime`, pick(r, TIMES)],
  (r) => ['EQ_errorReason', [pick(r, ['did_not_occur', 'incorrect_data'])]],
  (r) => ['EQ_correctiveEventID', some(r, URIS)],
  (r) => [pick(r, ['EXISTS_sensorElement', 'EXISTS_sensorElementList']), null],
  (r) => ['EQ_type', [pick(r, ['Temperature', 'RelativeHumidity'])]],
  (r) => [
    `EQ_${pick(r, ['deviceID', 'rawData', 'dataProcessingMethod', 'bizRules'])}`,
    some(r, URIS),
  ],
  (r) => ['EQ_uriValue', some(r, URIS)],
  (r) => ['EQ_stringValue', [pick(r, ['ok', 'bad|worse'])]],
  (r) => ['EQ_booleanValue', r() < 0.5],
  (r) => ['EQ_hexBinaryValue', [pick(r, ['f0f0', 'ff'])]],
  (r) => [`${pick(r, ['EQ', 'GE', 'LT'])}_${pick(r, ['time', 'startTime'])}`, pick(r, TIMES)],
  (r) => [`${by(r)}_percRank`, pick(r, [50, 95])],
  (r) => [`${by(r)}_sDev_${pick(r, ['CEL', 'KEL', 'FAH'])}`, pick(r, [0.1, 0.5])],
  (r) => [
    `${by(r)}_${pick(r, ['value', 'minValue', 'maxValue', 'percValue'])}_CEL`,
    pick(r, VALUES),
  ],
  (r) => [`${by(r)}_${pick(r, ['value', 'minValue', 'maxValue'])}_KEL`, 273.15 + pick(r, VALUES)],
  (r) => [`EQ_${place(r)}${pick(r, FIELDS)}`, some(r, SCALARS).map(String)],
  (r) => [`EXISTS_${place(r)}${pick(r, FIELDS)}`, null],
  (r) => [`${pick(r, ['GT', 'GE', 'LT', 'LE'])}_${place(r)}${pick(r, FIELDS)}`, limit(r)],
];

function by(random: Random): string {
  return pick(random, ['EQ', 'GT', 'GE', 'LT', 'LE']);
}
function things(random: Random): string[] {
  return some(random, [...EPCS, ...PATTERNS, 'https://id.gs1.org/01/10614141073464']);
}
function kinds(random: Random): string[] {
  return some(random, [...CLASSES, 'urn:epc:idpat:sgtin:4012345.*.*']);
}
function anyTime(random: Random): string {
  return new Date(1_709_251_200_000 + Math.floor(random() * 40) * 600_000).toISOString();
}
function limit(random: Random): number | string {
  return pick<number | string>(random, [7.5, 20, 19.5, '2024-03-01T00:00:00Z']);
}
function place(random: Random): string {
  const inner = pick(random, ['', '', 'INNER_']);
  return `${inner}${pick(random, ['', 'ILMD_', 'ERROR_DECLARATION_', 'SENSORELEMENT_', 'SENSORMETADATA_', 'SENSORREPORT_', 'readPoint_'])}`;
}

/** One to three parameters; each is one that `readQuery` accepts. */
export function generatedQuery(random: Random): JsonObject {
  const count = 1 + Math.floor(random() * 3);
  const entries = Array.from({ length: count }, () => pick(random, PARAMETERS)(random));
  return Object.fromEntries(entries) as JsonObject;
}

/** Every parameter that the generator knows, for a test that leaves none out. */
export const PARAMETER_KINDS = PARAMETERS.length;
export function queryOfKind(random: Random, kind: number): JsonObject {
  return Object.fromEntries([PARAMETERS[kind % PARAMETERS.length]!(random)]) as JsonObject;
}
