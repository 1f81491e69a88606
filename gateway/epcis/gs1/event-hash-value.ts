// Values as they stand in a pre-hash string (CBV 2.0 §8.9.1, rules 5 to 9 and 14 to 18).
import { vocabularyUri, webVocabularyUri } from './cbv-vocabulary.ts';
import { canonicalUri } from './epc-translation.ts';
import type { HashedField } from './event-hash-order.ts';
import { expandCurie, type Namespaces } from './namespaces.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** More than a double surely holds: a long serial number must not become its neighbour's. */
const NUMBER_DIGITS_MAX = 15;
/** Below it the reference implementation writes an exponent of at least two digits. */
const DECIMAL_MIN = 1e-4;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Empty for what is left out. `field` is null for the value of an extension. */
export function hashedValue(
  value: string | number | boolean,
  field: HashedField | null,
  namespaces: Namespaces,
): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  const text = value.trim();
  if (field?.isTime) return timeText(text);
  const expanded = expandCurie(text, namespaces);
  const word = field?.vocabulary ? vocabularyUri(field.vocabulary, expanded) : expanded;
  return isNumber(word) ? numberText(Number(word)) : canonicalUri(webVocabularyUri(word));
}

/** XML has no numbers but text that looks like one, and both forms of an event have one hash. */
function isNumber(text: string): boolean {
  const digits = text.replace(/e.*$/i, '').replaceAll(/\D/g, '');
  return NUMBER.test(text) && digits.length <= NUMBER_DIGITS_MAX && Number.isFinite(Number(text));
}

function numberText(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  if (Math.abs(value) >= DECIMAL_MIN) return String(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

/** UTC to the millisecond, the fourth decimal rounded half up; what is no time is unchanged. */
function timeText(text: string): string {
  const parts = TIME.exec(text);
  if (!parts) return text;
  const [, seconds = '', fraction = '', zone = ''] = parts;
  const ms = Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`);
  if (Number.isNaN(ms)) return text;
  return new Date(ms + (fraction.charAt(3) >= '5' ? 1 : 0)).toISOString();
}
