// C2SP tlog-tiles v0.1.0 under the prefix /log: checkpoint, hash tiles, entry bundles.
import { parseTilePath } from '@truegrain/device-sdk/formats/tiles.js';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { asBuffer, type HttpContext, notFound } from '../context.ts';
import { immutable } from '../headers.ts';

const CHECKPOINT_CACHE = 'public, max-age=2';

export function logRoutes(app: FastifyInstance, { backend, limits }: HttpContext): void {
  const rateLimit = { max: limits.tilesPerMinute, groupId: 'tiles' };
  app.get(
    '/log/checkpoint',
    {
      config: { access: 'public', rateLimit },
      schema: {
        tags: ['log'],
        summary: 'Newest checkpoint with its cosignatures, a C2SP signed note',
        produces: ['text/plain'],
      },
    },
    async (_request, reply) => {
      const note = await backend.checkpoint();
      if (note === null) return notFound(reply, 'checkpoint');
      reply.header('content-type', 'text/plain; charset=utf-8');
      return reply.header('cache-control', CHECKPOINT_CACHE).send(note);
    },
  );
  app.get<{ Params: { '*': string } }>(
    '/log/tile/*',
    {
      config: { access: 'public', rateLimit },
      schema: { tags: ['log'], summary: 'Hash tile <L>/<N>[.p/<W>]', produces: [OCTETS] },
    },
    async (request, reply) => {
      const tile = parseTilePath(`tile/${request.params['*']}`);
      // `%65ntries` reaches this public route too: bundles are served by the other one only.
      if (!tile.ok || tile.value.level === 'entries') return notFound(reply, 'tile');
      const { level, index, width } = tile.value;
      return sendTile(reply, await backend.tile(level, index, width), 'public');
    },
  );
  app.get<{ Params: { '*': string } }>(
    '/log/tile/entries/*',
    {
      config: {
        access: { roles: ['operator', 'auditor'], openWhen: () => backend.entriesPublic() },
        rateLimit,
      },
      schema: { tags: ['log'], summary: 'Entry bundle <N>[.p/<W>]', produces: [OCTETS] },
    },
    async (request, reply) => {
      const tile = parseTilePath(`tile/entries/${request.params['*']}`);
      if (!tile.ok) return notFound(reply, 'tile');
      const open = backend.entriesPublic();
      if (open) reply.header('access-control-allow-origin', '*');
      const { index, width } = tile.value;
      return sendTile(reply, await backend.entryBundle(index, width), open ? 'public' : 'private');
    },
  );
}

const OCTETS = 'application/octet-stream';

function sendTile(
  reply: FastifyReply,
  bytes: Uint8Array | null,
  scope: 'public' | 'private',
): FastifyReply {
  if (bytes === null) return notFound(reply, 'tile');
  reply.header('content-type', OCTETS).header('cache-control', immutable(scope));
  if (scope === 'private') reply.header('vary', 'authorization');
  return reply.send(asBuffer(bytes));
}
