import type { JsonObject } from '../json.ts';
import type { Place } from './place.ts';
import { isFilledList, member } from './shape.ts';

/**
 * What an event must be about: EPCIS 2.0, the types of event in §7.4, and TCR-54 of its conformance
 * requirements for associations. GS1's schema has most of it; it lets an empty epcList stand for
 * objects, and an aggregation be changed without the parent it changes.
 */
export function subjectRules(event: JsonObject, at: Place): void {
  RULES.get(String(event['type']))?.(event, at);
}

const RULES = new Map<string, (event: JsonObject, at: Place) => void>([
  ['ObjectEvent', objectRule],
  ['AggregationEvent', (event, at) => childrenRules(event, at, 'aggregation')],
  ['AssociationEvent', (event, at) => childrenRules(event, at, 'association')],
  ['TransactionEvent', transactionRule],
  ['TransformationEvent', transformationRule],
]);

/** Objects, or a place whose conditions were sensed. */
function objectRule(event: JsonObject, at: Place): void {
  const isSensed = isFilledList(member(event, 'sensorElementList')) && has(event, 'readPoint');
  if (!isSensed && !hasFilled(event, ['epcList', 'quantityList'])) {
    at.breaks(
      'object_subject',
      'has neither objects (epcList, quantityList) nor sensorElementList with readPoint',
    );
  }
}

/**
 * A parent unless an aggregation is only observed (an association names what it is about even
 * then); children unless all of them leave.
 */
function childrenRules(event: JsonObject, at: Place, kind: 'aggregation' | 'association'): void {
  const isParentNeeded = kind === 'association' || event['action'] !== 'OBSERVE';
  if (isParentNeeded && !has(event, 'parentID')) at.breaks(`${kind}_parent`, 'lacks parentID');
  const areChildrenNeeded = event['action'] !== 'DELETE';
  if (areChildrenNeeded && !hasFilled(event, ['childEPCs', 'childQuantityList'])) {
    at.breaks(`${kind}_children`, 'has neither childEPCs nor childQuantityList');
  }
}

/** Objects, unless all of them leave the transaction. */
function transactionRule(event: JsonObject, at: Place): void {
  if (event['action'] === 'DELETE' || hasFilled(event, ['epcList', 'quantityList'])) return;
  at.breaks('transaction_subject', 'has neither epcList nor quantityList');
}

/** Both sides, or one of them and the id under which other events tell the rest. */
function transformationRule(event: JsonObject, at: Place): void {
  const hasInput = hasFilled(event, ['inputEPCList', 'inputQuantityList']);
  const hasOutput = hasFilled(event, ['outputEPCList', 'outputQuantityList']);
  if (hasInput && hasOutput) return;
  if ((hasInput || hasOutput) && has(event, 'transformationID')) return;
  at.breaks(
    'transformation_sides',
    'has neither inputs and outputs nor one of them with transformationID',
  );
}

function has(event: JsonObject, name: string): boolean {
  return Object.hasOwn(event, name);
}

function hasFilled(event: JsonObject, names: readonly string[]): boolean {
  return names.some((name) => isFilledList(member(event, name)));
}
