import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnitCode, toBase } from '../../../../gateway/epcis/gs1/rec20.ts';
import { UNIT_SCALES } from '../../../../gateway/epcis/gs1/rec20-units.ts';
import { group } from '../../../support/group.ts';
import { hasSharedEpcis, sharedDocuments, sharedEpcis } from '../../../support/shared-epcis.ts';

const examples = group('epcis', hasSharedEpcis, `no ${sharedEpcis()}`);

describe('toBase', () => {
  test.each([
    [5, 'CEL', 278.15, 'KEL'],
    [41, 'FAH', 278.15, 'KEL'],
    [500.67, 'A48', 278.15, 'KEL'],
    [-273.15, 'CEL', 0, 'KEL'],
    [-40, 'FAH', 233.15, 'KEL'],
    [1, 'ATM', 101_325, 'PAL'],
    [1, 'PS', 6894.75729317, 'PAL'],
    [1013.25, 'MBR', 101_325, 'PAL'],
    [65, 'P1', 0.65, 'C62'],
    [400, '59', 0.0004, 'C62'],
    [12.1, 'A93', 0.0121, 'KMQ'],
    [36, 'KMH', 10, 'MTS'],
    [1, 'KNT', 0.514444444444, 'MTS'],
    [1, 'KWH', 3_600_000, 'JOU'],
    [60, 'L2', 0.001, 'MQS'],
    [1, 'DD', 0.0174532925199, 'C81'],
    [60, 'RPM', 6.28318530718, '2A'],
    [3.6, 'P71', 0.000001, 'P65'],
    [1, 'LBR', 0.45359237, 'KGM'],
    [1, 'GLL', 0.003785411784, 'MTQ'],
    [1, 'E62', 1_073_741_824, 'AD'],
    [12, 'H87', 12, 'H87'],
    [7, 'XBX', 7, 'XBX'],
    [-0, 'CEL', 273.15, 'KEL'],
  ])('%d %s', (value, uom, base, unit) => {
    expect(toBase(value, uom)).toEqual({ value: base, unit });
  });

  test('an amount is one number whichever unit of temperature it was measured in', () => {
    fc.assert(
      fc.property(fc.integer({ min: -27_315, max: 100_000 }), (hundredths) => {
        const celsius = hundredths / 100;
        const kelvin = Number((celsius + 273.15).toFixed(2));
        const fahrenheit = Number((celsius * 1.8 + 32).toFixed(4));
        const found = toBase(celsius, 'CEL');
        expect(toBase(kelvin, 'KEL')).toEqual(found);
        expect(toBase(fahrenheit, 'FAH')).toEqual(found);
      }),
    );
  });

  test('every unit goes to a base that is its own, and keeps the order of values', () => {
    expect(UNIT_SCALES.size).toBeGreaterThan(600);
    for (const [code, { base, factor }] of UNIT_SCALES) {
      expect(isUnitCode(code), code).toBe(true);
      expect(UNIT_SCALES.get(base), base).toEqual({ base, factor: 1, shift: 0 });
      expect(factor, code).toBeGreaterThan(0);
      expect(toBase(2, code)!.value, code).toBeGreaterThan(toBase(1, code)!.value);
    }
  });

  test('what can not be converted', () => {
    for (const code of ['ZZZ', 'cel', '', 'constructor', '__proto__', 'CELL', ' CEL']) {
      expect(isUnitCode(code)).toBe(false);
      expect(toBase(1, code)).toBeNull();
    }
    expect(toBase(Number.MAX_VALUE, 'KMT')).toBeNull();
    expect(toBase(Number.NaN, 'CEL')).toBeNull();
    expect(toBase(Number.POSITIVE_INFINITY, 'CEL')).toBeNull();
  });
});

/** What a decimal table gets wrong without anybody noticing: one exponent. */
describe('decimal units', () => {
  test.each([
    ['KGM', 'GRM 1e-3, MGM 1e-6, MC 1e-9, TNE 1e3, DTN 1e2'],
    ['MTR', 'KMT 1e3, CMT 1e-2, MMT 1e-3, 4H 1e-6, C45 1e-9'],
    ['MTK', 'CMK 1e-4, MMK 1e-6, KMK 1e6, HAR 1e4'],
    ['MTQ', 'LTR 1e-3, MLT 1e-6, CMQ 1e-6, HLT 1e-1, CLT 1e-5, DLT 1e-4, 4G 1e-9'],
    ['PAL', 'KPA 1e3, MPA 1e6, BAR 1e5, MBR 1e2, A97 1e2, 74 1e-3'],
    ['SEC', 'C26 1e-3, B98 1e-6, MIN 60, HUR 3600, DAY 86400, WEE 604800'],
    ['KMQ', 'GL 1, A93 1e-3, GP 1e-6, GQ 1e-9, 23 1e3, M1 1e-3'],
    ['C62', 'P1 1e-2, NX 1e-3, 59 1e-6, 61 1e-9, DZN 12'],
    ['MTS', 'KMH 0.277777777778, 2M 1e-2, C16 1e-3, HM 0.44704'],
    ['VLT', '2Z 1e-3, KVT 1e3, D82 1e-6'],
    ['AMP', '4K 1e-3, B22 1e3, B84 1e-6'],
    ['OHM', 'B49 1e3, B75 1e6, E45 1e-3'],
    ['FAR', '4O 1e-6, C41 1e-9, 4T 1e-12'],
    ['SIE', 'C27 1e-3, B99 1e-6'],
    ['D10', 'G42 1e-4, H61 1e-1, H43 1e2'],
    ['JOU', 'KJO 1e3, 3B 1e6, GV 1e9, WHR 3600'],
    ['WTT', 'KWT 1e3, C31 1e-3, MAW 1e6'],
    ['HTZ', 'KHZ 1e3, MHZ 1e6, A86 1e9, C94 0.0166666666667'],
    ['NEW', 'B47 1e3, C20 1e-3'],
    ['MSK', 'A76 1e-2, K40 9.80665, M39 1e-2, M41 1e-3'],
    ['MQS', 'MQH 0.000277777777778, G51 1e-3, E32 2.77777777778e-7, L2 0.0000166666666667'],
    ['KGS', 'E93 0.000277777777778, F29 1e-3, F27 2.77777777778e-7'],
    ['BQL', '2Q 1e3, 4N 1e6, GBQ 1e9, CUR 3.7e10'],
    ['D13', 'C28 1e-3, D91 1e-2'],
    ['A95', 'C13 1e-3, C80 1e-2'],
    ['D33', 'C29 1e-3, D81 1e-6, 76 1e-4'],
    ['C36', 'C35 1e3, C38 1e3, M33 1'],
    ['C65', 'C24 1e-3, C7 1e-3, 89 1e-1'],
    ['LUX', 'KLX 1e3, B60 1'],
    ['AD', '2P 1e3, 4L 1e6, E34 1e9, A99 0.125'],
  ])('of %s', (unit, units) => {
    for (const entry of units.split(', ')) {
      const [code = '', factor] = entry.split(' ');
      expect(toBase(1, code), code).toEqual({ value: Number(factor), unit });
    }
  });
});

describe('isUnitCode', () => {
  test.each(['CEL', 'KGM', 'H87', 'C62', 'P1', '59', 'NTU', 'Q30', '2N', 'XPX', 'X4G'])(
    '%s',
    (code) => {
      expect(isUnitCode(code)).toBe(true);
    },
  );

  test('codes that Recommendation 20 marks as deleted', () => {
    for (const code of ['05', '06', '08', 'BX', 'PK']) expect(isUnitCode(code)).toBe(false);
  });
});

examples('units of the EPCIS examples', () => {
  test('are known', () => {
    const text = JSON.stringify(sharedDocuments('examples').map(({ json }) => json));
    const codes = [...text.matchAll(/"uom":"([^"]*)"/g)].map((match) => match[1]!);
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !isUnitCode(code))).toEqual([]);
  });
});
