import { encodeBatch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { areGrades, encodeGrades, gradeAt } from '@truegrain/device-sdk/formats/grade.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batch, grade, samples } from '../../support/format-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('a batch', () => {
  const code = (change: Partial<typeof batch>) =>
    codeOf(parseBatch(encodeBatch({ ...batch, ...change })));
  const id = (n: number) => new Uint8Array(32).fill(n);

  test('says what it was told', () => {
    expect(parseBatch(samples.batch)).toEqual({ ok: true, value: batch });
  });

  test('refusals are listable, different and not too many', () => {
    const listed = (codes: string[]) =>
      code({ refusals: codes.map((c, i) => ({ id: id(i), code: c as 'range' })) });
    expect(listed(['range', 'fork', 'seq'])).toBe(null);
    for (const c of ['malformed', 'digest_mismatch', 'bad_signature', 'constructor', '']) {
      expect(listed([c])).toBe('field_value');
    }
    expect(listed(new Array(256).fill('unit'))).toBe(null);
    expect(listed(new Array(257).fill('unit'))).toBe('field_value');
    expect(code({ refusals: [batch.refusals[0]!, batch.refusals[0]!] })).toBe('field_value');
  });

  test('has a grade for each statement, and something in it', () => {
    const grades = (n: number) => encodeGrades(new Array(n).fill(grade));
    expect(code({ count: 3 })).toBe('field_value');
    expect(code({ count: 1_024, grades: grades(1_024) })).toBe(null);
    expect(code({ count: 1_025, grades: grades(1_025) })).toBe('field_value');
    expect(code({ count: 0, grades: grades(0), refusals: [] })).toBe('field_value');
    expect(code({ count: 0, grades: grades(0) })).toBe(null);
    expect(code({ count: 1, grades: Uint8Array.of(0x50, 0, 0) })).toBe('field_value');
    expect(code({ count: 1, grades: Uint8Array.of(0, 0x05, 0) })).toBe('field_value');
    expect(code({ count: 1, grades: Uint8Array.of(0, 0, 0x40) })).toBe('field_value');
  });

  test('grades come back', () => {
    const axis = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const);
    const any = fc.record({
      origin: axis,
      key: axis,
      metrology: axis,
      binding: axis,
      late: fc.boolean(),
      fork: fc.boolean(),
      untrustedClock: fc.boolean(),
      gapBefore: fc.boolean(),
      suspectReading: fc.boolean(),
      calibrationOverdue: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), (list) => {
        const bytes = encodeGrades(list);
        expect(areGrades(bytes, list.length)).toBe(true);
        expect(list.map((_, i) => gradeAt(bytes, i))).toEqual(list);
        expect(gradeAt(bytes, list.length)).toBe(null);
      }),
    );
    expect(gradeAt(samples.batch, -1)).toBe(null);
  });
});
