import { expect, test } from 'vitest';
import { chooseLink } from '../../../gateway/resolver/choose-link.ts';
import type { Link, LinkContext } from '../../../gateway/resolver/link.ts';

const TYPE = 'https://ref.gs1.org/voc/certificationInfo';

function link(href: string, more: Partial<Link> = {}): Link {
  return { linkType: TYPE, href, title: href, takesQuery: true, ...more };
}

function chosen(
  links: readonly Link[],
  headers: { accept?: string; acceptLanguage?: string } = {},
  upper: readonly Link[] = [],
): string[] {
  const page = link('page', { linkType: 'other' });
  const contexts: LinkContext[] = [
    { anchor: 'fine', links: [page, ...links] },
    { anchor: 'coarse', links: [page, ...upper] },
  ];
  const { accept, acceptLanguage } = headers;
  return chooseLink(contexts, { linkType: TYPE, accept, acceptLanguage }).map(({ href }) => href);
}

const LANGUAGES = [link('de', { hreflang: ['de'] }), link('fr', { hreflang: ['fr'] }), link('any')];

test.each([
  ['fr', ['fr']],
  ['fr-CA', ['fr']],
  ['en, de;q=0.2, fr;q=0.1', ['de']],
  ['en', ['any']],
  [undefined, ['any']],
  ['fr;q=0', ['any']],
  ['de;q=nonsense', ['any']],
  ['*', ['any']],
  ['de, fr', ['de', 'fr']],
])('Accept-Language: %s → %j', (acceptLanguage, expected) => {
  expect(chosen(LANGUAGES, acceptLanguage === undefined ? {} : { acceptLanguage })).toEqual(
    expected,
  );
});

test('the very language is better than its neighbour', () => {
  const links = [link('de', { hreflang: ['de'] }), link('de-CH', { hreflang: ['de-CH'] })];
  expect(chosen(links, { acceptLanguage: 'de-CH' })).toEqual(['de-CH']);
  expect(chosen(links, { acceptLanguage: 'de' })).toEqual(['de']);
});

test('media type decides among links of one language', () => {
  const links = [
    link('pdf', { type: 'application/pdf', hreflang: ['en'] }),
    link('html', { type: 'text/html', hreflang: ['en'] }),
    link('json', { type: 'application/json', hreflang: ['de'] }),
  ];
  const acceptLanguage = 'en';
  expect(chosen(links, { accept: 'application/pdf', acceptLanguage })).toEqual(['pdf']);
  expect(chosen(links, { accept: 'text/*, application/pdf;q=0.5', acceptLanguage })).toEqual([
    'html',
  ]);
  expect(chosen(links, { accept: '*/*', acceptLanguage })).toEqual(['pdf', 'html']);
  expect(chosen(links, { accept: 'application/json', acceptLanguage })).toEqual(['pdf', 'html']);
});

test('a single link is taken whatever the headers wish', () => {
  expect(
    chosen([link('only', { type: 'text/html', hreflang: ['de'] })], { accept: 'x/y' }),
  ).toEqual(['only']);
});

test('a level without the type leaves it to the level above', () => {
  expect(chosen([], {}, [link('upper')])).toEqual(['upper']);
  expect(chosen([link('lower')], {}, [link('upper')])).toEqual(['lower']);
  expect(chosen([])).toEqual([]);
});
