// GS1 General Specifications §3 (application identifiers), §7.8 (element strings in symbols).

/**
 * What a scanner reads from a GS1 symbol: application identifiers (AI) and their values, one after the
 * other, those of no predefined length ended by FNC1, which a scanner sends as GS (0x1D). A scanner may
 * put the ISO/IEC 15424 symbology identifier in front, `]C1` for GS1-128; people write `(00)…`.
 *
 * @module gs1-element-string
 */
import { hasCheckDigit } from './gs1-check-digit.ts';
import { fail, ok, type Result } from './result.ts';
import { encodeSegment } from './uri-segment.ts';

export interface Gs1Element {
  /** Two to four digits. */
  readonly ai: string;
  readonly value: string;
}

/** FNC1 as a scanner transmits it. */
export const GS = '\u001d';
/** The most a GS1 DataMatrix or QR code holds, in digits, and some brackets. */
export const ELEMENT_STRING_CHARS_MAX = 7_200;
const ELEMENTS_MAX = 64;

/** ISO/IEC 15424: GS1-128, GS1 DataMatrix, GS1 DataBar and composites, GS1 QR Code, GS1 DotCode. */
const GS1_SYMBOLS: ReadonlySet<string> = new Set([']C1', ']d2', ']e0', ']e1', ']e2', ']Q3', ']J1']);

/** The symbology identifier, null where the scanner sends none, and what comes after it. */
export function splitSymbology(scan: string): { symbology: string | null; data: string } {
  const symbology = /^\][A-Za-z][0-9A-Za-z]/.exec(scan)?.[0] ?? null;
  return { symbology, data: symbology === null ? scan : scan.slice(symbology.length) };
}

/**
 * Whether a scan says that it is GS1 data: by its symbology identifier, by FNC1 in front, or written
 * as people do. Digits alone are not: another code may look like an SSCC.
 */
export function isElementString(scan: string): boolean {
  const { symbology, data } = splitSymbology(scan);
  if (symbology !== null) return GS1_SYMBOLS.has(symbology);
  return data.startsWith(GS) || /^\(\d{2,4}\)/.test(data);
}

/** The elements in the order of the symbol. Every value is held against its AI's format. */
export function parseElementString(scan: string): Result<Gs1Element[]> {
  if (scan.length > ELEMENT_STRING_CHARS_MAX) return fail('gs1_too_large', `${scan.length}`);
  const { data } = splitSymbology(scan);
  const elements: Gs1Element[] = [];
  let rest = data.startsWith(GS) ? data.slice(1) : data;
  if (rest === '') return fail('gs1_ai', 'nothing there');
  const isBracketed = rest.startsWith('(');
  while (rest !== '') {
    if (elements.length === ELEMENTS_MAX) return fail('gs1_too_large', 'elements');
    const next = isBracketed ? takeBracketed(rest) : takePlain(rest);
    if (!next.ok) return next;
    elements.push(next.value.element);
    rest = next.value.rest;
  }
  return ok(elements);
}

type Taken = Result<{ element: Gs1Element; rest: string }>;

function takePlain(text: string): Taken {
  const length = AI_LENGTHS.get(text.slice(0, 2));
  const ai = text.slice(0, length);
  if (length === undefined || !isAi(ai)) return fail('gs1_ai', shown(text));
  const end = text.indexOf(GS);
  const fixed = PREDEFINED.get(ai.slice(0, 2));
  const stop = fixed ?? (end < 0 ? text.length : end);
  const value = text.slice(length, stop);
  const after = text.slice(stop);
  return checked({ ai, value }, after.startsWith(GS) ? after.slice(1) : after);
}

/** A bracket begins the next element only where an AI stands in it: values may hold brackets. */
function takeBracketed(text: string): Taken {
  const match = /^\((\d{2,4})\)/.exec(text);
  const ai = match?.[1] ?? '';
  if (match === null || AI_LENGTHS.get(ai.slice(0, 2)) !== ai.length || !isAi(ai)) {
    return fail('gs1_ai', shown(text));
  }
  const body = text.slice(match[0].length);
  const next = [...body.matchAll(/\((\d{2,4})\)/g)].find(
    ([, inside = '']) => AI_LENGTHS.get(inside.slice(0, 2)) === inside.length && isAi(inside),
  );
  const end = next?.index ?? body.length;
  return checked({ ai, value: body.slice(0, end) }, body.slice(end));
}

function checked(element: Gs1Element, rest: string): Taken {
  const { ai, value } = element;
  const format = formatOf(ai);
  if (!format?.value.test(value)) return fail('gs1_value', `(${ai}) ${shown(value)}`);
  const { keyDigits } = format;
  if (keyDigits > 0 && !hasCheckDigit(value.slice(0, keyDigits))) {
    return fail('gs1_check_digit', `(${ai}) ${value}`);
  }
  return ok({ element, rest });
}

/** As people write it, `(00)395212300000000016`. */
export function formatElementString(elements: readonly Gs1Element[]): string {
  return elements.map(({ ai, value }) => `(${ai})${value}`).join('');
}

/** As a scanner sends it, FNC1 where a value of no predefined length is followed by another. */
export function encodeElementString(elements: readonly Gs1Element[]): string {
  const last = elements.length - 1;
  return elements
    .map(({ ai, value }, i) => {
      const needsEnd = i < last && !PREDEFINED.has(ai.slice(0, 2));
      return `${ai}${value}${needsEnd ? GS : ''}`;
    })
    .join('');
}

/**
 * The thing that the elements name, as a canonical GS1 Digital Link URI: an SSCC, an item with its
 * serial number, a lot, a product, an asset. Null where they name none, a place for example.
 */
export function itemUriOf(elements: readonly Gs1Element[]): string | null {
  const values = new Map(elements.map(({ ai, value }) => [ai, value]));
  const key = ITEM_KEYS.find((ai) => values.has(ai));
  if (key === undefined) return null;
  const uri = `https://id.gs1.org/${key}/${encodeSegment(values.get(key) ?? '')}`;
  if (key !== '01') return uri;
  const [serial, lot] = [values.get('21'), values.get('10')];
  if (serial !== undefined) return `${uri}/21/${encodeSegment(serial)}`;
  return lot === undefined ? uri : `${uri}/10/${encodeSegment(lot)}`;
}

const ITEM_KEYS = ['00', '01', '8003', '8004'];

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

/** Digits of an AI, by its first two. */
const AI_LENGTHS: ReadonlyMap<string, number> = new Map([
  ...['00', '01', '02', '03', '10', '11', '12', '13', '15', '16', '17', '20', '21', '22', '30']
    .concat(['37', '90', '91', '92', '93', '94', '95', '96', '97', '98', '99'])
    .map((two) => [two, 2] as const),
  ...['23', '24', '25', '40', '41', '42', '71'].map((two) => [two, 3] as const),
  ...['31', '32', '33', '34', '35', '36', '39', '43', '70', '72', '80', '81', '82'].map(
    (two) => [two, 4] as const,
  ),
]);

/** GS1 General Specifications figure 7.8.5-2: AI and value together, never ended by FNC1. */
const PREDEFINED: ReadonlyMap<string, number> = new Map([
  ['00', 20],
  ...['01', '02', '03', '41'].map((two) => [two, 16] as const),
  ...['11', '12', '13', '15', '16', '17'].map((two) => [two, 8] as const),
  ['20', 4],
  ...['31', '32', '33', '34', '35', '36'].map((two) => [two, 10] as const),
]);

interface AiFormat {
  readonly ai: RegExp;
  readonly value: RegExp;
  /** Leading digits that end in a check digit. */
  readonly keyDigits: number;
}

/** GS1 character set 82. */
const X = `[!"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]`;

function format(ai: string, value: string, keyDigits = 0): AiFormat {
  const spelt = value.replaceAll('N', '\\d').replaceAll('X', X);
  const ais = ai.replaceAll('N', '\\d');
  return { ai: new RegExp(`^(?:${ais})$`), value: new RegExp(`^${spelt}$`), keyDigits };
}

/** GS1 General Specifications figure 3.2-1; N is a digit, X a character of set 82. */
const FORMATS: readonly AiFormat[] = [
  format('00', 'N{18}', 18),
  format('0[123]', 'N{14}', 14),
  format('10|21|22|243|254|420', 'X{1,20}'),
  format('1[1-35-7]', 'N{2}(?:0[1-9]|1[0-2])(?:[0-2]N|3[01])'),
  format('20', 'N{2}'),
  format('235', 'X{1,28}'),
  format('24[01]|25[01]|40[013]|7023|8004', 'X{1,30}'),
  format('242', 'N{1,6}'),
  format('253', 'N{13}X{0,17}', 13),
  format('255', 'N{13}N{0,12}', 13),
  format('30|37', 'N{1,8}'),
  format('3[1-6]N{2}', 'N{6}'),
  format('39[02][0-9]', 'N{1,15}'),
  format('39[13][0-9]', 'N{3}N{1,15}'),
  format('394[0-9]', 'N{4}'),
  format('395[0-9]', 'N{6}'),
  format('402', 'N{17}', 17),
  format('41[0-7]', 'N{13}', 13),
  format('421', 'N{3}X{1,9}'),
  format('42[246]', 'N{3}'),
  format('42[35]', 'N{3}N{0,12}'),
  format('427', 'X{1,3}'),
  format('43[0-2][0-9]', 'X{1,70}'),
  format('7001', 'N{13}'),
  format('7003', 'N{10}'),
  format('70[0-4][0-9]', 'X{1,30}'),
  format('71[0-7]', 'X{1,20}'),
  format('72[34][0-9]', 'X{1,30}'),
  format('8001', 'N{14}'),
  format('8003', 'N{14}X{0,16}', 14),
  format('80(?:05|07|08|09|1[0-3]|19|2[0-9]|30|02)', 'X{1,90}'),
  format('8006', 'N{14}N{4}', 14),
  format('801[78]', 'N{18}', 18),
  format('8200|811[0-2]', 'X{1,70}'),
  format('90', 'X{1,30}'),
  format('9[1-9]', 'X{1,90}'),
];

function formatOf(ai: string): AiFormat | undefined {
  return FORMATS.find((one) => one.ai.test(ai));
}

function isAi(ai: string): boolean {
  return formatOf(ai) !== undefined;
}
