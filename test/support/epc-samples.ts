import fc from 'fast-check';
import type { Gs1Key } from '../../gateway/epcis/gs1/gs1-key.ts';

/** General Specifications §7.9, written down as the table there: every digit with its own weight. */
export function referenceCheckDigit(digits: string): string {
  const weighted = [...digits]
    .reverse()
    .map((digit, place) => Number(digit) * (place % 2 === 0 ? 3 : 1));
  const sum = weighted.reduce((total, one) => total + one, 0);
  return String(Math.ceil(sum / 10) * 10 - sum);
}

const DIGITS = '0123456789';
const SET_39 = `#-/${DIGITS}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const SET_82 = `!"%&'()*+,-./${DIGITS}:;<=>?ABCXYZ_abcxyz`;

function text(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...characters), { minLength, maxLength })
    .map((chars) => chars.join(''));
}

function checked(length: number, start = ''): fc.Arbitrary<string> {
  const free = length - 1 - start.length;
  return text(DIGITS, free, free).map((digits) => {
    return `${start}${digits}${referenceCheckDigit(`${start}${digits}`)}`;
  });
}

const serial = (lengthMax: number) => text(SET_82, 1, lengthMax);

function keys(
  ai: string,
  value: fc.Arbitrary<string>,
  qualifiers: readonly (readonly [string, fc.Arbitrary<string>])[] = [],
): fc.Arbitrary<Gs1Key> {
  const named = qualifiers.map(([name, values]) => {
    return values.map((one) => [name, one] as const);
  });
  const qualifier = fc.oneof(fc.constant(null), ...named);
  return fc.record({ ai: fc.constant(ai), value, qualifier });
}

function joined(...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map((texts) => texts.join(''));
}

const maybe = (one: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), one);
/** A reference that begins with a digit would make the company prefix look longer than it is. */
const reference = (characters: string, lengthMax: number) => text(characters, 1, lengthMax);
const prefix = text(DIGITS, 12, 12);

/** Keys of every kind that an EPC can be, by application identifier. */
export const KEY_SAMPLES: Readonly<Record<string, fc.Arbitrary<Gs1Key>>> = {
  '00': keys('00', checked(18)),
  '01': keys('01', checked(14), [
    ['10', serial(20)],
    ['21', serial(20)],
    ['235', serial(28)],
  ]),
  '253': keys('253', joined(checked(13), maybe(serial(17)))),
  '255': keys('255', joined(checked(13), maybe(text(DIGITS, 1, 12)))),
  '401': keys('401', joined(prefix, reference(SET_82, 18))),
  '402': keys('402', checked(17)),
  '414': keys('414', checked(13), [['254', serial(20).filter((one) => one !== '0')]]),
  '417': keys('417', checked(13)),
  '8003': keys('8003', joined(checked(14, '0'), maybe(serial(16)))),
  '8004': keys('8004', joined(prefix, reference(SET_82, 18))),
  '8006': keys('8006', joined(checked(14), text(DIGITS, 4, 4)), [
    ['10', serial(20)],
    ['21', serial(20)],
  ]),
  '8010': keys('8010', joined(prefix, reference(SET_39, 18)), [['8011', text(DIGITS, 1, 12)]]),
  '8017': keys('8017', checked(18)),
  '8018': keys('8018', checked(18)),
};
