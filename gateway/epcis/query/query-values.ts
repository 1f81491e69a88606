// Values of query parameters: in JSON, or as the text of a query string (openapi.json: lists with
// style pipeDelimited).
import { instantOf } from '../document/event-time.ts';
import { readNumber } from '../index/fact-names.ts';
import type { Json } from '../json.ts';

/** More elements than a form holds; each costs the index a look-up per event at worst. */
export const VALUES_MAX = 1_000;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/;

/** The text says what is wrong with a value. */
export type Read<T> = { readonly value: T } | { readonly wrong: string };

export function isWrong<T>(read: Read<T>): read is { readonly wrong: string } {
  return 'wrong' in read;
}

export function readTexts(value: Json): Read<readonly string[]> {
  const elements: readonly Json[] =
    typeof value === 'string' ? value.split('|') : Array.isArray(value) ? value : [];
  if (elements.length === 0 || elements.length > VALUES_MAX) {
    return { wrong: `is a list of 1 to ${VALUES_MAX} texts` };
  }
  const texts = elements.filter((one): one is string => typeof one === 'string' && one !== '');
  return texts.length === elements.length ? { value: texts } : { wrong: 'is a list of texts' };
}

export function readUris(value: Json): Read<readonly string[]> {
  const texts = readTexts(value);
  if (isWrong(texts)) return texts;
  const other = texts.value.find((text) => !URI.test(text));
  return other === undefined ? texts : { wrong: `${shown(other)} is no URI` };
}

export function readNumbers(value: Json): Read<readonly number[]> {
  const elements: readonly Json[] =
    typeof value === 'string' ? value.split('|') : Array.isArray(value) ? value : [value];
  const numbers = elements.map((one: Json) => readNumber(one)).filter((one) => one !== null);
  const isWhole = numbers.length === elements.length && numbers.length > 0;
  return isWhole && numbers.length <= VALUES_MAX
    ? { value: numbers }
    : { wrong: `is a number or a list of 1 to ${VALUES_MAX} of them` };
}

export function readOneNumber(value: Json): Read<number> {
  const number = readNumber(value);
  return number === null ? { wrong: 'is a number' } : { value: number };
}

/** Where a client left `+` as it is, a query string has a space in its place. */
export function readDateTime(value: Json): Read<number> {
  const text = typeof value === 'string' ? value.replace(/ (?=\d\d:\d\d$)/, '+') : '';
  const ms = instantOf(text);
  return ms === null ? { wrong: 'is a date and time with a zone (RFC 3339)' } : { value: ms };
}

export function readCount(value: Json): Read<number> {
  const count = readNumber(value);
  return count !== null && Number.isSafeInteger(count) && count > 0
    ? { value: count }
    : { wrong: 'is a whole number above 0' };
}

export function readBoolean(value: Json): Read<boolean> {
  if (value === true || value === 'true') return { value: true };
  if (value === false || value === 'false') return { value: false };
  return { wrong: 'is true or false' };
}

/**
 * Of EXISTS_ parameters, which have no value in EPCIS 1.x, an integer or null in the query schema
 * and true or false in openapi.json; false is as if it were not there.
 */
export function readPresence(value: Json): Read<boolean> {
  if (value === null || value === '' || value === 'null') return { value: true };
  if (value === true || value === 'true') return { value: true };
  if (value === false || value === 'false') return { value: false };
  const number = readNumber(value);
  if (number !== null && Number.isInteger(number)) return { value: number !== 0 };
  return { wrong: 'is true, false or empty' };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 48));
}
