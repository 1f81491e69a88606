// WebSockets (RFC 6455): an upgrade goes through the same routes, hooks and limits as any request.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a client may say: nothing but control frames and a reason to close. */
const MESSAGE_BYTES_MAX = 1_024;
const CLOSE_GOING_AWAY = 1_001;

interface Upgrade {
  readonly server: WebSocketServer;
  readonly socket: Socket;
  readonly head: Buffer;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** Must come before `listen`. A route that does not upgrade answers as always, and the connection ends. */
export function installWebsocket(app: FastifyInstance): void {
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Node takes its own listener off before it hands over the socket.
    socket.on('error', () => socket.destroy());
    upgrades.set(request, { server, socket, head });
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.end());
    app.routing(request, response);
  });
  app.addHook('preClose', async () => {
    for (const client of server.clients) client.close(CLOSE_GOING_AWAY);
    server.close();
  });
}

export const isUpgrade = (request: FastifyRequest): boolean =>
  upgrades.has(request.raw) && request.headers.upgrade?.toLowerCase() === 'websocket';

/** Answers 101; a handshake that is not right is answered by the library. */
export function upgrade(
  request: FastifyRequest,
  reply: FastifyReply,
  opened: (socket: WebSocket) => void,
): void {
  const found = upgrades.get(request.raw);
  if (!found) throw new Error('no upgrade');
  const { server, socket, head } = found;
  reply.hijack();
  reply.raw.detachSocket(socket);
  server.handleUpgrade(request.raw, socket, head, (accepted) => {
    // It has closed by itself when it tells of an error.
    accepted.on('error', () => {});
    opened(accepted);
  });
}
