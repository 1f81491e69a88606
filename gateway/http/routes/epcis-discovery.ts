// The six trees of what events say (EPCIS 2.0), and the end of a page token.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { vocabularyWords } from '../../epcis/gs1/cbv-vocabulary.ts';
import { GS1_CONTEXT } from '../../epcis/query/query-document.ts';
import { notFound } from '../context.ts';
import { answerEvents } from '../epcis/answer-events.ts';
import type { EpcisContext } from '../epcis/context.ts';
import { LISTING_QUERY, linkNext, readListing } from '../epcis/listing.ts';
import { discoveryRoute, EPCIS_READERS } from '../epcis/options.ts';
import { sendRefused } from '../epcis/problem-body.ts';
import type { DiscoveryTree } from '../epcis-backend.ts';
import { sendProblem } from '../problem.ts';

interface Tree {
  /** Name of a path's part, as in GS1's interface description. */
  readonly element: string;
  /** The query parameter that an element of the tree stands for. */
  readonly parameter: string;
  /** What a repository has although no event said so yet. */
  readonly standard: readonly string[];
}

const EVENT_TYPES = [
  'AggregationEvent',
  'AssociationEvent',
  'ObjectEvent',
  'TransactionEvent',
  'TransformationEvent',
];

export const TREES: Readonly<Record<DiscoveryTree, Tree>> = {
  eventTypes: { element: 'eventType', parameter: 'eventType', standard: EVENT_TYPES },
  epcs: { element: 'epc', parameter: 'MATCH_anyEPC', standard: [] },
  bizSteps: { element: 'bizStep', parameter: 'EQ_bizStep', standard: vocabularyWords('bizStep') },
  bizLocations: { element: 'bizLocation', parameter: 'EQ_bizLocation', standard: [] },
  readPoints: { element: 'readPoint', parameter: 'EQ_readPoint', standard: [] },
  dispositions: {
    element: 'disposition',
    parameter: 'EQ_disposition',
    standard: vocabularyWords('disposition'),
  },
};

export function epcisDiscoveryRoutes(app: FastifyInstance, context: EpcisContext): void {
  for (const name of Object.keys(TREES) as DiscoveryTree[]) treeRoutes(app, context, name);
  app.delete<{ Params: { token: string } }>(
    '/epcis/nextPageToken/:token',
    {
      config: { access: EPCIS_READERS },
      schema: { tags: ['epcis'], summary: 'End a page token before it expires' },
    },
    async (request, reply) =>
      context.tokens.end(request.params.token)
        ? reply.code(204).send()
        : notFound(reply, 'page token'),
  );
}

function treeRoutes(app: FastifyInstance, context: EpcisContext, name: DiscoveryTree): void {
  const { element } = TREES[name];
  const [all, one] = [`/epcis/${name}`, `/epcis/${name}/:${element}`];
  const access = EPCIS_READERS;
  for (const url of [all, one, `${one}/events`]) discoveryRoute(app, url, { methods: ['GET'] });
  app.get(
    all,
    {
      config: { access },
      schema: { tags: ['epcis'], summary: `${name} of all events`, querystring: LISTING_QUERY },
    },
    (request, reply) => listTree(request, reply, { context, name }),
  );
  app.get(
    one,
    { config: { access }, schema: { tags: ['epcis'], summary: `What there is by ${element}` } },
    async (request, reply) => {
      if (!(await isKnown(request, { context, name }))) return notFound(reply, element);
      return reply.send(collection(['events']));
    },
  );
  app.get(
    `${one}/events`,
    {
      config: { access },
      schema: {
        tags: ['epcis'],
        summary: `Events by ${element}; the query parameters of /epcis/events apply too`,
        querystring: LISTING_QUERY,
      },
    },
    async (request, reply) => {
      if (!(await isKnown(request, { context, name }))) return notFound(reply, element);
      const fixed = { [TREES[name].parameter]: [elementOf(request, name)] };
      return answerEvents(request, reply, { context, ask: { fixed } });
    },
  );
}

interface TreeAsk {
  context: EpcisContext;
  name: DiscoveryTree;
}

async function listTree(
  request: FastifyRequest,
  reply: FastifyReply,
  { context: { epcis, tokens, publicUrl }, name }: TreeAsk,
): Promise<FastifyReply> {
  const listing = readListing(request, tokens);
  if (!listing.ok) return sendProblem(reply, listing);
  const { page, of } = listing.value;
  const found = await epcis.discover(name, page);
  if (!found.ok) return sendRefused(reply, found);
  const { standard } = TREES[name];
  const { values, next } = found.value;
  const first = page.after === null ? standard : [];
  linkNext(reply, tokens, { of, next, base: publicUrl });
  return reply.send(collection([...first, ...values.filter((one) => !standard.includes(one))]));
}

async function isKnown(
  request: FastifyRequest,
  { context: { epcis }, name }: TreeAsk,
): Promise<boolean> {
  const value = elementOf(request, name);
  return TREES[name].standard.includes(value) || (await epcis.knows(name, value));
}

function elementOf(request: FastifyRequest, name: DiscoveryTree): string {
  return (request.params as Record<string, string>)[TREES[name].element] ?? '';
}

function collection(member: readonly string[]) {
  return { '@context': GS1_CONTEXT, type: 'Collection', member };
}
