// Where in the page a reader is: behind the `#`, which no server and no log of one ever sees.
import { decodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';

export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'product'; readonly item: string | null }
  | { readonly page: 'device'; readonly urn: string | null }
  | { readonly page: 'statement'; readonly id: string | null }
  | { readonly page: 'entry'; readonly leafIndex: number }
  | { readonly page: 'alliance' }
  | { readonly page: 'search'; readonly question: string };

export type PageName = Route['page'];

const HEX_64 = /^[0-9a-f]{64}$/;
const LEAF = /^(0|[1-9]\d{0,15})$/;

/** Whatever is no address of a page is the overview. */
export function parseRoute(hash: string): Route {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const given = decoded(rest.join('/'));
  switch (page) {
    case 'product':
      return { page, item: given || null };
    case 'device':
      return { page, urn: given || null };
    case 'statement':
      return { page, id: HEX_64.test(given) ? given : null };
    case 'entry':
      return LEAF.test(given) ? { page, leafIndex: Number(given) } : { page: 'overview' };
    case 'alliance':
      return { page };
    case 'search':
      return { page, question: given };
    default:
      return { page: 'overview' };
  }
}

export function hashOf(route: Route): string {
  switch (route.page) {
    case 'overview':
      return '#/';
    case 'product':
      return `#/product/${encodeURIComponent(route.item ?? '')}`;
    case 'device':
      return `#/device/${encodeURIComponent(route.urn ?? '')}`;
    case 'statement':
      return `#/statement/${route.id ?? ''}`;
    case 'entry':
      return `#/entry/${route.leafIndex}`;
    case 'alliance':
      return '#/alliance';
    case 'search':
      return `#/search/${encodeURIComponent(route.question)}`;
  }
}

/** A broken escape is taken as it stands. */
function decoded(text: string): string {
  return decodeSegment(text) ?? text;
}
