// The members' server: mutual TLS, one certificate authority for each member, problem+json.
import type { Server } from 'node:https';
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { clientError, frameworkFailure, installFailures } from '../http/failures.ts';
import { HttpProblem, sendProblem } from '../http/problem.ts';
import { installRouteList } from '../http/route-list.ts';
import { ConnectedCallers } from './connected-callers.ts';
import type { Peer, PeerDirectory } from './directory.ts';
import type { MemberTls } from './member-tls.ts';

declare module 'fastify' {
  interface FastifyRequest {
    callingPeer: Peer | null;
  }
}

export interface DoorLimits {
  /** Of one member, like the others. */
  readonly requestsPerMinute: number;
  readonly contentsPerMinute: number;
  readonly tilesPerMinute: number;
  readonly rpcPerMinute: number;
}

const DEFAULT_LIMITS: DoorLimits = {
  requestsPerMinute: 6_000,
  contentsPerMinute: 6_000,
  tilesPerMinute: 12_000,
  rpcPerMinute: 3_000,
};

export interface DoorContext {
  /** `iss` of the member whose door it is. */
  readonly self: () => string;
  readonly limits: DoorLimits;
}

/** Adds routes; each runs for a member only, which `peerOf` names. */
export type PeerRoutes = (app: FastifyInstance, door: DoorContext) => void;

export interface PeerDoorOptions {
  readonly directory: PeerDirectory;
  readonly tls: MemberTls;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly routes: readonly PeerRoutes[];
  readonly limits?: Partial<DoorLimits>;
  readonly logger?: FastifyBaseLogger;
  readonly nowMs?: () => number;
}

export interface PeerDoor {
  readonly app: FastifyInstance;
  readonly port: number;
  /** After the members or their endpoints changed: those who left are cut off. */
  refreshPeers(): void;
  /** Shows another certificate from the next connection on. */
  useTls(tls: MemberTls): void;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 65_536;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 120_000;
/** Members keep a few connections each; strangers must not take the process's file descriptors. */
const CONNECTIONS_MAX = 1_000;

/** Throws what `listen` throws (EADDRINUSE, EACCES). */
export async function openPeerDoor(options: PeerDoorOptions): Promise<PeerDoor> {
  const { directory, host } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const callers = new ConnectedCallers(directory, options.nowMs ?? Date.now);
  const app = newFastify(options);
  const server = app.server as unknown as Server;
  server.maxConnections = CONNECTIONS_MAX;
  server.on('secureConnection', (socket) => callers.add(socket));
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  installRouteList(app);
  installCallers(app, callers);
  await installLimits(app, limits.requestsPerMinute);
  installFailures(app);
  app.get('/healthz', async () => ({ ok: true, iss: directory.self() }));
  for (const routes of options.routes) routes(app, { self: () => directory.self(), limits });
  await app.listen({ host, port: options.port });
  const address = server.address();
  return {
    app,
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    refreshPeers: () => callers.cutThoseWhoLeft(),
    useTls: (tls) => server.setSecureContext(contextOf(tls)),
    close: () => app.close(),
  };
}

/** The member that makes this request. */
export function peerOf(request: FastifyRequest): Peer {
  if (request.callingPeer === null) throw new Error('a route of the door ran for nobody');
  return request.callingPeer;
}

/** Before the rate limit and before the body is read. */
function installCallers(app: FastifyInstance, callers: ConnectedCallers): void {
  app.decorateRequest('callingPeer', null);
  app.addHook('onRequest', async (request, reply) => {
    request.callingPeer = callers.find(request.raw.socket);
    if (request.callingPeer !== null) return;
    reply.header('connection', 'close');
    const detail = 'No valid certificate was shown that the CA of a current member issued.';
    return sendProblem(reply, { code: 'not_a_member', detail });
  });
}

async function installLimits(app: FastifyInstance, max: number): Promise<void> {
  await app.register(fastifyRateLimit, {
    max,
    timeWindow: 60_000,
    keyGenerator: (request) => peerOf(request).iss,
    errorResponseBuilder: (_request, over) =>
      new HttpProblem(
        'rate_limited',
        `Only ${over.max} requests a minute are allowed; try in ${over.after}.`,
      ),
  });
}

const contextOf = ({ certPem, keyPem }: MemberTls) =>
  ({ cert: certPem, key: keyPem, minVersion: 'TLSv1.3' }) as const;

/**
 * The certificate is asked for here and judged by ConnectedCallers, not by the TLS library: see
 * CallerCheck. A stranger gets as far as its request's headers and is told why it is refused.
 */
function newFastify({ tls, logger }: PeerDoorOptions): FastifyInstance {
  const app = Fastify({
    https: {
      ...contextOf(tls),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
    },
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: frameworkFailure,
    clientErrorHandler: clientError,
    ...(logger && {
      loggerInstance: logger,
      logController: new LogController({ disableRequestLogging: true }),
    }),
  });
  // The instance differs from a plain one in the type of its server alone.
  return app as unknown as FastifyInstance;
}
