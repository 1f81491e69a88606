// SimpleEventQuery as openapi.json of EPCIS 2.0 words it, over the JSON of one event: each parameter by
// itself, slowly, with nothing of the index. The oracle of event-index.test.ts.
import { vocabularyUri } from '../../gateway/epcis/gs1/cbv-vocabulary.ts';
import { canonicalUri, toEpcUrn } from '../../gateway/epcis/gs1/epc-translation.ts';
import { toBase } from '../../gateway/epcis/gs1/rec20.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON as a script sees it, without the types under test.
type Any = any;

export interface ReferenceEvent {
  event: Any;
  /** Prefix → IRI. */
  prefixes: Record<string, string>;
  recordMs: number;
}

/** Prefixes of the query; a name without one is compared as it is written. */
export function matches(
  { event, prefixes, recordMs }: ReferenceEvent,
  parameters: Record<string, Any>,
  queryPrefixes: Record<string, string>,
): boolean {
  const ranges = new Map<string, { values: number[]; tests: ((value: number) => boolean)[] }>();
  for (const [name, value] of Object.entries(parameters)) {
    const list = Array.isArray(value) ? value : [value];
    const plain = plainTest(event, recordMs, name, list);
    if (plain !== null) {
      if (!plain) return false;
      continue;
    }
    const numeric = numbersAsked(event, { prefixes, queryPrefixes }, name, value);
    if (numeric) {
      if (name.startsWith('EQ_')) {
        if (!list.some((one) => numeric.values.includes(numeric.convert(one)))) return false;
        continue;
      }
      const range = ranges.get(numeric.key) ?? { values: numeric.values, tests: [] };
      range.tests.push(comparison(name.slice(0, 2), numeric.convert(value)));
      ranges.set(numeric.key, range);
      continue;
    }
    if (!fieldTest(event, { prefixes, queryPrefixes }, name, list)) return false;
  }
  // Bounds of one number are about one value (TCR-53 step 4).
  return [...ranges.values()].every(({ values, tests }) =>
    values.some((value) => tests.every((test) => test(value))),
  );
}

function comparison(by: string, limit: number): (value: number) => boolean {
  if (by === 'GE') return (value) => value >= limit;
  if (by === 'GT') return (value) => value > limit;
  if (by === 'LE') return (value) => value <= limit;
  return (value) => value < limit;
}

const word = (list: Parameters<typeof vocabularyUri>[0]) => (text: string) =>
  canonicalUri(vocabularyUri(list, text));

/** Null where `name` is none of these. */
function plainTest(event: Any, recordMs: number, name: string, list: Any[]): boolean | null {
  const one = (value: Any, read: (text: string) => string = canonicalUri) =>
    typeof value === 'string' && list.map(read).includes(read(value));
  const some = (values: Any[] | undefined, read?: (text: string) => string) =>
    (values ?? []).some((value) => one(value, read));
  const error = event.errorDeclaration;
  switch (name) {
    case 'eventType':
      return one(event.type);
    case 'EQ_action':
      return one(event.action);
    case 'EQ_bizStep':
      return one(event.bizStep, word('bizStep'));
    case 'EQ_disposition':
      return one(event.disposition, word('disposition'));
    case 'EQ_persistentDisposition_set':
      return some(event.persistentDisposition?.set, word('disposition'));
    case 'EQ_persistentDisposition_unset':
      return some(event.persistentDisposition?.unset, word('disposition'));
    case 'EQ_readPoint':
      return one(event.readPoint?.id);
    case 'EQ_bizLocation':
      return one(event.bizLocation?.id);
    case 'WD_readPoint':
      return isWithin(event.readPoint?.id, list);
    case 'WD_bizLocation':
      return isWithin(event.bizLocation?.id, list);
    case 'EQ_transformationID':
      return one(event.transformationID);
    case 'EQ_eventID':
      return list.includes(event.eventID);
    case 'EXISTS_errorDeclaration':
      return error !== undefined;
    case 'EXISTS_sensorElement':
    case 'EXISTS_sensorElementList':
      return event.sensorElementList !== undefined;
    case 'EQ_errorReason':
      return one(error?.reason, word('errorReason'));
    case 'EQ_correctiveEventID':
      return some(error?.correctiveEventIDs);
    case 'GE_eventTime':
      return Date.parse(event.eventTime) >= Date.parse(list[0]);
    case 'LT_eventTime':
      return Date.parse(event.eventTime) < Date.parse(list[0]);
    case 'GE_recordTime':
      return recordMs >= Date.parse(list[0]);
    case 'LT_recordTime':
      return recordMs < Date.parse(list[0]);
    case 'EQ_type':
      return some(
        reports(event).map(({ type }) => type),
        word('measurement'),
      );
    case 'EQ_booleanValue':
      return reports(event).some(({ booleanValue }) => list.includes(booleanValue));
    case 'EQ_hexBinaryValue':
      return some(
        reports(event).map((report) => report.hexBinaryValue),
        (text) => text.toUpperCase(),
      );
    case 'EQ_stringValue':
    case 'EQ_uriValue':
    case 'EQ_microorganism':
    case 'EQ_chemicalSubstance':
    case 'EQ_deviceID':
    case 'EQ_deviceMetadata':
    case 'EQ_rawData':
    case 'EQ_dataProcessingMethod':
    case 'EQ_bizRules':
      return some([...reports(event), ...metadata(event)].map((place) => place[name.slice(3)]));
    default:
      return typedTest(event, name, list) ?? matchTest(event, name, list);
  }
}

function typedTest(event: Any, name: string, list: Any[]): boolean | null {
  const [, field = '', type = ''] =
    /^EQ_(bizTransaction|source|destination)_(.+)$/.exec(name) ?? [];
  if (field === '') return null;
  const read = word(field === 'bizTransaction' ? 'bizTransactionType' : 'sourceDestType');
  return (event[`${field}List`] ?? []).some(
    (one: Any) =>
      one.type !== undefined &&
      read(one.type) === read(type) &&
      list.map(canonicalUri).includes(canonicalUri(one[field])),
  );
}

const MATCH_FIELDS: Record<string, string[]> = {
  MATCH_epc: ['epcList', 'childEPCs'],
  MATCH_parentID: ['parentID'],
  MATCH_inputEPC: ['inputEPCList'],
  MATCH_outputEPC: ['outputEPCList'],
  MATCH_anyEPC: ['epcList', 'childEPCs', 'parentID', 'inputEPCList', 'outputEPCList'],
  MATCH_epcClass: ['quantityList', 'childQuantityList'],
  MATCH_inputEPCClass: ['inputQuantityList'],
  MATCH_outputEPCClass: ['outputQuantityList'],
  MATCH_anyEPCClass: [
    'quantityList',
    'childQuantityList',
    'inputQuantityList',
    'outputQuantityList',
  ],
};

function matchTest(event: Any, name: string, list: Any[]): boolean | null {
  const fields = MATCH_FIELDS[name];
  if (!fields) return null;
  const isClass = name.endsWith('Class');
  const found = fields.flatMap((field) => event[field] ?? []);
  return found.some((one: Any) => {
    const uri = isClass ? one.epcClass : one;
    return typeof uri === 'string' && list.some((asked) => isMatch(uri, asked, isClass));
  });
}

/** Of every company in the generated events. */
const PREFIX_DIGITS = 7;

/**
 * §8.2.7.1.1: a pure identity pattern by the procedure of TDS, part by part over the URN; a link of
 * a GTIN stands for its serials; anything else by equality.
 */
function isMatch(uri: string, asked: string, isClass: boolean): boolean {
  if (canonicalUri(uri) === canonicalUri(asked)) return true;
  if (/^https:\/\/id\.gs1\.org\/01\/\d{14}$/.test(canonicalUri(asked))) {
    return canonicalUri(uri).startsWith(`${canonicalUri(asked)}/21/`);
  }
  if (!asked.startsWith('urn:epc:idpat:')) return false;
  const urn = toEpcUrn(uri, () => PREFIX_DIGITS);
  const [pattern, parts] = [asked, urn].map((one) =>
    one.replace(/^urn:epc:(id|idpat):/, '').split(/[:.]/),
  );
  const form = isClass ? 'urn:epc:idpat:' : 'urn:epc:id:';
  if (!urn.startsWith(form) || pattern === undefined || parts === undefined) return false;
  return pattern.every((part, at) => part === '*' || part === parts[at]);
}

/** A location below another: one with an extension of the same GLN, or a longer path. */
function isWithin(id: Any, list: Any[]): boolean {
  if (typeof id !== 'string') return false;
  const place = canonicalUri(id);
  return list.map(canonicalUri).some((above) => {
    if (above === place) return true;
    if (above.startsWith('https://id.gs1.org/')) return place.startsWith(`${above}/254/`);
    return /^https?:/.test(above) && place.startsWith(`${above}/`);
  });
}

function reports(event: Any): Any[] {
  return (event.sensorElementList ?? []).flatMap((element: Any) => element.sensorReport ?? []);
}

function metadata(event: Any): Any[] {
  return (event.sensorElementList ?? []).flatMap((element: Any) => element.sensorMetadata ?? []);
}

interface Prefixes {
  prefixes: Record<string, string>;
  queryPrefixes: Record<string, string>;
}

interface Numbers {
  key: string;
  values: number[];
  convert(asked: Any): number;
}

function numbersAsked(event: Any, names: Prefixes, name: string, value: Any): Numbers | null {
  const [, attribute = '', uom] =
    /^(?:EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue|quantity|percRank)(?:_([A-Z0-9]{2,4}))?$/.exec(
      name,
    ) ?? [];
  if (attribute !== '') return measures(event, attribute, uom);
  const [, time = ''] =
    /^(?:EQ|GE|LT)_(time|startTime|endTime|errorDeclarationTime)$/.exec(name) ?? [];
  if (time !== '') {
    const places =
      time === 'errorDeclarationTime'
        ? [event.errorDeclaration?.declarationTime]
        : [...reports(event), ...metadata(event)].map((place) => place[time]);
    const values = places.filter((one) => one !== undefined).map((one) => Date.parse(one));
    return { key: time, values, convert: (asked) => Date.parse(asked) };
  }
  if (!/^(?:GT|GE|LT|LE)_/.test(name)) return null;
  const isTime = typeof value === 'string' && value.includes('T');
  const texts = fieldValues(event, names, name.slice(3)).filter((one) => typeof one !== 'object');
  const numbers = texts
    .map(String)
    .filter((text) => isTime === /^\d{4}-.*T/.test(text) && (isTime || /^[-+.\deE]+$/.test(text)))
    .map((text) => (isTime ? Date.parse(text) : Number(text)));
  return {
    key: `${isTime} ${name.slice(3)}`,
    values: numbers,
    convert: (asked) => (isTime ? Date.parse(asked) : Number(asked)),
  };
}

function measures(event: Any, attribute: string, uom: string | undefined): Numbers {
  const lists = ['quantityList', 'childQuantityList', 'inputQuantityList', 'outputQuantityList'];
  const places: Any[] =
    attribute === 'quantity' ? lists.flatMap((list) => event[list] ?? []) : reports(event);
  const convert = (value: number, unit: string): { value: number; unit: string } | null => {
    const base = toBase(value, unit);
    if (base === null || attribute !== 'sDev') return base;
    const zero = toBase(0, unit)?.value ?? 0;
    return { unit: base.unit, value: Number((base.value - zero).toPrecision(12)) };
  };
  const found = places.filter((place) => typeof place[attribute] === 'number');
  if (uom === undefined) {
    return { key: attribute, values: found.map((place) => place[attribute]), convert: Number };
  }
  const asked = convert(1, uom);
  const values = found
    .filter((place) => place.uom !== undefined)
    .map((place) => convert(place[attribute], place.uom))
    .flatMap((base) => (base && base.unit === asked?.unit ? [base.value] : []));
  return {
    key: `${attribute} ${asked?.unit}`,
    values,
    convert: (number) => convert(number, uom)?.value ?? Number.NaN,
  };
}

function fieldTest(event: Any, names: Prefixes, name: string, list: Any[]): boolean {
  const [, kind = '', rest = ''] = /^(EXISTS|EQ)_(.+)$/.exec(name) ?? [];
  if (kind === '') throw new Error(`the reference does not know ${name}`);
  const values = fieldValues(event, names, rest);
  if (kind === 'EXISTS') return values.length > 0;
  return values
    .filter((value) => typeof value !== 'object')
    .some((value) => list.some((asked) => isSameText(String(value), String(asked))));
}

function isSameText(value: string, asked: string): boolean {
  if (canonicalUri(value) === canonicalUri(asked)) return true;
  const isNumber = (text: string) => /^[-+]?[\d.]+$/.test(text);
  if (isNumber(value) && isNumber(asked)) return Number(value) === Number(asked);
  const isTime = (text: string) => /^\d{4}-\d\d-\d\dT/.test(text);
  return isTime(value) && isTime(asked) && Date.parse(value) === Date.parse(asked);
}

const PLACES: [string, (event: Any) => Any[]][] = [
  ['ILMD_', (event) => [event.ilmd]],
  ['ERROR_DECLARATION_', (event) => [event.errorDeclaration]],
  ['SENSORELEMENT_', (event) => event.sensorElementList ?? []],
  ['SENSORMETADATA_', metadata],
  ['SENSORREPORT_', reports],
  ['readPoint_', (event) => [event.readPoint]],
  ['bizLocation_', (event) => [event.bizLocation]],
  ['', (event) => [event]],
];

/** Values of every field of this name at that place; arrays taken apart. */
function fieldValues(event: Any, { prefixes, queryPrefixes }: Prefixes, asked: string): Any[] {
  const isInner = asked.startsWith('INNER_');
  const rest = isInner ? asked.slice('INNER_'.length) : asked;
  const [start, objects] = PLACES.find(([prefix]) => rest.startsWith(prefix)) ?? ['', () => []];
  const name = rest.slice(start.length);
  const [prefix = '', local = ''] = name.split(':');
  const iri = queryPrefixes[prefix];
  const isAsked = (key: string): boolean => {
    const [keyPrefix = '', keyLocal = ''] = key.split(':');
    if (iri === undefined) return key === name;
    return prefixes[keyPrefix] === iri && keyLocal === local;
  };
  const found: Any[] = [];
  const take = (value: Any): void => {
    if (Array.isArray(value)) for (const one of value) take(one);
    else if (value !== null) found.push(value);
  };
  const search = (value: Any, depth: number): void => {
    if (Array.isArray(value)) for (const one of value) search(one, depth);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (depth === 0 && !key.includes(':')) continue;
        if (isAsked(key) && depth > 0 === isInner) take(inner);
        search(inner, depth + 1);
      }
    }
  };
  for (const object of objects(event)) search(object, 0);
  return found;
}
