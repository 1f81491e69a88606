// EPC URNs (EPC Tag Data Standard 1.13 §6): `urn:epc:id:sgtin:0614141.112345.400` and its like.

import { checkDigit } from '@truegrain/device-sdk/formats/gs1-check-digit.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { decodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';
import {
  type EpcFault,
  type Gs1Key,
  gs1KeyFault,
  PREFIX_DIGITS_MAX,
  PREFIX_DIGITS_MIN,
} from './gs1-key.ts';

interface Scheme {
  readonly name: string;
  readonly ai: string;
  /** Digits of company prefix and reference together; null where the reference is text. */
  readonly digits: number | null;
  /** The reference begins with a digit that the key has in front: indicator or extension. */
  readonly isIndicated: boolean;
  /** In the key, in front of the company prefix. */
  readonly padding: string;
  /** Two-digit parts between reference and serial that the key has behind its check digit. */
  readonly parts: number;
  readonly tail: Tail | null;
}

/** The part behind the last reference. */
interface Tail {
  /** Its application identifier; null where it stands in the key itself. */
  readonly ai: string | null;
  /** Stands for "none". Where there is no such word a key without it is a class, written `*`. */
  readonly none: string | null;
}

const PLAIN = { digits: 12, isIndicated: false, padding: '', parts: 0, tail: null } as const;
const GTIN = { ...PLAIN, digits: 13, isIndicated: true } as const;
const IN_KEY: Tail = { ai: null, none: null };

const SCHEMES: readonly Scheme[] = [
  { ...GTIN, name: 'sgtin', ai: '01', tail: { ai: '21', none: null } },
  { ...GTIN, name: 'lgtin', ai: '01', tail: { ai: '10', none: null } },
  { ...GTIN, name: 'upui', ai: '01', tail: { ai: '235', none: null } },
  { ...GTIN, name: 'itip', ai: '8006', parts: 2, tail: { ai: '21', none: null } },
  { ...GTIN, name: 'sscc', ai: '00', digits: 17 },
  // An extension of 0 says that there is none (§6.3.3).
  { ...PLAIN, name: 'sgln', ai: '414', tail: { ai: '254', none: '0' } },
  { ...PLAIN, name: 'pgln', ai: '417' },
  { ...PLAIN, name: 'grai', ai: '8003', padding: '0', tail: IN_KEY },
  { ...PLAIN, name: 'giai', ai: '8004', digits: null },
  { ...PLAIN, name: 'gsrn', ai: '8018', digits: 17 },
  { ...PLAIN, name: 'gsrnp', ai: '8017', digits: 17 },
  { ...PLAIN, name: 'gdti', ai: '253', tail: IN_KEY },
  { ...PLAIN, name: 'sgcn', ai: '255', tail: IN_KEY },
  { ...PLAIN, name: 'cpi', ai: '8010', digits: null, tail: { ai: '8011', none: null } },
  { ...PLAIN, name: 'ginc', ai: '401', digits: null },
  { ...PLAIN, name: 'gsin', ai: '402', digits: 16 },
];

const SCHEME_OF = new Map(SCHEMES.map((scheme) => [scheme.name, scheme]));
const SHAPE_OF = new Map(SCHEMES.map((scheme) => [scheme.name, shapeOf(scheme)]));
const URN = /^urn:epc:(id|class|idpat):([a-z]+):(.+)$/;

/** Company prefix, reference, parts, tail: the tail is the rest, dots and all. */
function shapeOf({ digits, parts, tail }: Scheme): RegExp {
  const reference = digits !== null ? '(\\d*)' : tail ? '([^.]+)' : '(.+)';
  return new RegExp(`^(\\d+)\\.${reference}((?:\\.\\d{2}){${parts}})${tail ? '\\.(.+)' : ''}$`);
}

/**
 * Null where `uri` is no URN of a GS1 key: a GID, or the pattern of all products of a company.
 * Codes: `epc_form`, `epc_digits`, `epc_characters`, `epc_escape`.
 */
export function parseEpcUrn(uri: string): Result<Gs1Key, EpcFault> | null {
  const [, form = '', name = '', rest = ''] = URN.exec(uri) ?? [];
  const scheme = SCHEME_OF.get(name);
  const isPattern = form === 'idpat';
  if (!scheme || (isPattern && /^(?:\*|\d+\.\*)(?:\.|$)/.test(rest))) return null;
  const [, prefix = '', reference = '', parts = '', tail] = SHAPE_OF.get(name)?.exec(rest) ?? [];
  if (prefix === '') return fail('epc_form', `${rest.slice(0, 64)} is no ${name}`);
  if (form !== formOf(scheme, isPattern) || (isPattern && tail !== '*')) {
    return fail('epc_form', `${name} as ${form}`);
  }
  const plain = decodeSegment(reference);
  const serial = isPattern || tail === scheme.tail?.none ? '' : decodeSegment(tail ?? '');
  if (plain === null || serial === null) return fail('epc_escape', rest.slice(0, 64));
  const value = keyFrom(scheme, prefix, plain);
  if (value === null) return fail('epc_digits', `${prefix}.${plain.slice(0, 48)} for ${name}`);
  const key = withSerial(scheme, `${value}${parts.replaceAll('.', '')}`, serial);
  return gs1KeyFault(key) ?? ok(key);
}

/** Empty where a scheme has no such form: all lots of a product, all extensions of a place. */
function formOf({ name, tail }: Scheme, isPattern: boolean): string {
  if (name === 'lgtin') return isPattern ? '' : 'class';
  if (!isPattern) return 'id';
  return tail?.none === null ? 'idpat' : '';
}

/** With its check digit; null for digits that are too many or too few. */
function keyFrom(scheme: Scheme, prefix: string, reference: string): string | null {
  const { digits, isIndicated, padding } = scheme;
  if (prefix.length < PREFIX_DIGITS_MIN || prefix.length > PREFIX_DIGITS_MAX) return null;
  if (digits === null) return `${prefix}${reference}`;
  if (prefix.length + reference.length !== digits) return null;
  const ordered = isIndicated
    ? `${reference.slice(0, 1)}${prefix}${reference.slice(1)}`
    : `${padding}${prefix}${reference}`;
  return `${ordered}${checkDigit(ordered)}`;
}

function withSerial({ ai, tail }: Scheme, value: string, serial: string): Gs1Key {
  if (serial === '' || !tail) return { ai, value, qualifier: null };
  if (tail.ai === null) return { ai, value: `${value}${serial}`, qualifier: null };
  return { ai, value, qualifier: [tail.ai, serial] };
}

/** Digits of `key` from its company prefix on, up to the longest one there is. */
export function prefixStart({ ai, value }: Gs1Key): string {
  const scheme = SCHEMES.find((one) => one.ai === ai);
  const skipped = (scheme?.isIndicated ? 1 : 0) + (scheme?.padding.length ?? 0);
  return /^\d*/.exec(value.slice(skipped, skipped + PREFIX_DIGITS_MAX))?.[0] ?? '';
}

/**
 * The URN of a key whose company prefix has `prefixDigits` digits, which the key itself does not
 * say. Null where no URN says the same (the lot of an ITIP), or the prefix can't be so long.
 */
export function formatEpcUrn(key: Gs1Key, prefixDigits: number): string | null {
  const { ai, value, qualifier } = key;
  const scheme = SCHEMES.find(
    (one) => one.ai === ai && (qualifier === null || one.tail?.ai === qualifier[0]),
  );
  if (!scheme || !Number.isInteger(prefixDigits)) return null;
  if (prefixDigits < PREFIX_DIGITS_MIN || prefixDigits > PREFIX_DIGITS_MAX) return null;
  const prefix = prefixStart(key).slice(0, prefixDigits);
  if (prefix.length < prefixDigits) return null;
  const { digits, isIndicated, padding, parts, tail } = scheme;
  const start = padding.length + (isIndicated ? 1 : 0);
  const end = digits === null ? value.length : digits + padding.length;
  const indicator = isIndicated ? value.slice(0, 1) : '';
  const reference = `${indicator}${escaped(value.slice(start + prefixDigits, end))}`;
  if (digits === null && reference === '') return null;
  const behind = digits === null ? '' : value.slice(end + 1);
  const middle = parts > 0 ? (behind.match(/\d{2}/g) ?? []).map((part) => `.${part}`).join('') : '';
  const serial = qualifier?.[1] ?? (tail?.ai === null ? behind : '');
  const isClass = tail?.none === null && serial === '';
  const last = isClass ? '*' : escaped(serial || (tail?.none ?? ''));
  const form = formOf(scheme, isClass);
  return `urn:epc:${form}:${scheme.name}:${prefix}.${reference}${middle}${tail ? `.${last}` : ''}`;
}

/** What a URN can't hold as it is (§5, table 5-1, and `#` for the references of components). */
function escaped(text: string): string {
  return text.replaceAll(/["#%&/<>?]/g, (char) => encodeURIComponent(char));
}
