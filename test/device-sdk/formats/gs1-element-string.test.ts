import { hasCheckDigit } from '@truegrain/device-sdk/formats/gs1-check-digit.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeElementString,
  formatElementString,
  GS,
  type Gs1Element,
  isElementString,
  itemUriOf,
  parseElementString,
} from '../../../device-sdk/formats/gs1-element-string.ts';
import { canonicalUri } from '../../../gateway/epcis/gs1/epc-translation.ts';

function elementsOf(scan: string): readonly Gs1Element[] {
  const parsed = parseElementString(scan);
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}

const SSCC = '395212300000000018';
const GTIN = '09521234543213';

describe('what a scanner sends', () => {
  test.each<[string, string, Gs1Element[]]>([
    ['an SSCC of GS1-128', `]C100${SSCC}`, [{ ai: '00', value: SSCC }]],
    ['written as people do', `(00)${SSCC}`, [{ ai: '00', value: SSCC }]],
    ['FNC1 in front', `${GS}00${SSCC}`, [{ ai: '00', value: SSCC }]],
    [
      'a value of no fixed length in the middle',
      `]d201${GTIN}10LOT-7${GS}17261231`,
      [
        { ai: '01', value: GTIN },
        { ai: '10', value: 'LOT-7' },
        { ai: '17', value: '261231' },
      ],
    ],
    [
      'a separator after a fixed one is passed over',
      `]d201${GTIN}${GS}21abc/1`,
      [
        { ai: '01', value: GTIN },
        { ai: '21', value: 'abc/1' },
      ],
    ],
    [
      'a fixed length that is not predefined',
      `]C140209521230000000002${GS}3712`,
      [
        { ai: '402', value: '09521230000000002' },
        { ai: '37', value: '12' },
      ],
    ],
    [
      'brackets in a value',
      `(01)${GTIN}(21)a(b)(5)c(10)L`,
      [
        { ai: '01', value: GTIN },
        { ai: '21', value: 'a(b)(5)c' },
        { ai: '10', value: 'L' },
      ],
    ],
    ['a four-digit AI', ']C13103001250', [{ ai: '3103', value: '001250' }]],
  ])('%s', (_name, scan, elements) => {
    expect(parseElementString(scan)).toEqual({ ok: true, value: elements });
    expect(isElementString(scan)).toBe(true);
  });

  test.each([
    ['a check digit', `]C100${SSCC.slice(0, -1)}2`, 'gs1_check_digit'],
    ['a GTIN’s check digit', '(01)09521234543214', 'gs1_check_digit'],
    ['cut short', `]C100${SSCC.slice(0, 10)}`, 'gs1_value'],
    ['an AI that nobody defined', ']C1059', 'gs1_ai'],
    ['an AI of two digits where three are', '(41)9521234543213', 'gs1_ai'],
    ['a character outside set 82', ']d210a b', 'gs1_value'],
    ['a value that is too long', `]d210${'x'.repeat(21)}`, 'gs1_value'],
    ['an empty value', ']d210', 'gs1_value'],
    ['a date in month 13', ']d217261301', 'gs1_value'],
    ['nothing', ']C1', 'gs1_ai'],
    ['two separators', `]d210A${GS}${GS}17261231`, 'gs1_ai'],
    ['a text', '(00)hello', 'gs1_value'],
    ['too much', `]d2${`91${'x'.repeat(88)}${GS}`.repeat(100)}`, 'gs1_too_large'],
    ['too many', `]d2${`91x${GS}`.repeat(65)}`, 'gs1_too_large'],
  ])('%s is refused: %s', (_name, scan, code) => {
    expect(parseElementString(scan)).toMatchObject({ ok: false, code });
  });

  test.each(['', 'SEAL-0042', SSCC, ']C0ABC', ']A0ABC', 'https://id.gs1.org/00/1', '(seal)'])(
    '%s does not say that it is GS1 data',
    (scan) => expect(isElementString(scan)).toBe(false),
  );
});

describe('by property', () => {
  const digits = (count: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count });
  const keyed = (count: number) =>
    digits(count - 1).map((body) => {
      const weighted = body.toReversed().map((digit, i) => digit * (i % 2 === 0 ? 3 : 1));
      const sum = weighted.reduce((a, b) => a + b, 0);
      return [...body, (10 - (sum % 10)) % 10].join('');
    });
  const CSET82 = [...'!"%&\'()*+,-./0123456789:;<=>?_']
    .concat([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'], [...'abcdefghijklmnopqrstuvwxyz'])
    .map((char) => char);
  const text = (max: number, chars = CSET82) =>
    fc
      .array(fc.constantFrom(...chars), { minLength: 1, maxLength: max })
      .map((all) => all.join(''));
  const noBrackets = CSET82.filter((char) => char !== '(');
  const elementIn = (chars: string[]) =>
    fc.oneof(
      ...[
        keyed(18).map((value) => ({ ai: '00', value })),
        keyed(14).map((value) => ({ ai: '01', value })),
        keyed(13).map((value) => ({ ai: '414', value })),
        keyed(17).map((value) => ({ ai: '402', value })),
        digits(6).map((value) => ({ ai: '3102', value: value.join('') })),
        fc.integer({ min: 1, max: 99_999_999 }).map((n) => ({ ai: '37', value: String(n) })),
        text(20, chars).map((value) => ({ ai: '21', value })),
        text(90, chars).map((value) => ({ ai: '99', value })),
        fc.tuple(keyed(14), text(16, chars)).map(([k, s]) => ({ ai: '8003', value: k + s })),
      ],
    );

  test('every sequence comes back from the form a scanner sends', () => {
    fc.assert(
      fc.property(
        fc.array(elementIn(CSET82), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(']C1', ']d2', GS, ''),
        (elements, prefix) => {
          expect(elementsOf(prefix + encodeElementString(elements))).toEqual(elements);
        },
      ),
    );
  });

  test('and from the form people write, where no value looks like an identifier', () => {
    const some = fc.array(elementIn(noBrackets), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(some, (elements) => {
        expect(elementsOf(formatElementString(elements))).toEqual(elements);
      }),
    );
  });

  test('any text is refused or read, never thrown at; what is read reads the same again', () => {
    const noise = fc.string({ maxLength: 60 });
    const near = text(40, [...'0123456789()', GS, 'A']);
    fc.assert(
      fc.property(fc.oneof(noise, near), (scan) => {
        const parsed = parseElementString(scan);
        if (!parsed.ok) return;
        expect(elementsOf(`]d2${encodeElementString(parsed.value)}`)).toEqual(parsed.value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a changed digit of a key is always found', () => {
    fc.assert(
      fc.property(
        keyed(18),
        fc.integer({ min: 0, max: 17 }),
        fc.integer({ min: 1, max: 9 }),
        (key, at, by) => {
          const changed = [...key].map((d, i) => (i === at ? (Number(d) + by) % 10 : d)).join('');
          expect(hasCheckDigit(key)).toBe(true);
          expect(hasCheckDigit(changed)).toBe(false);
        },
      ),
    );
  });
});

describe('the thing it names', () => {
  test.each<[string, string | null]>([
    [`(00)${SSCC}`, `https://id.gs1.org/00/${SSCC}`],
    [`(01)${GTIN}(21)a/1`, `https://id.gs1.org/01/${GTIN}/21/a%2F1`],
    [`(21)7(10)L(01)${GTIN}`, `https://id.gs1.org/01/${GTIN}/21/7`],
    [`(01)${GTIN}(10)L!1`, `https://id.gs1.org/01/${GTIN}/10/L%211`],
    [`(01)${GTIN}(17)261231`, `https://id.gs1.org/01/${GTIN}`],
    [`(8004)9521234x`, 'https://id.gs1.org/8004/9521234x'],
    ['(414)9521234543213', null],
    ['(10)L', null],
  ])('%s', (scan, uri) => expect(itemUriOf(elementsOf(scan))).toBe(uri));
});

test('a thing that was scanned has the name that events call it by', () => {
  for (const serial of ["a'b", 'x;y=z', '(1)*!', 'p/q', '100%']) {
    const uri = itemUriOf([
      { ai: '01', value: '09506000134352' },
      { ai: '21', value: serial },
    ]);
    expect(uri).toBe(canonicalUri(uri ?? ''));
    expect(canonicalUri(`urn:epc:id:sgtin:9506000.013435.${urnText(serial)}`)).toBe(uri);
  }
});

/** As TDS writes a serial in a URN. */
const urnText = (serial: string) =>
  serial.replaceAll(/["%&/<>?]/g, (char) => encodeURIComponent(char));
