import { isJsonObject, type Json } from '../json.ts';
import type { Place } from './place.ts';

/** Characters of one string or name. */
export const TEXT_CHARS_MAX = 65_536;
/** Items of one list, members of one object. */
export const LIST_ITEMS_MAX = 20_000;
/** Objects and lists one inside the other, the document itself being the first. */
export const NESTING_LEVELS_MAX = 32;
/** Values of one document: each item, member, and name counts. */
export const DOCUMENT_VALUES_MAX = 1_000_000;
/** Characters of all strings and names of one document. */
export const DOCUMENT_CHARS_MAX = 16 * 1024 * 1024;

interface Open {
  readonly value: Json;
  readonly at: Place;
  readonly level: number;
}

/**
 * Whether a document is small enough to be read, and made of nothing that could not be written
 * again as it was. It is asked before everything else: no recursion, and it stops at the first
 * fault, so that a hostile document costs no more than a part of its own size.
 */
export function isWithinBounds(document: Json, at: Place): boolean {
  const open: Open[] = [{ value: document, at, level: 1 }];
  const left = { values: DOCUMENT_VALUES_MAX, chars: DOCUMENT_CHARS_MAX };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    left.values -= 1;
    if (typeof next.value === 'string') left.chars -= next.value.length;
    const fault = leafFault(next.value) ?? sumFault(left);
    if (fault !== null) return refuse(next.at, fault);
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.level > NESTING_LEVELS_MAX) {
      return refuse(next.at, ['limit', `lies deeper than ${NESTING_LEVELS_MAX} levels`]);
    }
    const members = isJsonObject(next.value) ? Object.entries(next.value) : next.value.entries();
    const size = Array.isArray(next.value) ? next.value.length : Object.keys(next.value).length;
    if (size > LIST_ITEMS_MAX) {
      return refuse(next.at, ['limit', `has more than ${LIST_ITEMS_MAX} items`]);
    }
    for (const [key, value] of members) {
      // A name that can't be kept can't stand in a pointer: the object that has it is named.
      const nameFault = typeof key === 'string' ? faultOfName(key) : null;
      if (nameFault !== null) return refuse(next.at, nameFault);
      if (typeof key === 'string') left.chars -= key.length;
      open.push({ value, at: next.at.at(key), level: next.level + 1 });
    }
  }
  return true;
}

type Fault = readonly [rule: string, message: string];

function refuse(at: Place, [rule, message]: Fault): false {
  at.breaks(rule, message);
  return false;
}

function leafFault(value: Json): Fault | null {
  if (typeof value === 'string') return faultOfText(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return ['number', 'is too large a number to be kept'];
  }
  return null;
}

function sumFault(left: { values: number; chars: number }): Fault | null {
  if (left.values < 0) return ['limit', `the document has more than ${DOCUMENT_VALUES_MAX} values`];
  if (left.chars < 0) {
    return ['limit', `the document has more than ${DOCUMENT_CHARS_MAX} characters`];
  }
  return null;
}

/** Said of the object that has the name. `__proto__` is a member of what JSON.parse gives, and ceases to be one in the next copy of it. */
function faultOfName(name: string): Fault | null {
  if (name === '__proto__') return ['name', 'has a member __proto__'];
  const fault = faultOfText(name);
  return fault === null ? null : [fault[0], `has a name that ${fault[1]}`];
}

/** Half a surrogate pair has no UTF-8, in which events are kept and hashed. */
function faultOfText(value: string): Fault | null {
  if (value.length > TEXT_CHARS_MAX) {
    return ['limit', `is longer than ${TEXT_CHARS_MAX} characters`];
  }
  return /\p{Surrogate}/u.test(value) ? ['text', 'is not Unicode text'] : null;
}
