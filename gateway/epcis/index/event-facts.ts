// What the index keeps of an event: every term, number and thing that a SimpleEventQuery
// (EPCIS 2.0) can ask for, each in one spelling.

import { instantOf } from '../document/event-time.ts';
import type { ReadEvent } from '../event.ts';
import type { VocabularyList } from '../gs1/cbv-vocabulary.ts';
import { expandCurie, type Namespaces, namespacesOf } from '../gs1/namespaces.ts';
import { placeAncestors } from '../gs1/place-ancestors.ts';
import { isJsonObject, itemsOf, type Json, type JsonObject } from '../json.ts';
import { companyPrefixes, PREFIX_TERM } from './company-prefix.ts';
import { EXISTS, instanceName, measureName, typedName, withinName } from './fact-names.ts';
import { FactSheet, type NumberFact, type TermFact } from './fact-sheet.ts';
import { measureValue, textValue, wordValue } from './fact-values.ts';
import { addFields, extensionsOf } from './field-facts.ts';
import { addSensors } from './sensor-facts.ts';
import { classOf, quantityElements, type ThingFact, thingFacts } from './thing-facts.ts';

export interface EventFacts {
  readonly eventMs: number;
  readonly terms: readonly TermFact[];
  readonly numbers: readonly NumberFact[];
  readonly things: readonly ThingFact[];
}

/** `read` follows the schema and the rules; a field of another form says nothing. */
export function eventFacts({ event, context }: ReadEvent): EventFacts {
  const namespaces = namespacesOf(context);
  const sheet = new FactSheet();
  const things = thingFacts(event);
  addWhat(sheet, event, things);
  for (const prefix of companyPrefixes(event)) sheet.term(PREFIX_TERM, prefix);
  addWhy(sheet, event, namespaces);
  addPlace(sheet, event, { field: 'readPoint', namespaces });
  addPlace(sheet, event, { field: 'bizLocation', namespaces });
  addTyped(sheet, event, namespaces);
  addError(sheet, event['errorDeclaration'], namespaces);
  addSensors(sheet, event['sensorElementList'], namespaces);
  if (isJsonObject(event['ilmd'])) addFields(sheet, event['ilmd'], { place: 'ilmd', namespaces });
  addFields(sheet, extensionsOf(event), { place: 'event', namespaces });
  const { eventTime } = event;
  const eventMs = typeof eventTime === 'string' ? instantOf(eventTime) : null;
  if (eventMs === null) throw new Error('an event without a time was captured');
  return { eventMs, terms: sheet.terms(), numbers: sheet.numbers(), things };
}

function addWhat(sheet: FactSheet, event: JsonObject, things: readonly ThingFact[]): void {
  for (const { uri, role } of things) {
    const kind = classOf(uri);
    if (kind !== null) sheet.term(instanceName(role), kind);
  }
  for (const [{ quantity, uom }] of quantityElements(event)) {
    if (typeof quantity !== 'number') continue;
    sheet.number('quantity', quantity);
    const base = typeof uom === 'string' ? measureValue('quantity', quantity, uom) : null;
    if (base) sheet.number(measureName('quantity', base.unit), base.value);
  }
}

function addWhy(sheet: FactSheet, event: JsonObject, namespaces: Namespaces): void {
  const { type, action, transformationID, persistentDisposition } = event;
  if (typeof type === 'string') sheet.term('eventType', textValue(expandCurie(type, namespaces)));
  if (typeof action === 'string') sheet.term('action', textValue(action));
  if (typeof transformationID === 'string') {
    sheet.term('transformationID', textValue(transformationID));
  }
  addWord(sheet, 'bizStep', { list: 'bizStep', value: event['bizStep'], namespaces });
  addWord(sheet, 'disposition', { list: 'disposition', value: event['disposition'], namespaces });
  if (!isJsonObject(persistentDisposition)) return;
  for (const change of ['set', 'unset'] as const) {
    for (const value of itemsOf(persistentDisposition[change])) {
      const name = `persistentDisposition ${change}`;
      addWord(sheet, name, { list: 'disposition', value, namespaces });
    }
  }
}

function addWord(
  sheet: FactSheet,
  name: string,
  said: { list: VocabularyList; value: Json | undefined; namespaces: Namespaces },
): void {
  if (typeof said.value !== 'string') return;
  sheet.term(name, wordValue(said.list, said.value, said.namespaces));
}

function addPlace(
  sheet: FactSheet,
  event: JsonObject,
  { field, namespaces }: { field: 'readPoint' | 'bizLocation'; namespaces: Namespaces },
): void {
  const place = event[field];
  if (!isJsonObject(place)) return;
  addFields(sheet, extensionsOf(place), { place: field, namespaces });
  if (typeof place['id'] !== 'string') return;
  const id = textValue(place['id']);
  sheet.term(field, id);
  for (const above of placeAncestors(id)) {
    if (above !== id) sheet.term(withinName(field), above);
  }
}

/** Business transactions, sources and destinations, each by its type. */
function addTyped(sheet: FactSheet, event: JsonObject, namespaces: Namespaces): void {
  for (const [list, field] of [
    ['bizTransactionList', 'bizTransaction'],
    ['sourceList', 'source'],
    ['destinationList', 'destination'],
  ] as const) {
    const vocabulary = field === 'bizTransaction' ? 'bizTransactionType' : 'sourceDestType';
    for (const one of itemsOf(event[list])) {
      if (!isJsonObject(one)) continue;
      const { type, [field]: id } = one;
      if (typeof type !== 'string' || typeof id !== 'string') continue;
      sheet.term(typedName(field, wordValue(vocabulary, type, namespaces)), textValue(id));
    }
  }
}

function addError(sheet: FactSheet, error: Json | undefined, namespaces: Namespaces): void {
  if (!isJsonObject(error)) return;
  sheet.term(EXISTS, 'errorDeclaration');
  const { declarationTime, reason, correctiveEventIDs } = error;
  const ms = typeof declarationTime === 'string' ? instantOf(declarationTime) : null;
  if (ms !== null) sheet.number('errorDeclarationTime', ms);
  addWord(sheet, 'errorReason', { list: 'errorReason', value: reason, namespaces });
  for (const id of itemsOf(correctiveEventIDs)) {
    if (typeof id === 'string') sheet.term('correctiveEventID', textValue(id));
  }
  addFields(sheet, extensionsOf(error), { place: 'errorDeclaration', namespaces });
}
