import { bareVocabulary } from '../gs1/cbv-vocabulary.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { subjectRules } from './event-subject.ts';
import { identifierRules, quantityRules } from './identifier-rules.ts';
import type { Place } from './place.ts';
import { sensorRules } from './sensor-rules.ts';
import { member } from './shape.ts';

/** What EPCIS 2.0 says of one event that its schema can't. The event has the form of the schema. */
export function eventRules(event: JsonObject, at: Place): void {
  subjectRules(event, at);
  identifierRules(event, at);
  quantityRules(event, at);
  sensorRules(event, at);
  persistentDispositionRule(event, at.at('persistentDisposition'));
  errorDeclarationRules(event, at.at('errorDeclaration'));
}

/** A persistent disposition comes to hold or ceases to; it can't do both at once. */
function persistentDispositionRule(event: JsonObject, at: Place): void {
  const persistent = member(event, 'persistentDisposition');
  if (!isJsonObject(persistent)) return;
  const set = new Set(words(persistent, 'set'));
  for (const [index, word] of words(persistent, 'unset').entries()) {
    if (set.has(word))
      at.at('unset').at(index).breaks('disposition_twice', 'stands in set as well');
  }
}

function words(persistent: JsonObject, name: string): string[] {
  return strings(member(persistent, name)).map((word) => bareVocabulary('disposition', word));
}

/**
 * EPCIS 2.0, ErrorDeclaration; CBV 2.0, `did_not_occur`: an event that did not occur has nothing to
 * correct it, and none corrects itself. The time of the declaration may lie before an eventTime that was itself the error.
 */
function errorDeclarationRules(event: JsonObject, at: Place): void {
  const declaration = member(event, 'errorDeclaration');
  if (!isJsonObject(declaration)) return;
  const correctives = strings(member(declaration, 'correctiveEventIDs'));
  const reason = member(declaration, 'reason');
  const isNothing =
    typeof reason === 'string' && bareVocabulary('errorReason', reason) === 'did_not_occur';
  if (isNothing && correctives.length > 0) {
    at.at('correctiveEventIDs').breaks('correction_of_nothing', 'stands beside did_not_occur');
  }
  for (const [index, id] of correctives.entries()) {
    if (id === member(event, 'eventID')) {
      at.at('correctiveEventIDs').at(index).breaks('correction_self', 'is the event itself');
    }
  }
}

function strings(value: Json | undefined): string[] {
  if (!Array.isArray(value)) return [];
  const items: readonly Json[] = value;
  return items.filter((item) => typeof item === 'string');
}
