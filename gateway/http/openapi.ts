// OpenAPI 3.1 at /openapi.json, made from the routes' own schemas and declared access.
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { PROBLEMS } from './problem.ts';

const INFO = {
  title: 'Truegrain gateway',
  version: '0.1.0',
  description:
    'Register signed statements, read the log and check it. /entries and /.well-known/scitt-keys ' +
    'are SCRAPI (draft-ietf-scitt-scrapi-11) and answer errors as application/' +
    'concise-problem-details+cbor (RFC 9290); /log is C2SP tlog-tiles; everything else answers ' +
    'errors as application/problem+json (RFC 9457), with the codes listed in x-problems.',
};

export async function installOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({
      schema: withAccess(schema, route),
      url: url.replace('*', ':path'),
    }),
    transformObject: (document) => {
      const made = 'openapiObject' in document ? document.openapiObject : {};
      return { ...made, 'x-problems': PROBLEMS };
    },
  });
}

function withAccess(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  const access = route.config?.access;
  const documented = { ...schema };
  if (typeof access === 'object') {
    documented.security = [{ bearer: [...access.roles] }];
    if (access.openWhen !== undefined) documented.security = [{}, ...documented.security];
  }
  if (access === 'optional') documented.security = [{}, { bearer: [] }];
  return documented;
}

export function openapiRoutes(app: FastifyInstance): void {
  app.get(
    '/openapi.json',
    { config: { access: 'public' }, schema: { hide: true } },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return app.swagger();
    },
  );
}
