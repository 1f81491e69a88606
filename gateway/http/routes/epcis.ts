// EPCIS 2.0: the REST interface under /epcis, in a scope with its own headers.
import type { FastifyInstance } from 'fastify';
import { GS1_CONTEXT } from '../../epcis/query/query-document.ts';
import type { HttpContext } from '../context.ts';
import { epcisContext } from '../epcis/context.ts';
import { installEpcisHeaders } from '../epcis/headers.ts';
import { installJsonBody } from '../epcis/json-body.ts';
import { discoveryRoute, EPCIS_READERS } from '../epcis/options.ts';
import { epcisCaptureRoutes } from './epcis-capture.ts';
import { epcisDiscoveryRoutes, TREES } from './epcis-discovery.ts';
import { epcisEventRoutes } from './epcis-events.ts';
import { epcisQueryRoutes } from './epcis-queries.ts';

export function epcisRoutes(app: FastifyInstance, context: HttpContext): void {
  installJsonBody(app);
  installEpcisHeaders(app);
  const shared = epcisContext(context);
  discoveryRoute(app, '/epcis', { methods: ['GET'] });
  app.get(
    '/epcis',
    {
      config: { access: EPCIS_READERS },
      schema: { tags: ['epcis'], summary: 'The resources of the EPCIS repository' },
    },
    async (_request, reply) =>
      reply.send({
        '@context': GS1_CONTEXT,
        type: 'Collection',
        member: ['events', 'capture', 'queries', ...Object.keys(TREES)],
      }),
  );
  epcisCaptureRoutes(app, shared);
  epcisEventRoutes(app, shared);
  epcisDiscoveryRoutes(app, shared);
  epcisQueryRoutes(app, shared);
}
