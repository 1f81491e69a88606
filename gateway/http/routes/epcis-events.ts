// /epcis/events: one event in, events out, and each with the way to its proof.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_EVIDENCE } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { StoredEvent } from '../../epcis/event.ts';
import { answeredEvent } from '../../epcis/query/query-document.ts';
import { asBuffer, notFound } from '../context.ts';
import { answerEvents, sendEvents } from '../epcis/answer-events.ts';
import type { EpcisContext } from '../epcis/context.ts';
import { mediaTypeOf } from '../epcis/headers.ts';
import { MEDIA_JSON, MEDIA_JSON_LD } from '../epcis/json-body.ts';
import { addLink, LISTING_QUERY } from '../epcis/listing.ts';
import { discoveryRoute, EPCIS_READERS } from '../epcis/options.ts';
import { eventUrl, sendRefused } from '../epcis/problem-body.ts';

const CAPTURERS = { roles: ['operator', 'capture'] } as const;
/** One event has at most what one statement may carry; the store says so, too. */
const EVENT_BYTES_MAX = 262_144;

/** An event and its error declarations; one would do. */
const SAME_ID_MAX = 20;

type Id = { Params: { eventID: string } };

export function epcisEventRoutes(app: FastifyInstance, context: EpcisContext): void {
  const { limits } = context;
  discoveryRoute(app, '/epcis/events', { methods: ['GET', 'POST'] });
  discoveryRoute(app, '/epcis/events/:eventID', { methods: ['GET'] });
  app.get(
    '/epcis/events',
    {
      config: { access: EPCIS_READERS },
      schema: {
        tags: ['epcis'],
        summary: 'Events by the EPCIS query language, as an EPCISQueryDocument',
        description:
          'All parameters of SimpleEventQuery (EPCIS 2.0). GS1-Extensions binds ' +
          'prefixes in their names; GS1-EPC-Format is the form that EPCs are answered in.',
        querystring: LISTING_QUERY,
      },
    },
    (request, reply) => answerEvents(request, reply, { context }),
  );
  app.post(
    '/epcis/events',
    {
      bodyLimit: EVENT_BYTES_MAX,
      config: {
        access: CAPTURERS,
        rateLimit: { max: limits.submissionsPerMinute, timeWindow: 60_000 },
      },
      schema: {
        tags: ['epcis'],
        summary: 'Capture one event; it is in the log when this answers',
        response: { 201: { type: 'object', additionalProperties: true, description: 'The event' } },
      },
    },
    (request, reply) => captureEvent(request, reply, context),
  );
  app.get<Id>(
    '/epcis/events/:eventID',
    {
      config: {
        access: EPCIS_READERS,
        offers: [MEDIA_JSON, MEDIA_JSON_LD, MEDIA_EVIDENCE],
      },
      schema: {
        tags: ['epcis'],
        summary: 'One event by its percent-encoded eventID, or the evidence that proves it',
        description:
          `With Accept: ${MEDIA_EVIDENCE} the answer is the evidence file that proves the event ` +
          'offline: the newest under its id. Otherwise it is an EPCISQueryDocument of it and of ' +
          'the error declarations under its id; the links alternate (this path) and describedby ' +
          '(each statement) name the evidence.',
        produces: [MEDIA_JSON, MEDIA_JSON_LD, MEDIA_EVIDENCE],
      },
    },
    (request, reply) => answerEvent(request, reply, context),
  );
}

async function captureEvent(
  request: FastifyRequest,
  reply: FastifyReply,
  { epcis, publicUrl }: EpcisContext,
): Promise<FastifyReply> {
  const outcome = await epcis.captureEvent(request.body);
  if (!outcome.ok) return sendRefused(reply, outcome, publicUrl);
  const { eventId } = outcome.value;
  reply.code(201).header('location', publicUrl + eventUrl(eventId));
  const stored = await epcis.event(eventId);
  if (stored === null) return reply.send();
  const event = answeredEvent(stored, { format: 'Never_Translates', prefixDigits: () => null });
  const { context } = stored;
  return reply
    .header('content-type', MEDIA_JSON)
    .send({ ...(context !== null && { '@context': context }), ...event });
}

/** The event and what declared it wrong under the same id, oldest first (EPCIS 2.0). */
async function answerEvent(
  request: FastifyRequest<Id>,
  reply: FastifyReply,
  context: EpcisContext,
): Promise<FastifyReply> {
  const { backend, epcis, publicUrl } = context;
  const stored = await epcis.event(request.params.eventID);
  if (stored === null) return notFound(reply, 'event');
  if (mediaTypeOf(request) === MEDIA_EVIDENCE) return sendProof(reply, stored, context);
  const { eventId } = stored;
  const same = { EQ_eventID: [eventId], orderBy: 'recordTime', orderDirection: 'ASC' };
  const found = await epcis.query(same, { limit: SAME_ID_MAX, after: null });
  if (!found.ok) return sendRefused(reply, found);
  const links = [`<${publicUrl}${eventUrl(eventId)}>; rel="alternate"`];
  for (const { leafIndex } of found.value.events) {
    const id = await backend.statementIdAt(leafIndex);
    if (id === null) continue;
    links.push(`<${publicUrl}/v1/statements/${toHex(id)}/evidence>; rel="describedby"`);
  }
  for (const link of links) addLink(reply, `${link}; type="${MEDIA_EVIDENCE}"`);
  return sendEvents(request, reply, { context, events: found.value.events });
}

async function sendProof(
  reply: FastifyReply,
  { leafIndex }: StoredEvent,
  { backend }: EpcisContext,
): Promise<FastifyReply> {
  const evidence = await backend.evidenceAt(leafIndex);
  if (evidence === null) return notFound(reply, 'event under a checkpoint');
  reply.header('content-disposition', `attachment; filename="event-${leafIndex}.tgev"`);
  return reply.header('content-type', MEDIA_EVIDENCE).send(asBuffer(evidence));
}
