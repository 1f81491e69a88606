// The event hash id (CBV 2.0 §8.9): one id for one event, however and in which order it is written.
import { createHash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import {
  HASHED_FIELDS,
  type HashedField,
  SORTED_FIELDS,
  UNHASHED_FIELDS,
  UNHASHED_NAMES,
} from './event-hash-order.ts';
import { hashedValue } from './event-hash-value.ts';
import { expandName, type Namespaces, namespacesOf } from './namespaces.ts';

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...[...HASHED_FIELDS, ...SORTED_FIELDS].map(({ name }) => name),
  ...UNHASHED_FIELDS,
]);

/**
 * `ni:///sha-256;…?ver=CBV2.0` of an event. `context` is what `@context` held where the event came
 * from. The event is nested no deeper than a reader of documents lets through (a few dozen levels):
 * this walks it by recursion.
 */
export function eventHash(event: JsonObject, context: Json): string {
  const digest = createHash('sha256').update(preHash(event, context)).digest('hex');
  return `ni:///sha-256;${digest}?ver=CBV2.0`;
}

/** The string that is hashed. */
export function preHash(event: JsonObject, context: Json): string {
  const namespaces = namespacesOf(context);
  const type = typeof event['type'] === 'string' ? event['type'] : '';
  const ordered = HASHED_FIELDS.map((field) => fieldText(event, field, namespaces)).join('');
  const sorted = SORTED_FIELDS.map((field) => fieldText(event, field, namespaces));
  const rest = restTexts(event, KNOWN_FIELDS, namespaces);
  return `eventType=${type}${ordered}${inOrder([...sorted, ...rest]).join('')}`;
}

/** A field with its values, list or not; empty where it has none. */
function fieldText(object: JsonObject, field: HashedField, namespaces: Namespaces): string {
  const value = Object.hasOwn(object, field.name) ? object[field.name] : null;
  const name = field.item ?? field.name;
  const values = listOf(value ?? null);
  const texts = inOrder(values.map((one) => elementText(name, one, field, namespaces))).join('');
  return field.item === undefined || texts === '' ? texts : `${field.name}${texts}`;
}

function elementText(
  name: string,
  value: Json,
  field: HashedField,
  namespaces: Namespaces,
): string {
  if (isJsonObject(value)) {
    const fields = field.fields ?? [];
    const ordered = fields.map((inner) => fieldText(value, inner, namespaces)).join('');
    const rest = restTexts(value, new Set(fields.map((inner) => inner.name)), namespaces);
    const text = `${ordered}${inOrder(rest).join('')}`;
    return text === '' ? '' : `${name}${text}`;
  }
  if (value === null || typeof value === 'object') return '';
  const text = hashedValue(value, field, namespaces);
  return text === '' ? '' : `${name}=${text}`;
}

/** Extensions, and whatever else has no place in the order, one text for each value. */
function restTexts(
  object: JsonObject,
  known: ReadonlySet<string>,
  namespaces: Namespaces,
): string[] {
  return Object.entries(object)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => [expandName(name, namespaces) ?? name, value] as const)
    .filter(([name]) => !UNHASHED_NAMES.has(name))
    .flatMap(([name, value]) => listOf(value).map((one) => extensionText(name, one, namespaces)));
}

function extensionText(name: string, value: Json, namespaces: Namespaces): string {
  if (isJsonObject(value)) {
    return `${name}${inOrder(restTexts(value, new Set(), namespaces)).join('')}`;
  }
  if (value === null || typeof value === 'object') return name;
  const text = hashedValue(value, null, namespaces);
  return text === '' ? name : `${name}=${text}`;
}

/** Lists in lists are one list to the hash, as they are to JSON-LD's sets. */
function listOf(value: Json): readonly Json[] {
  if (value === null) return [];
  return Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
}

/** By code points, which is the order of their UTF-8 bytes and not that of UTF-16. */
function inOrder(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
  return texts
    .map((text) => [text, Buffer.from(text)] as const)
    .sort(([, a], [, b]) => Buffer.compare(a, b))
    .map(([text]) => text);
}
