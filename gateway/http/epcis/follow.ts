// A named query followed over a WebSocket (EPCIS 2.0): the same path, upgraded.
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { WebSocket } from 'ws';
import type { Access } from '../auth.ts';
import { isUpgrade, upgrade } from '../websocket.ts';
import type { EpcisContext } from './context.ts';
import { epcFormatOf } from './headers.ts';
import { sendRefused } from './problem-body.ts';

const SCHEDULE_FIELDS = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'];
const CONTROLS = [...SCHEDULE_FIELDS, 'stream', 'reportIfEmpty', 'initialRecordTime'];
/** A proxy cuts a connection on which nothing moves; a peer that is gone is noticed. */
const PING_MS = 30_000;
const [CLOSE_NORMAL, CLOSE_POLICY] = [1_000, 1_008];

/** Whether the query string has controls of a subscription. */
export const isFollowing = (request: FastifyRequest): boolean =>
  Object.keys(request.query as object).some((name) => CONTROLS.includes(name));

/** GET as `handler` answers it; the same upgraded is refused in HTTP, or becomes a WebSocket. */
export function followRoute(
  app: FastifyInstance,
  context: EpcisContext,
  route: {
    url: string;
    config: { access: Access };
    schema: FastifySchema;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  },
): void {
  app.get(route.url, { config: route.config, schema: route.schema }, async (request, reply) => {
    if (!isUpgrade(request)) return route.handler(request, reply);
    const fault = context.standing.followFault(nameOf(request), termsOf(request));
    if (fault) return sendRefused(reply, fault);
    upgrade(request, reply, (socket) => follow(socket, request, context));
    return reply;
  });
}

function follow(socket: WebSocket, request: FastifyRequest, { standing }: EpcisContext): void {
  const ask = { terms: termsOf(request), format: epcFormatOf(request) };
  const send = (document: unknown) => sendText(socket, JSON.stringify(document));
  const end = () => socket.close(CLOSE_NORMAL);
  const stop = standing.follow(nameOf(request), { send, end }, ask);
  // It is we who tell; a client that talks has taken this for something else.
  socket.on('message', () => socket.close(CLOSE_POLICY));
  socket.on('pong', () => alive.add(socket));
  alive.add(socket);
  const pinging = setInterval(() => keepAlive(socket), PING_MS);
  socket.on('close', () => {
    clearInterval(pinging);
    stop();
  });
}

/** Sockets that answered since they were last asked. */
const alive = new WeakSet<WebSocket>();

function keepAlive(socket: WebSocket): void {
  if (alive.delete(socket)) socket.ping();
  else socket.terminate();
}

function sendText(socket: WebSocket, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve(false);
    socket.send(text, (error) => resolve(!error));
  });
}

const nameOf = (request: FastifyRequest): string =>
  (request.params as { queryName: string }).queryName;

/** The query string as the body of a webhook subscription would have it. */
function termsOf(request: FastifyRequest): Record<string, unknown> {
  const query = request.query as Record<string, unknown>;
  const given = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => name in query).map((name) => [name, query[name]]));
  const schedule = given(SCHEDULE_FIELDS);
  const { stream, reportIfEmpty, ...rest } = given([
    'stream',
    'reportIfEmpty',
    'initialRecordTime',
  ]);
  return {
    ...rest,
    ...(stream !== undefined && { stream: flagOf(stream) }),
    ...(reportIfEmpty !== undefined && { reportIfEmpty: flagOf(reportIfEmpty) }),
    ...(Object.keys(schedule).length > 0 && { schedule }),
  };
}

const flagOf = (text: unknown): unknown =>
  text === 'true' ? true : text === 'false' ? false : text;
