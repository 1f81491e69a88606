// GS1 keys (GS1 General Specifications, chapter 3): their lengths, characters and check digits.
import { hasCheckDigit } from '@truegrain/device-sdk/formats/gs1-check-digit.js';
import { fail, type Refused } from '@truegrain/device-sdk/formats/result.js';

export type EpcFault =
  | 'epc_form'
  | 'epc_digits'
  | 'epc_check_digit'
  | 'epc_characters'
  | 'epc_escape';

/**
 * A key apart from how it is written, at the finest level that it names: what CBV 2.0 §8.9 calls a
 * constrained Digital Link. A serial that has no application identifier of its own (GRAI, GDTI,
 * GCN) stands in `value`.
 */
export interface Gs1Key {
  /** Application identifier of the key. */
  readonly ai: string;
  /** With its check digit, unescaped. */
  readonly value: string;
  /** Serial, lot or extension, unescaped; null: the whole class, or there is none. */
  readonly qualifier: readonly [ai: string, value: string] | null;
}

interface Text {
  readonly characters: RegExp;
  readonly lengthMin: number;
  readonly lengthMax: number;
}

interface KeyRule {
  /** Of the value's beginning, the check digit is the last of them; 0 where the key is text. */
  readonly digits: number;
  /** What may stand behind the digits, or the text. */
  readonly behind: Text | null;
  /** May follow the key as its finest level. */
  readonly qualifiers: ReadonlyMap<string, Text>;
}

// General Specifications §7.11: character sets 82 and 39.
const SET_82 = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*$/;
const SET_39 = /^[#\-/0-9A-Z]*$/;
const NUMBER = /^\d*$/;

const NO_QUALIFIERS: ReadonlyMap<string, Text> = new Map();
const LOT = ['10', text(SET_82, 1, 20)] as const;
const SERIAL = ['21', text(SET_82, 1, 20)] as const;
/** A consumer product variant makes no class or instance of its own, but it may stand in a path. */
const VARIANT = ['22', text(SET_82, 1, 20)] as const;

const KEY_RULES: ReadonlyMap<string, KeyRule> = new Map([
  ['00', key(18)],
  ['01', key(14, null, [VARIANT, LOT, SERIAL, ['235', text(SET_82, 1, 28)]])],
  ['253', key(13, text(SET_82, 0, 17))],
  ['255', key(13, text(NUMBER, 0, 12))],
  ['401', key(0, text(SET_82, 5, 30))],
  ['402', key(17)],
  ['414', key(13, null, [['254', text(SET_82, 1, 20)]])],
  ['417', key(13)],
  ['8003', key(14, text(SET_82, 0, 16))],
  ['8004', key(0, text(SET_82, 5, 30))],
  // Piece and total, two digits each.
  ['8006', key(14, text(NUMBER, 4, 4), [VARIANT, LOT, SERIAL])],
  ['8010', key(0, text(SET_39, 5, 30), [['8011', text(NUMBER, 1, 12)]])],
  ['8017', key(18)],
  ['8018', key(18)],
]);

/** Keys that are text begin with a company prefix all the same; none is shorter. */
const TEXT_KEY_START = /^\d{4}/;

function text(characters: RegExp, lengthMin: number, lengthMax: number): Text {
  return { characters, lengthMin, lengthMax };
}

function key(
  digits: number,
  behind: Text | null = null,
  qualifiers?: readonly (readonly [string, Text])[],
): KeyRule {
  return { digits, behind, qualifiers: qualifiers ? new Map(qualifiers) : NO_QUALIFIERS };
}

/** Application identifiers of the keys, ascending as text. */
export const GS1_KEYS: readonly string[] = [...KEY_RULES.keys()].sort();

export function isGs1Key(ai: string): boolean {
  return KEY_RULES.has(ai);
}

/** Whether `value` has the digits that a key under `ai` begins with, right or wrong ones. */
export function looksLikeKey(ai: string, value: string): boolean {
  const rule = KEY_RULES.get(ai);
  if (!rule) return false;
  if (rule.digits === 0) return TEXT_KEY_START.test(value);
  const { digits, behind } = rule;
  const lengthMax = digits + (behind?.lengthMax ?? 0);
  const isLong = value.length >= digits + (behind?.lengthMin ?? 0) && value.length <= lengthMax;
  return isLong && NUMBER.test(value.slice(0, digits));
}

/**
 * Null where everything is right. Codes: `epc_digits` (too few, too many, or none),
 * `epc_check_digit`, `epc_characters` (of a serial or reference: a wrong one, too many, none),
 * `epc_form` (a qualifier that this key does not have).
 */
export function gs1KeyFault({ ai, value, qualifier }: Gs1Key): Refused<EpcFault> | null {
  const rule = KEY_RULES.get(ai);
  if (!rule) return fail('epc_form', `${ai} is no key of an EPC`);
  const { digits, behind, qualifiers } = rule;
  const body = value.slice(0, digits);
  if (body.length < digits || !NUMBER.test(body) || (ai === '8003' && body[0] !== '0')) {
    return fail('epc_digits', `(${ai}) ${shown(value)} has not the digits of its key`);
  }
  if (digits === 0 && !TEXT_KEY_START.test(value)) {
    return fail('epc_digits', `(${ai}) ${shown(value)} does not begin with a company prefix`);
  }
  if (digits > 0 && !hasCheckDigit(body)) {
    return fail('epc_check_digit', `(${ai}) ${shown(value)} has a wrong check digit`);
  }
  if (!isText(value.slice(digits), behind)) {
    return fail('epc_characters', `(${ai}) ${shown(value)} goes on wrongly behind its digits`);
  }
  if (qualifier === null) return null;
  const [name, serial] = qualifier;
  const allowed = qualifiers.get(name);
  if (!allowed) return fail('epc_form', `(${ai}) has no qualifier (${shown(name)})`);
  if (isText(serial, allowed)) return null;
  return fail('epc_characters', `(${name}) ${shown(serial)} has a wrong length or character`);
}

function isText(value: string, rule: Text | null): boolean {
  if (rule === null) return value === '';
  const { characters, lengthMin, lengthMax } = rule;
  return value.length >= lengthMin && value.length <= lengthMax && characters.test(value);
}

function shown(value: string): string {
  return value.slice(0, 48);
}

/** Of a company prefix, by the partition tables of TDS. */
export const PREFIX_DIGITS_MIN = 6;
export const PREFIX_DIGITS_MAX = 12;
