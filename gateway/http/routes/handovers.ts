// Custody transfers that two devices signed, one half each.
import type { FastifyInstance } from 'fastify';
import type { HttpContext } from '../context.ts';
import type { HandoversQuery } from '../handover-backend.ts';
import { sendProblem } from '../problem.ts';
import { QUERIES } from '../schemas.ts';

const LIMIT_DEFAULT = 100;

export function handoverRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get<{ Querystring: Omit<HandoversQuery, 'limit'> & { limit?: number } }>(
    '/v1/handovers',
    {
      config: { access: { roles: ['operator', 'auditor'] } },
      schema: {
        tags: ['readings'],
        summary: 'Hand-overs of a thing, with both signed halves and where they differ',
        querystring: QUERIES.handovers,
      },
    },
    async ({ query }, reply) => {
      const page = await backend.handovers.handovers({ limit: LIMIT_DEFAULT, ...query });
      return page.ok ? page.value : sendProblem(reply, page);
    },
  );
}
