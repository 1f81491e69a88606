import { instantOf } from '../document/event-time.ts';
import { expandName, type Namespaces } from '../gs1/namespaces.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import {
  asNumber,
  asTime,
  EXISTS,
  type FieldPlace,
  fieldName,
  prefixName,
  readNumber,
} from './fact-names.ts';
import type { FactSheet } from './fact-sheet.ts';
import { textValue } from './fact-values.ts';

interface Seen {
  readonly name: string;
  readonly value: Json;
  readonly isInner: boolean;
}

/** The fields of `object` that GS1 did not define: those whose names have a prefix. */
export function extensionsOf(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name.includes(':')));
}

/**
 * What the fields of one place say, at any depth. An array is its elements, as a repeated element is
 * in XML; a field that holds an object exists, and what is in it is inner. A stack and no recursion:
 * JSON.parse goes deeper than a call stack.
 */
export function addFields(
  sheet: FactSheet,
  fields: JsonObject,
  { place, namespaces }: { place: FieldPlace; namespaces: Namespaces },
): void {
  const open: Seen[] = Object.entries(fields).map(([name, value]) => seen(name, value, false));
  for (let next = open.pop(); next; next = open.pop()) {
    const { name, value, isInner } = next;
    if (value === null) continue;
    const field = expandName(name, namespaces);
    const full = fieldName({ place, isInner, field: field ?? name });
    sheet.term(EXISTS, full);
    if (field !== null) addPrefix(sheet, name, namespaces);
    const values: Json[] = [value];
    for (let one = values.pop(); one !== undefined; one = values.pop()) {
      if (Array.isArray(one)) values.push(...one);
      else if (!isJsonObject(one)) addValue(sheet, full, one);
      else if ('@value' in one) values.push(one['@value'] ?? null);
      else open.push(...Object.entries(one).map(([inner, held]) => seen(inner, held, true)));
    }
  }
}

function seen(name: string, value: Json, isInner: boolean): Seen {
  return { name, value, isInner };
}

/** A query that says no namespace means whatever events call by its prefix. */
function addPrefix(sheet: FactSheet, name: string, namespaces: Namespaces): void {
  const prefix = name.slice(0, name.indexOf(':'));
  const iri = namespaces.get(prefix);
  if (iri !== undefined) sheet.term(prefixName(prefix), iri);
}

function addValue(sheet: FactSheet, name: string, value: Json): void {
  if (value === null) return;
  sheet.term(name, textValue(String(value)));
  const number = readNumber(value);
  if (number !== null) sheet.number(asNumber(name), number);
  const ms = typeof value === 'string' ? instantOf(value) : null;
  if (ms !== null) sheet.number(asTime(name), ms);
}
