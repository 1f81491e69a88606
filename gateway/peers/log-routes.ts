// C2SP tlog-tiles for members, under /log as on the public side; entries are open to every member.
import { parseTilePath } from '@truegrain/device-sdk/formats/tiles.js';
import type { FastifyReply } from 'fastify';
import type { Backend } from '../http/backend.ts';
import { asBuffer, notFound } from '../http/context.ts';
import { immutable } from '../http/headers.ts';
import type { PeerRoutes } from './peer-door.ts';

/** The three reads of the HTTP backend that make a log. */
export type LogSource = Pick<Backend, 'checkpoint' | 'tile' | 'entryBundle'>;

export function logRoutes(source: LogSource): PeerRoutes {
  return (app, { limits }) => {
    const config = { rateLimit: { max: limits.tilesPerMinute, groupId: 'tiles' } };
    app.get('/log/checkpoint', { config }, async (_request, reply) => {
      const note = await source.checkpoint();
      if (note === null) return notFound(reply, 'checkpoint');
      return reply.header('content-type', 'text/plain; charset=utf-8').send(note);
    });
    app.get<{ Params: { '*': string } }>('/log/tile/*', { config }, async (request, reply) => {
      const tile = parseTilePath(`tile/${request.params['*']}`);
      if (!tile.ok) return notFound(reply, 'tile');
      const { level, index, width } = tile.value;
      if (level === 'entries') return sendTile(reply, await source.entryBundle(index, width));
      return sendTile(reply, await source.tile(level, index, width));
    });
  };
}

function sendTile(reply: FastifyReply, bytes: Uint8Array | null): FastifyReply {
  if (bytes === null) return notFound(reply, 'tile');
  reply.header('content-type', 'application/octet-stream');
  return reply.header('cache-control', immutable('private')).send(asBuffer(bytes));
}
