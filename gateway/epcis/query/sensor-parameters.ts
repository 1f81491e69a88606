// Parameters about sensor elements (query-schema.json of EPCIS 2.0; public test case requirement TCR-53).
import { hexValue, textValue } from '../index/fact-values.ts';
import { SENSOR_TIMES, SENSOR_TYPE, SENSOR_URIS } from '../index/sensor-facts.ts';
import type { Json } from '../json.ts';
import { type Comparison, pointAt } from './interval.ts';
import { anyOf, bound, type Draft, take, wordsOf } from './query-draft.ts';
import { readBoolean, readDateTime, readTexts, readUris } from './query-values.ts';
import { measured } from './thing-parameters.ts';

const ATTRIBUTES = new Map<string, 'text' | 'uri'>(
  SENSOR_URIS.map((name) => [`EQ_${name}`, name === 'stringValue' ? 'text' : 'uri']),
);
const TIME = new RegExp(`^(EQ|GE|LT)_(${SENSOR_TIMES.join('|')})$`);
const MEASURE =
  /^(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue)_([A-Z0-9]{2,4})$/;
const PLAIN = /^(EQ|GT|GE|LT|LE)_(percRank|sDev|percValue)$/;

/** False where `name` is no parameter of this group. */
export function readSensorParameter(draft: Draft, name: string, value: Json): boolean {
  const kind = ATTRIBUTES.get(name);
  if (kind) return attribute(draft, name, { value, kind });
  if (name === 'EQ_type') return type(draft, name, value);
  if (name === 'EQ_hexBinaryValue') {
    const texts = take(draft, name, readTexts(value));
    if (texts) anyOf(draft, 'hexBinaryValue', texts.map(hexValue));
    return true;
  }
  if (name === 'EQ_booleanValue') {
    const flag = take(draft, name, readBoolean(value));
    if (flag !== null) anyOf(draft, 'booleanValue', [String(flag)]);
    return true;
  }
  const [, when, clock = ''] = TIME.exec(name) ?? [];
  if (when !== undefined) {
    const ms = take(draft, name, readDateTime(value));
    if (ms === null) return true;
    if (when !== 'EQ') bound(draft, clock, when as Comparison, ms);
    else draft.conditions.push({ kind: 'number', name: clock, intervals: [pointAt(ms)] });
    return true;
  }
  const [, by, measure = '', uom] = MEASURE.exec(name) ?? PLAIN.exec(name) ?? [];
  if (by === undefined) return false;
  return measured(draft, name, { attribute: measure, by: by as Comparison, uom, value });
}

function attribute(
  draft: Draft,
  name: string,
  { value, kind }: { value: Json; kind: 'text' | 'uri' },
): true {
  const texts = take(draft, name, kind === 'uri' ? readUris(value) : readTexts(value));
  if (texts) anyOf(draft, name.slice('EQ_'.length), texts.map(textValue));
  return true;
}

function type(draft: Draft, name: string, value: Json): true {
  const texts = take(draft, name, readTexts(value));
  const uris = texts ? wordsOf(draft, name, { list: 'measurement', texts }) : null;
  if (uris) anyOf(draft, SENSOR_TYPE, uris);
  return true;
}
