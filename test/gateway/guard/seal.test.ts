import { expect, test } from 'vitest';
import { type SealOpening, sealAgrees } from '../../../gateway/guard/seal.ts';

const closing = { number: 'CN 123-4567', sealClass: 'H', atMs: 1_000 } as const;
const opening: SealOpening = { number: 'CN1234567', sealClass: 'H', atMs: 2_000, intact: true };

test('the same seal at both ends', () => {
  const value = { number: 'CN1234567', sealClass: 'H' };
  expect(sealAgrees(closing, opening)).toEqual({ ok: true, value });
  expect(sealAgrees(closing, { ...opening, number: 'cn1234567' })).toEqual({ ok: true, value });
});

test.each([
  ['seal_differs', { number: 'CN1234568' }],
  ['seal_form', { number: '' }],
  ['seal_form', { number: 'CN 1' }],
  ['seal_form', { number: 'CN123456７' }],
  ['seal_class', { sealClass: 'I' }],
  ['seal_order', { atMs: 999 }],
  ['seal_broken', { intact: false }],
] as const)('%s: %o', (code, changed) => {
  expect(sealAgrees(closing, { ...opening, ...changed })).toMatchObject({ ok: false, code });
});
