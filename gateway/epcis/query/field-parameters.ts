// Parameters about fields that GS1 did not define: EQ_example:myField and its like.

import { instantOf } from '../document/event-time.ts';
import { expandName } from '../gs1/namespaces.ts';
import { type FieldAt, type FieldPlace, fieldName, readNumber } from '../index/fact-names.ts';
import { textValue } from '../index/fact-values.ts';
import type { Json } from '../json.ts';
import type { FieldValue } from './event-query.ts';
import { type Comparison, EVERYTHING, narrowed } from './interval.ts';
import { type Draft, take } from './query-draft.ts';
import { isWrong, readDateTime, readPresence, VALUES_MAX } from './query-values.ts';

const PLACES: readonly (readonly [prefix: string, place: FieldPlace])[] = [
  ['ILMD_', 'ilmd'],
  ['ERROR_DECLARATION_', 'errorDeclaration'],
  ['SENSORELEMENT_', 'sensorElement'],
  ['SENSORMETADATA_', 'sensorMetadata'],
  ['SENSORREPORT_', 'sensorReport'],
  ['readPoint_', 'readPoint'],
  ['bizLocation_', 'bizLocation'],
];
const COMPARED = /^(EQ|GT|GE|LT|LE)_(.+)$/;
const INNER = 'INNER_';
const FIELD_CHARACTERS_MAX = 1_024;

/** False where `name` is no parameter of this group. */
export function readFieldParameter(draft: Draft, name: string, value: Json): boolean {
  if (name.startsWith('EXISTS_')) {
    const at = readField(draft, name.slice('EXISTS_'.length));
    if (at === null) return false;
    if (take(draft, name, readPresence(value)) === true) {
      draft.conditions.push({ kind: 'field', at, test: { is: 'present' } });
    }
    return true;
  }
  const [, by, rest = ''] = COMPARED.exec(name) ?? [];
  const at = by === undefined ? null : readField(draft, rest);
  if (at === null) return false;
  return by === 'EQ' ? equal(draft, name, { at, value }) : compare(draft, name, { at, by, value });
}

/**
 * `INNER_ILMD_prefix:local` and its like; a name may also be written `IRI#local`, which EPCIS 1.x
 * calls fully qualified. Null: no name of a field.
 */
export function readField(draft: Draft, text: string): FieldAt | null {
  const isInner = text.startsWith(INNER);
  const rest = isInner ? text.slice(INNER.length) : text;
  const [prefix, place] = PLACES.find(([start]) => rest.startsWith(start)) ?? ['', 'event'];
  const name = rest.slice(prefix.length);
  if (!/^[^\s:]+:\S+$/.test(name) || name.length > FIELD_CHARACTERS_MAX) return null;
  const hash = name.lastIndexOf('#');
  const full = hash > 0 ? `{${name.slice(0, hash)}}${name.slice(hash + 1)}` : null;
  return { place, isInner, field: expandName(name, draft.namespaces) ?? full ?? name };
}

function equal(draft: Draft, name: string, { at, value }: { at: FieldAt; value: Json }): true {
  const elements: readonly Json[] =
    typeof value === 'string' ? value.split('|') : Array.isArray(value) ? value : [value];
  const values = elements.map((one: Json) => fieldValue(one)).filter((one) => one !== null);
  if (values.length !== elements.length || values.length === 0 || values.length > VALUES_MAX) {
    draft.refuse(name, `is a text, number, time or a list of 1 to ${VALUES_MAX} of them`);
  } else draft.conditions.push({ kind: 'field', at, test: { is: 'equal', values } });
  return true;
}

function fieldValue(value: Json): FieldValue | null {
  if (value === null || typeof value === 'object') return null;
  const text = String(value);
  return { text: textValue(text), number: readNumber(value), timeMs: instantOf(text) };
}

function compare(
  draft: Draft,
  name: string,
  { at, by, value }: { at: FieldAt; by: string | undefined; value: Json },
): true {
  const number = readNumber(value);
  const time = readDateTime(value);
  if (number === null && isWrong(time)) {
    draft.refuse(name, 'is a number, or a date and time with a zone');
    return true;
  }
  const is = number === null ? 'time' : 'number';
  const limit = number ?? (isWrong(time) ? 0 : time.value);
  const key = `${is} ${fieldName(at)}`;
  const before = draft.fieldIntervals.get(key)?.interval ?? EVERYTHING;
  const interval = narrowed(before, by as Comparison, limit);
  draft.fieldIntervals.set(key, { at, is, interval });
  return true;
}
