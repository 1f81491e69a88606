// Liveness for anyone, details and Prometheus metrics for those who run or audit the gateway.
import type { FastifyInstance } from 'fastify';
import { hasRole } from '../auth.ts';
import type { HttpContext } from '../context.ts';
import { ANSWERS } from '../schemas.ts';

export function healthRoutes(app: FastifyInstance, { backend, metricsPublic }: HttpContext): void {
  app.get(
    '/healthz',
    {
      config: { access: 'optional' },
      schema: {
        tags: ['health'],
        summary: 'ok or not; sizes and lags with an operator or auditor token',
        response: { 200: ANSWERS.health, 503: ANSWERS.health },
      },
    },
    async (request, reply) => {
      const health = await backend.health();
      const shown = hasRole(request, 'operator', 'auditor') ? health : { ok: health.ok };
      return reply.code(health.ok ? 200 : 503).send(shown);
    },
  );
  app.get(
    '/metrics',
    {
      config: { access: { roles: ['operator', 'auditor'], openWhen: () => metricsPublic } },
      schema: { tags: ['health'], summary: 'Prometheus metrics', produces: ['text/plain'] },
    },
    async (_request, reply) => {
      reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      return reply.send(await backend.metrics());
    },
  );
}
