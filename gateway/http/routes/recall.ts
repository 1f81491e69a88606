// A recall: what a bad lot, thing or stretch of readings reached, as JSON, CSV or signed.
import { utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_COSE } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance } from 'fastify';
import { asBuffer, type HttpContext } from '../context.ts';
import { sendProblem } from '../problem.ts';
import { recallCsv } from '../recall-csv.ts';
import type { RecallQuery } from '../trace-backend.ts';
import { TRACE_QUERIES } from '../trace-schemas.ts';

interface Asked {
  lot?: string;
  epc?: string;
  device?: string;
  fromMs?: number;
  toMs?: number;
}

export function recallRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get<{ Querystring: Asked }>(
    '/v1/recall',
    {
      config: { access: { roles: ['operator', 'auditor'] } },
      schema: {
        tags: ['trace'],
        summary: 'All that a bad lot, thing or stretch of readings reached, and where it is now',
        description:
          'JSON; with Accept: text/csv as CSV; with Accept: application/cose the JSON as payload ' +
          'of a COSE_Sign1 by the member’s log key, which verifies without this gateway.',
        querystring: TRACE_QUERIES.recall,
        produces: ['application/json', 'text/csv', MEDIA_COSE],
      },
    },
    async (request, reply) => {
      const query = queryOf(request.query);
      if (query === null) {
        const detail = 'name query/lot, query/epc, or query/device with fromMs before toMs';
        return sendProblem(reply, { code: 'invalid_request', detail });
      }
      const outcome = await backend.trace.recall(query);
      if (!outcome.ok) return sendProblem(reply, outcome);
      const report = outcome.value;
      const accept = request.headers.accept ?? '';
      reply.header('vary', 'accept, authorization');
      if (/\btext\/csv\b/.test(accept)) {
        reply.header('content-type', 'text/csv; charset=utf-8; header=present');
        reply.header('content-disposition', 'attachment; filename="recall.csv"');
        return reply.send(recallCsv(report));
      }
      if (!/\bapplication\/cose\b/.test(accept)) return reply.send(report);
      const signed = await backend.trace.signRecall(report, utf8(JSON.stringify(report)));
      reply.header('content-type', MEDIA_COSE);
      reply.header('content-disposition', 'attachment; filename="recall.cose"');
      return reply.send(asBuffer(signed));
    },
  );
}

/** Exactly one basis. */
function queryOf({ lot, epc, device, fromMs, toMs }: Asked): RecallQuery | null {
  const named = [lot, epc, device].filter((one) => one !== undefined);
  const hasTimes = fromMs !== undefined || toMs !== undefined;
  if (named.length !== 1 || (device === undefined && hasTimes)) return null;
  if (lot !== undefined) return { lot };
  if (epc !== undefined) return { epc };
  if (device === undefined || fromMs === undefined || toMs === undefined) return null;
  return fromMs < toMs ? { device, fromMs, toMs } : null;
}
