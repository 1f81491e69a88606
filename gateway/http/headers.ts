// Response headers every answer carries, and CORS for what anyone may read anyway.
import type { FastifyInstance } from 'fastify';

const YEAR_S = 31_536_000;

/** CORS opens the public reads only; there is no preflight answer, so no page can send a token. */
export function installHeaders(app: FastifyInstance, { tls }: { tls: boolean }): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    if (tls) reply.header('strict-transport-security', `max-age=${YEAR_S}`);
    const open = request.routeOptions.config.access === 'public' && request.method !== 'POST';
    reply.header('cross-origin-resource-policy', open ? 'cross-origin' : 'same-origin');
    if (open) reply.header('access-control-allow-origin', '*');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}

/** For bytes that never change under their name: a monitor's cache may keep them for good. */
export const immutable = (scope: 'public' | 'private') => `${scope}, max-age=${YEAR_S}, immutable`;
