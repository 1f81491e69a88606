// What became of things and under which conditions: trace, charts, search.
import type { FastifyInstance } from 'fastify';
import { type HttpContext, sendOutcome } from '../context.ts';
import { sendProblem } from '../problem.ts';
import type { ChartQuery, TraceQuery } from '../trace-backend.ts';
import { TRACE_QUERIES } from '../trace-schemas.ts';

const READERS = { roles: ['operator', 'auditor'] } as const;
const TAGS = ['trace'];
const SAME = { status: 200, of: (value: unknown) => value };

export function traceRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const access = { ...READERS, openWhen: () => backend.entriesPublic() };
  app.get<{ Querystring: TraceQuery }>(
    '/v1/trace',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Where a thing comes from, what became of it, where it was and how it was there',
        description:
          'Containers count for the time that the thing was in them, and for no other. Conditions ' +
          'are those of readings from that time alone.',
        querystring: TRACE_QUERIES.trace,
      },
    },
    async ({ query }, reply) => sendOutcome(reply, await backend.trace.trace(query), SAME),
  );
  app.get(
    '/trace',
    { config: { access: 'public' }, schema: { tags: TAGS, summary: 'Moved to /v1/trace' } },
    async (request, reply) => {
      const search = new URL(request.raw.url ?? '/', 'http://gateway').search;
      return reply.redirect(`/v1/trace${search}`, 308);
    },
  );
  app.get<{ Querystring: ChartQuery }>(
    '/v1/chart',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Readings of one sensor as points, with limits, gaps and excursions',
        description: 'Each point is [ms, min, max, mean, count]; no extreme is left out.',
        querystring: TRACE_QUERIES.chart,
      },
    },
    async ({ query }, reply) => {
      const wrong = contradiction(query);
      if (wrong !== null) return sendProblem(reply, { code: 'invalid_request', detail: wrong });
      return sendOutcome(reply, await backend.trace.chart(query), SAME);
    },
  );
  app.get<{ Querystring: { q: string } }>(
    '/v1/search',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'What an EPC, GTIN, lot, SSCC, device, statement id or leaf names here',
        querystring: TRACE_QUERIES.search,
      },
    },
    async ({ query }) => ({ results: await backend.trace.search(query.q) }),
  );
}

function contradiction({ device, subject, fromMs, toMs }: ChartQuery): string | null {
  if (device === undefined && subject === undefined) return 'name query/device or query/subject';
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    return 'query/fromMs must be before query/toMs';
  }
  return null;
}
