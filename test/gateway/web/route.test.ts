import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consumerAddress } from '../../../gateway/web/consumer-address.ts';
import { hashOf, parseRoute, type Route } from '../../../gateway/web/route.ts';

const ID = 'ab'.repeat(32);

test('every page has an address that leads back to it', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' });
  const routes: fc.Arbitrary<Route> = fc.oneof(
    fc.constant<Route>({ page: 'overview' }),
    fc.constant<Route>({ page: 'alliance' }),
    fc.constant<Route>({ page: 'statement', id: ID }),
    fc.constant<Route>({ page: 'product', item: null }),
    fc.nat().map((leafIndex): Route => ({ page: 'entry', leafIndex })),
    text.map((item): Route => ({ page: 'product', item })),
    text.map((urn): Route => ({ page: 'device', urn })),
    text.map((question): Route => ({ page: 'search', question })),
  );
  fc.assert(
    fc.property(routes, (route) => {
      expect(parseRoute(hashOf(route))).toEqual(route);
    }),
  );
});

test.each([
  ['', { page: 'overview' }],
  ['#/nowhere', { page: 'overview' }],
  ['#/entry/-1', { page: 'overview' }],
  ['#/entry/1e3', { page: 'overview' }],
  ['#/statement/ABC', { page: 'statement', id: null }],
  ['#/product/%E0%A4%A', { page: 'product', item: '%E0%A4%A' }],
  ['#/product/https://id.gs1.org/01/1', { page: 'product', item: 'https://id.gs1.org/01/1' }],
])('%s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test('the code on a pack', () => {
  const ledger = `?ledger=${ID.toUpperCase()}`;
  expect(consumerAddress('/ui/c/01/09506000134352/21/7', ledger)).toEqual({
    item: 'https://id.gs1.org/01/09506000134352/21/7',
    ledgerId: ID,
  });
  expect(consumerAddress('/ui/c/https%3A%2F%2Fexample.org%2F00%2F1', '?ledger=x')).toEqual({
    item: 'https://example.org/00/1',
    ledgerId: null,
  });
  expect(consumerAddress('/ui/c/', '')).toBeNull();
  expect(consumerAddress('/ui/', '')).toBeNull();
});
