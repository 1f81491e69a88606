import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnitCode, toBase } from '../../../gateway/epcis/rec20.ts';
import { UNIT_SCALES } from '../../../gateway/epcis/rec20-units.ts';
import { group } from '../../support/group.ts';
import { hasSharedEpcis, sharedDocuments, sharedEpcis } from '../../support/shared-epcis.ts';

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
