// What is wrong, page by page and as it comes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type HttpContext, sendOutcome } from '../context.ts';
import { FindingsStream, STREAMS_MAX } from '../findings-stream.ts';
import { sendProblem } from '../problem.ts';
import type { FindingsPage, FindingsQuery } from '../trace-backend.ts';
import { TRACE_QUERIES } from '../trace-schemas.ts';

const TAGS = ['trace'];
type Live = FastifyRequest<{ Querystring: Omit<FindingsQuery, 'limit'> }>;

export function findingRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const access = { roles: ['operator', 'auditor'] as const };
  const streams = new Set<FindingsStream>();
  app.addHook('preClose', async () => {
    for (const stream of [...streams]) stream.close();
  });
  app.get<{ Querystring: FindingsQuery }>(
    '/v1/findings',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary:
          'Excursions, gaps, forks, overdue calibrations, deviations, hand-overs, in log order',
        querystring: TRACE_QUERIES.findings,
      },
    },
    async ({ query }, reply) => {
      return sendOutcome(reply, await backend.trace.findings(query), { status: 200, of: pageView });
    },
  );
  app.get<{ Querystring: Omit<FindingsQuery, 'limit'> }>(
    '/v1/findings/live',
    {
      exposeHeadRoute: false,
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Findings as they come: text/event-stream; Last-Event-ID continues',
        querystring: TRACE_QUERIES.live,
        produces: ['text/event-stream'],
      },
    },
    (request, reply) => openStream(request, reply, { backend, streams }),
  );
}

const pageView = ({ findings, next }: FindingsPage) => ({
  findings: findings.map(({ cursor: _, id: __, ...finding }) => finding),
  next,
});

async function openStream(
  request: Live,
  reply: FastifyReply,
  { backend, streams }: Pick<HttpContext, 'backend'> & { streams: Set<FindingsStream> },
): Promise<FastifyReply> {
  if (streams.size >= STREAMS_MAX) {
    reply.header('retry-after', '60');
    return sendProblem(reply, { code: 'busy', detail: `${STREAMS_MAX} streams are open` });
  }
  const { after, ...filter } = request.query;
  const last = request.headers['last-event-id'];
  const from = typeof last === 'string' ? last : after;
  // Also says where the log ends, which is where a new reader begins.
  const asked = await backend.trace.findings({ limit: 1, ...(from && { after: from }) });
  if (!asked.ok) return sendProblem(reply, asked);
  const parts = { trace: backend.trace, reply, filter, after: from ?? asked.value.end };
  const stream = new FindingsStream(parts);
  streams.add(stream);
  stream.open(request, () => streams.delete(stream));
  return reply;
}
