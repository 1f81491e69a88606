// One page of a listing: which one is asked for, and the link to the next (EPCIS 2.0).
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Outcome } from '../backend.ts';
import type { PageAsk, QueryParameters } from '../epcis-backend.ts';
import type { PageTokens } from './page-token.ts';

const PER_PAGE_DEFAULT = 30;
/** More is answered with this many: the standard lets a server cap `perPage`. */
const PER_PAGE_MAX = 1_000;
const PARAMETERS_MAX = 100;

export interface Listing {
  readonly page: PageAsk;
  /** The rest of the query string; a parameter given twice is one list, as with `|`. */
  readonly parameters: QueryParameters;
  /** What a token for the next page is bound to. */
  readonly of: string;
}

/** The querystring schema of every listing; the other names are the query's own affair. */
export const LISTING_QUERY = {
  type: 'object',
  properties: {
    perPage: {
      type: 'integer',
      minimum: 1,
      default: PER_PAGE_DEFAULT,
      description: `at most ${PER_PAGE_MAX} are answered`,
    },
    nextPageToken: { type: 'string', minLength: 1, maxLength: 2_048 },
  },
} as const;

export function readListing(request: FastifyRequest, tokens: PageTokens): Outcome<Listing> {
  const { perPage, nextPageToken, ...named } = request.query as Record<string, unknown>;
  const entries = Object.entries(named).map(([name, value]) => [name, [value].flat().join('|')]);
  if (entries.length > PARAMETERS_MAX) {
    const detail = `A query has at most ${PARAMETERS_MAX} parameters.`;
    return { ok: false, code: 'epcis_query_too_complex', detail };
  }
  const path = request.url.split('?', 1)[0] ?? '';
  const of = JSON.stringify([path, [...entries].sort(([a = ''], [b = '']) => (a < b ? -1 : 1))]);
  const after = typeof nextPageToken === 'string' ? tokens.open(nextPageToken, of) : null;
  if (after?.ok === false) return after;
  const limit = Math.min(Number(perPage), PER_PAGE_MAX);
  const page = { limit, after: after?.value ?? null };
  return { ok: true, value: { page, parameters: Object.fromEntries(entries), of } };
}

/** Announces the next page in the headers; the last page has no such link. */
export function linkNext(
  reply: FastifyReply,
  tokens: PageTokens,
  { of, next, base }: { of: string; next: string | null; base: string },
): void {
  if (next === null) return;
  const { token, expiresMs } = tokens.issue(of, next);
  const [path = '', query = ''] = reply.request.url.split('?', 2);
  const search = new URLSearchParams(query);
  search.set('nextPageToken', token);
  addLink(reply, `<${base}${path}?${search}>; rel="next"`);
  reply.header('gs1-next-page-token-expires', new Date(expiresMs).toISOString());
}

/** Links add up: a page of events has its next page and, one event alone, its evidence. */
export function addLink(reply: FastifyReply, link: string): void {
  const links = [reply.getHeader('link') ?? []].flat().map(String);
  reply.header('link', [...links, link].join(', '));
}
