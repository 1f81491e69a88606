// The answer to a query for events, whichever of the paths it came by.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredEvent } from '../../epcis/event.ts';
import { queryDocument } from '../../epcis/query/query-document.ts';
import type { QueryParameters } from '../epcis-backend.ts';
import { sendProblem } from '../problem.ts';
import type { EpcisContext } from './context.ts';
import { epcFormatOf, mediaTypeOf } from './headers.ts';
import { type Listing, linkNext, readListing } from './listing.ts';
import { readExtensions, writeExtensions } from './namespaces-header.ts';
import { sendRefused } from './problem-body.ts';

/** `fixed`: what the path says already (a named query, an element of a tree). */
export interface EventsAsk {
  readonly queryName?: string;
  readonly fixed?: QueryParameters;
  /** A named query takes none of its own. */
  readonly takesParameters?: boolean;
}

export async function answerEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, ask = {} }: { context: EpcisContext; ask?: EventsAsk },
): Promise<FastifyReply> {
  const { epcis, tokens, publicUrl } = context;
  const listing = readListing(request, tokens);
  if (!listing.ok) return sendProblem(reply, listing);
  const { page, of } = listing.value;
  const parameters = parametersOf(request, listing.value, ask);
  if (!parameters.ok) return sendProblem(reply, parameters);
  const found = await epcis.query(parameters.value, page);
  if (!found.ok) return sendRefused(reply, found);
  const { events, next } = found.value;
  linkNext(reply, tokens, { of, next, base: publicUrl });
  return sendEvents(request, reply, { context, events, queryName: ask.queryName });
}

export function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: {
    context: EpcisContext;
    events: readonly StoredEvent[];
    queryName?: string | undefined;
  },
): FastifyReply {
  const { context, events, queryName = 'SimpleEventQuery' } = parts;
  const format = epcFormatOf(request);
  const document = queryDocument({
    events,
    format,
    queryName,
    prefixDigits: (digits) => context.epcis.prefixDigits(digits),
    nowMs: context.nowMs(),
  });
  const extensions = writeExtensions(document['@context'] ?? null);
  if (extensions !== null) reply.header('gs1-extensions', extensions);
  reply.headers({ 'gs1-epc-format': format, 'content-type': mediaTypeOf(request) });
  return reply.send(document);
}

type Parameters =
  | { readonly ok: true; readonly value: QueryParameters }
  | { readonly ok: false; readonly code: string; readonly detail: string };

function parametersOf(
  request: FastifyRequest,
  { parameters }: Listing,
  { fixed = {}, takesParameters = true }: EventsAsk,
): Parameters {
  const twice = Object.keys(parameters).find((name) => !takesParameters || name in fixed);
  if (twice !== undefined) {
    const detail = `${twice} can't be given here: the path says what is asked for.`;
    return { ok: false, code: 'epcis_query_parameter', detail };
  }
  const prefixes = readExtensions(request.headers['gs1-extensions']);
  const bound = Object.keys(prefixes).length > 0;
  return {
    ok: true,
    value: { ...(bound && { '@context': prefixes }), ...parameters, ...fixed },
  };
}
