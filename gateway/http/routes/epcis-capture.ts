// /epcis/capture: documents of many events, captured in a job of their own.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject, type Json } from '../../epcis/json.ts';
import { notFound } from '../context.ts';
import type { EpcisContext } from '../epcis/context.ts';
import { errorBehaviourOf } from '../epcis/headers.ts';
import { LISTING_QUERY, linkNext, readListing } from '../epcis/listing.ts';
import { discoveryRoute, EPCIS_READERS } from '../epcis/options.ts';
import { jobView, sendRefused } from '../epcis/problem-body.ts';
import { sendProblem } from '../problem.ts';

const CAPTURERS = { roles: ['operator', 'capture'] } as const;

export function epcisCaptureRoutes(app: FastifyInstance, context: EpcisContext): void {
  const { epcis, tokens, publicUrl, limits } = context;
  const announced = {
    'gs1-epcis-capture-limit': String(epcis.limits.events),
    'gs1-epcis-capture-file-size-limit': String(epcis.limits.bytes),
  };
  discoveryRoute(app, '/epcis/capture', {
    methods: ['POST', 'GET'],
    headers: { ...announced, 'gs1-capture-error-behaviour': 'all' },
  });
  discoveryRoute(app, '/epcis/capture/:captureID', { methods: ['GET'] });

  app.post(
    '/epcis/capture',
    {
      bodyLimit: epcis.limits.bytes,
      config: {
        access: CAPTURERS,
        rateLimit: { max: limits.submissionsPerMinute, timeWindow: 60_000 },
      },
      // What was exceeded is said with the refusal, too.
      onRequest: async (_request, reply) => {
        reply.headers(announced);
      },
      schema: {
        tags: ['epcis'],
        summary: 'Capture the events of an EPCISDocument or EPCISQueryDocument in a job',
        description:
          'GS1-Capture-Error-Behaviour: rollback (the default: all of them or none) or proceed ' +
          '(those that are right). The Location names the job, which says what became of them.',
        response: { 202: { type: 'null', description: 'Location: the capture job' } },
      },
    },
    (request, reply) => capture(request, reply, context),
  );
  app.get(
    '/epcis/capture',
    {
      config: { access: EPCIS_READERS },
      schema: {
        tags: ['epcis'],
        summary: 'Capture jobs, newest first',
        querystring: LISTING_QUERY,
      },
    },
    async (request, reply) => {
      const listing = readListing(request, tokens);
      if (!listing.ok) return sendProblem(reply, listing);
      const { page, of } = listing.value;
      const { jobs, next } = await epcis.captureJobs(page);
      linkNext(reply, tokens, { of, next, base: publicUrl });
      return reply.send(jobs.map(jobView));
    },
  );
  app.get<{ Params: { captureID: string } }>(
    '/epcis/capture/:captureID',
    {
      config: { access: EPCIS_READERS },
      schema: { tags: ['epcis'], summary: 'What became of one capture' },
    },
    async (request, reply) => {
      const job = await epcis.captureJob(request.params.captureID);
      return job === null ? notFound(reply, 'capture job') : reply.send(jobView(job));
    },
  );
}

async function capture(
  request: FastifyRequest,
  reply: FastifyReply,
  { epcis, publicUrl }: EpcisContext,
): Promise<FastifyReply> {
  const behaviour = errorBehaviourOf(request);
  const events = eventCount(request.body);
  if (events > epcis.limits.events) {
    const detail = `The document has ${events} events, ${epcis.limits.events} are taken at a time.`;
    return sendProblem(reply, { code: 'epcis_capture_limit', detail });
  }
  const outcome = await epcis.capture(request.body, behaviour);
  if (!outcome.ok) return sendRefused(reply, outcome, publicUrl);
  const location = `${publicUrl}/epcis/capture/${encodeURIComponent(outcome.value.captureId)}`;
  return reply.code(202).header('location', location).send();
}

/** Counted before anything is validated: a document beyond the limit costs no more than that. */
function eventCount(document: unknown): number {
  const body = memberOf(document, 'epcisBody');
  const results = memberOf(memberOf(body, 'queryResults'), 'resultsBody');
  const list = memberOf(results ?? body, 'eventList');
  return Array.isArray(list) ? list.length : 0;
}

function memberOf(value: unknown, name: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
