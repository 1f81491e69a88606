// Readings by device, subject and time: one page of JSON, or the whole range as a stream.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Backend, ReadingsQuery } from '../backend.ts';
import type { HttpContext } from '../context.ts';
import { sendProblem } from '../problem.ts';
import { readingsStream, type StreamFormat } from '../readings-stream.ts';
import { ANSWERS, QUERIES, READINGS_LIMIT_DEFAULT, READINGS_LIMIT_MAX } from '../schemas.ts';
import { readingView } from '../views.ts';

type Format = 'page' | StreamFormat;
type Query = Omit<ReadingsQuery, 'limit'> & { limit?: number; format?: Format };
type Request = FastifyRequest<{ Querystring: Query }>;

const MEDIA_TYPES = {
  array: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
} as const;

export function readingRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get<{ Querystring: Query }>(
    '/v1/readings',
    {
      // A HEAD would run through the whole range to count it.
      exposeHeadRoute: false,
      config: { access: { roles: ['operator', 'auditor'] } },
      schema: {
        tags: ['readings'],
        summary: 'Readings by device, subject and time, in order',
        description:
          'With Accept: text/csv or format=csv the whole range as CSV; texts that a spreadsheet ' +
          'would run as a formula carry a leading apostrophe there. With Accept: ' +
          'application/vnd.apache.parquet or format=parquet the same columns, typed. A stream that breaks off ' +
          'without its end (no closing chunk) is incomplete.',
        querystring: QUERIES.readings,
        response: { 200: ANSWERS.readings },
      },
    },
    (request, reply) => answer(request, reply, backend),
  );
}

async function answer(request: Request, reply: FastifyReply, backend: Backend) {
  const { format: asked, limit, ...filter } = request.query;
  const format = asked ?? wantedFormat(request.headers.accept ?? '');
  const wrong = contradiction({ ...request.query, format });
  if (wrong !== null) return sendProblem(reply, { code: 'invalid_request', detail: wrong });

  const pageLimit = format === 'page' ? (limit ?? READINGS_LIMIT_DEFAULT) : READINGS_LIMIT_MAX;
  const query = { ...filter, limit: pageLimit };
  const first = await backend.readings(query);
  if (!first.ok) return sendProblem(reply, first);
  reply.header('vary', 'accept, authorization');
  if (format === 'page') {
    const { rows, next } = first.value;
    if (next !== null) reply.header('link', nextLink(request.query, next));
    return reply.send({ rows: rows.map(readingView), next });
  }
  if (format !== 'array') {
    reply.header('content-disposition', `attachment; filename="readings.${format}"`);
  }
  reply.header('content-type', MEDIA_TYPES[format]);
  return reply.send(readingsStream(backend, { query, first: first.value, format }));
}

function wantedFormat(accept: string): Format {
  if (/\btext\/csv\b/.test(accept)) return 'csv';
  return accept.includes(MEDIA_TYPES.parquet) ? 'parquet' : 'page';
}

function contradiction({ fromMs, toMs, limit, format }: Query): string | null {
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    return 'query/fromMs must not be after query/toMs';
  }
  if (limit !== undefined && format !== 'page') {
    return 'query/limit is for format=page; a stream is the whole range';
  }
  return null;
}

function nextLink(query: Query, next: string): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  search.set('cursor', next);
  return `</v1/readings?${search}>; rel="next"`;
}
