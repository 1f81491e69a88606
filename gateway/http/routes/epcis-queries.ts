// /epcis/queries: queries by name, and those who follow them (EPCIS 2.0).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerEvents } from '../epcis/answer-events.ts';
import type { EpcisContext } from '../epcis/context.ts';
import { followRoute, isFollowing } from '../epcis/follow.ts';
import { epcFormatOf } from '../epcis/headers.ts';
import { LISTING_QUERY, linkNext, readListing } from '../epcis/listing.ts';
import { discoveryRoute } from '../epcis/options.ts';
import { sendRefused, subscriptionView } from '../epcis/problem-body.ts';
import type { NamedQuery } from '../epcis-backend.ts';
import { sendProblem } from '../problem.ts';

/** A query is shared by all clients of the gateway; a capture token has no business with it. */
const ASKERS = { roles: ['operator', 'auditor'] } as const;
const config = { access: ASKERS };

type Name = { Params: { queryName: string } };
type One = { Params: { queryName: string; subscriptionID: string } };

export function epcisQueryRoutes(app: FastifyInstance, context: EpcisContext): void {
  queryRoutes(app, context);
  eventRoutes(app, context);
  subscriptionRoutes(app, context);
}

function queryRoutes(app: FastifyInstance, context: EpcisContext): void {
  const { standing, tokens, publicUrl } = context;
  discoveryRoute(app, '/epcis/queries', { methods: ['GET', 'POST'] });
  discoveryRoute(app, '/epcis/queries/:queryName', { methods: ['GET', 'DELETE'] });
  app.get(
    '/epcis/queries',
    { config, schema: { tags: ['epcis'], summary: 'Named queries', querystring: LISTING_QUERY } },
    async (request, reply) => {
      const listing = readListing(request, tokens);
      if (!listing.ok) return sendProblem(reply, listing);
      const { page, of } = listing.value;
      const { queries, next } = standing.list(page);
      linkNext(reply, tokens, { of, next, base: publicUrl });
      return reply.send(queries);
    },
  );
  app.post(
    '/epcis/queries',
    { config, schema: { tags: ['epcis'], summary: 'Name a query: {name, query}' } },
    async (request, reply) => {
      const body = (request.body ?? {}) as Record<string, unknown>;
      const created = await standing.create(body['name'], body['query']);
      if (!created.ok) return sendRefused(reply, created);
      return reply
        .code(201)
        .header('location', `${publicUrl}${queryUrl(created.value)}`)
        .send();
    },
  );
  app.get<Name>(
    '/epcis/queries/:queryName',
    { config, schema: { tags: ['epcis'], summary: 'What a named query asks' } },
    async (request, reply) => {
      const { queryName } = request.params;
      return standing.get(queryName) ?? noSuchName(reply, queryName);
    },
  );
  app.delete<Name>(
    '/epcis/queries/:queryName',
    { config, schema: { tags: ['epcis'], summary: 'End a named query and its subscriptions' } },
    async (request, reply) => {
      const { queryName } = request.params;
      return standing.remove(queryName) ? reply.code(204).send() : noSuchName(reply, queryName);
    },
  );
}

function eventRoutes(app: FastifyInstance, context: EpcisContext): void {
  discoveryRoute(app, '/epcis/queries/:queryName/events', { methods: ['GET'] });
  followRoute(app, context, {
    url: '/epcis/queries/:queryName/events',
    config,
    schema: {
      tags: ['epcis'],
      summary: 'What a named query finds; as a WebSocket, what is new to it',
      description:
        'Upgrade: websocket, with stream=true or the fields of a schedule (second, minute, hour, ' +
        'dayOfMonth, month, dayOfWeek, in UTC), and reportIfEmpty, initialRecordTime: each message ' +
        'is an EPCISQueryDocument of events in the order of the log.',
      querystring: LISTING_QUERY,
    },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const { queryName } = request.params as Name['Params'];
      const named = context.standing.get(queryName);
      if (named === null) return noSuchName(reply, queryName);
      if (isFollowing(request)) {
        const detail = 'stream and a schedule are for a WebSocket; this is no upgrade to one.';
        return sendProblem(reply, { code: 'epcis_subscription_controls', detail });
      }
      const ask = { queryName, fixed: named.query, takesParameters: false };
      return answerEvents(request, reply, { context, ask });
    },
  });
}

function subscriptionRoutes(app: FastifyInstance, context: EpcisContext): void {
  const { standing, tokens, publicUrl } = context;
  const all = '/epcis/queries/:queryName/subscriptions';
  const one = `${all}/:subscriptionID`;
  discoveryRoute(app, all, { methods: ['GET', 'POST'] });
  discoveryRoute(app, one, { methods: ['GET', 'DELETE'] });
  app.get<Name>(
    all,
    {
      config,
      schema: { tags: ['epcis'], summary: 'Webhook subscriptions', querystring: LISTING_QUERY },
    },
    async (request, reply) => {
      const { queryName } = request.params;
      if (standing.get(queryName) === null) return noSuchName(reply, queryName);
      const listing = readListing(request, tokens);
      if (!listing.ok) return sendProblem(reply, listing);
      const { page, of } = listing.value;
      const { subscriptions, next } = standing.subscriptions(queryName, page);
      linkNext(reply, tokens, { of, next, base: publicUrl });
      return reply.send(subscriptions.map(subscriptionView));
    },
  );
  app.post<Name>(
    all,
    {
      config,
      schema: {
        tags: ['epcis'],
        summary: 'Subscribe: what is new to the query is posted to dest',
        description:
          'Delivered in the order of the log, at least once, and again (after 1 s, doubling up to ' +
          '10 min) until dest answers 2xx. With a signatureToken each carries GS1-Signature: ' +
          'sha256=<hex of HMAC-SHA256 over the body, keyed with the token>. Redirects are not ' +
          'followed; a private address is refused unless the operator allows it.',
      },
    },
    async (request, reply) => {
      const { queryName } = request.params;
      const outcome = await standing.subscribe(queryName, request.body, epcFormatOf(request));
      if (!outcome.ok) return sendRefused(reply, outcome);
      const url = `${queryUrl({ name: queryName })}/subscriptions/${outcome.value.id}`;
      reply.code(201).header('location', `${publicUrl}${url}`);
      return reply.send(subscriptionView(outcome.value));
    },
  );
  app.get<One>(
    one,
    { config, schema: { tags: ['epcis'], summary: 'One subscription, without its secret' } },
    async (request, reply) => {
      const { queryName, subscriptionID } = request.params;
      const found = standing.subscription(queryName, subscriptionID);
      return found === null ? noSuchName(reply, subscriptionID) : subscriptionView(found);
    },
  );
  app.delete<One>(
    one,
    { config, schema: { tags: ['epcis'], summary: 'End a subscription' } },
    async (request, reply) => {
      const { queryName, subscriptionID } = request.params;
      return standing.unsubscribe(queryName, subscriptionID)
        ? reply.code(204).send()
        : noSuchName(reply, subscriptionID);
    },
  );
}

const queryUrl = ({ name }: Pick<NamedQuery, 'name'>): string =>
  `/epcis/queries/${encodeURIComponent(name)}`;

function noSuchName(reply: FastifyReply, name: string): FastifyReply {
  const detail = `There is no query or subscription ${name.slice(0, 128)}.`;
  return sendProblem(reply, { code: 'epcis_no_such_name', detail });
}
