// Parameters of fixed name (query-schema.json and openapi.json of EPCIS 2.0); the names made of
// a field, a type or a unit are in field-parameters.ts and sensor-parameters.ts.
import type { VocabularyList } from '../gs1/cbv-vocabulary.ts';
import { expandCurie } from '../gs1/namespaces.ts';
import { EXISTS, withinName } from '../index/fact-names.ts';
import { textValue } from '../index/fact-values.ts';
import type { Json } from '../json.ts';
import { readField, readFieldParameter } from './field-parameters.ts';
import { type Comparison, narrowed } from './interval.ts';
import { anyOf, bound, type Draft, take, wordsOf } from './query-draft.ts';
import { readCount, readDateTime, readPresence, readTexts, readUris } from './query-values.ts';
import { readSensorParameter } from './sensor-parameters.ts';
import { readThingParameter } from './thing-parameters.ts';

type Reader = (draft: Draft, name: string, value: Json) => void;

const EVENT_TYPES = new Set([
  'ObjectEvent',
  'AggregationEvent',
  'AssociationEvent',
  'TransactionEvent',
  'TransformationEvent',
]);
const ACTIONS = new Set(['ADD', 'OBSERVE', 'DELETE']);

const FIXED: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['eventType', closed('eventType', EVENT_TYPES, true)],
  ['EQ_action', closed('action', ACTIONS, false)],
  ['EQ_bizStep', words('bizStep', 'bizStep')],
  ['EQ_disposition', words('disposition', 'disposition')],
  ['EQ_persistentDisposition_set', words('persistentDisposition set', 'disposition')],
  ['EQ_persistentDisposition_unset', words('persistentDisposition unset', 'disposition')],
  ['EQ_errorReason', words('errorReason', 'errorReason')],
  ['EQ_readPoint', uris('readPoint')],
  ['EQ_bizLocation', uris('bizLocation')],
  ['WD_readPoint', within('readPoint')],
  ['WD_bizLocation', within('bizLocation')],
  ['EQ_transformationID', uris('transformationID')],
  ['EQ_correctiveEventID', uris('correctiveEventID')],
  ['EQ_eventID', eventIds],
  ['EXISTS_errorDeclaration', exists('errorDeclaration')],
  ['EXISTS_sensorElementList', exists('sensorElementList')],
  ['EXISTS_sensorElement', exists('sensorElementList')],
  ['GE_eventTime', window('eventMs', 'GE')],
  ['LT_eventTime', window('eventMs', 'LT')],
  ['GE_recordTime', window('recordMs', 'GE')],
  ['LT_recordTime', window('recordMs', 'LT')],
  ['GE_errorDeclarationTime', time('errorDeclarationTime', 'GE')],
  ['LT_errorDeclarationTime', time('errorDeclarationTime', 'LT')],
  // The query schema has them so.
  ['GE_errorDeclaration_Time', time('errorDeclarationTime', 'GE')],
  ['LT_errorDeclaration_Time', time('errorDeclarationTime', 'LT')],
  ['orderBy', orderBy],
  ['orderDirection', orderDirection],
  ['eventCountLimit', count('eventCountLimit')],
  ['maxEventCount', count('maxEventCount')],
]);

export function readParameter(draft: Draft, name: string, value: Json): void {
  const reader = FIXED.get(name);
  if (reader) reader(draft, name, value);
  else if (/^(?:HASATTR|EQATTR|EQ_ATTR)_/.test(name)) {
    draft.refuse(name, 'asks for master data, which is not kept here', 'epcis_query_master_data');
  } else if (
    !readThingParameter(draft, name, value) &&
    !readSensorParameter(draft, name, value) &&
    !readFieldParameter(draft, name, value)
  ) {
    draft.refuse(name, 'is no parameter of a query');
  }
}

function closed(term: string, known: ReadonlySet<string>, isExtensible: boolean): Reader {
  return (draft, name, value) => {
    const texts = take(draft, name, readTexts(value));
    if (texts === null) return;
    const other = texts.find((text) => !known.has(text) && !(isExtensible && text.includes(':')));
    if (other !== undefined) draft.refuse(name, `does not know ${JSON.stringify(other)}`);
    else
      anyOf(
        draft,
        term,
        texts.map((text) => expanded(draft, text)),
      );
  };
}

function expanded(draft: Draft, text: string): string {
  return textValue(expandCurie(text, draft.namespaces));
}

function words(term: string, list: VocabularyList): Reader {
  return (draft, name, value) => {
    const texts = take(draft, name, readTexts(value));
    const uris = texts === null ? null : wordsOf(draft, name, { list, texts });
    if (uris !== null) anyOf(draft, term, uris);
  };
}

function uris(term: string): Reader {
  return (draft, name, value) => {
    const texts = take(draft, name, readUris(value));
    if (texts !== null) anyOf(draft, term, texts.map(textValue));
  };
}

function within(field: 'readPoint' | 'bizLocation'): Reader {
  return (draft, name, value) => {
    const texts = take(draft, name, readUris(value));
    if (texts === null) return;
    const terms = texts.map(textValue).flatMap((uri) => [
      { name: field, value: uri },
      { name: withinName(field), value: uri.replace(/\/+$/, '') },
    ]);
    draft.conditions.push({ kind: 'terms', terms });
  };
}

function eventIds(draft: Draft, name: string, value: Json): void {
  const ids = take(draft, name, readUris(value));
  if (ids !== null) draft.conditions.push({ kind: 'eventId', ids });
}

function exists(what: string): Reader {
  return (draft, name, value) => {
    if (take(draft, name, readPresence(value)) === true) anyOf(draft, EXISTS, [what]);
  };
}

function window(of: 'eventMs' | 'recordMs', by: Comparison): Reader {
  return (draft, name, value) => {
    const ms = take(draft, name, readDateTime(value));
    if (ms !== null) draft[of] = narrowed(draft[of], by, ms);
  };
}

function time(number: string, by: Comparison): Reader {
  return (draft, name, value) => {
    const ms = take(draft, name, readDateTime(value));
    if (ms !== null) bound(draft, number, by, ms);
  };
}

function orderBy(draft: Draft, name: string, value: Json): void {
  if (value === 'eventTime' || value === 'recordTime') draft.orderBy = value;
  else {
    draft.orderBy = typeof value === 'string' ? readField(draft, value) : null;
    if (draft.orderBy === null) {
      draft.refuse(name, 'is eventTime, recordTime or the full name of a field');
    }
  }
}

function orderDirection(draft: Draft, name: string, value: Json): void {
  if (value === 'ASC' || value === 'DESC') draft.isDescending = value === 'DESC';
  else draft.refuse(name, 'is ASC or DESC');
}

function count(of: 'eventCountLimit' | 'maxEventCount'): Reader {
  return (draft, name, value) => {
    draft[of] = take(draft, name, readCount(value));
  };
}
