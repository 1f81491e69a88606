// The filing data sheet (CAC Order 3): as JSON, and as one page to print. Open to anyone.
import type { FastifyInstance } from 'fastify';
import { FILING_PAGE_CSP, filingPage } from '../../filing/filing-page.ts';
import { type HttpContext, notFound } from '../context.ts';
import { count, object } from '../schemas.ts';

interface Since {
  Querystring: { since?: number };
}

const QUERY = object({ since: { ...count, description: 'changes after this leaf alone' } }, [
  'since',
]);

export function filingRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get<Since>(
    '/v1/filing',
    {
      config: { access: 'public' },
      schema: {
        tags: ['law'],
        summary: 'Filing data sheet: operator, nodes, responsible persons, rules, changes',
        querystring: QUERY,
      },
    },
    async ({ query }, reply) => {
      return (await backend.filing.sheet(query.since ?? null)) ?? notFound(reply, 'charter');
    },
  );
  app.get<Since>(
    '/filing',
    {
      config: { access: 'public' },
      schema: {
        tags: ['law'],
        summary: 'The filing data sheet as a page to print',
        querystring: QUERY,
        produces: ['text/html'],
      },
    },
    async ({ query }, reply) => {
      const sheet = await backend.filing.sheet(query.since ?? null);
      if (sheet === null) return notFound(reply, 'charter');
      reply.headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': FILING_PAGE_CSP,
      });
      return reply.send(filingPage(sheet));
    },
  );
}
