// The HTTP interface of a gateway: SCRAPI, tlog-tiles and /v1 on one fastify instance.
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Authenticator } from '../tokens.ts';
import { installAuth } from './auth.ts';
import type { Backend } from './backend.ts';
import type { HttpContext, ResolverSettings } from './context.ts';
import { clientError, frameworkFailure, installFailures } from './failures.ts';
import { installHeaders } from './headers.ts';
import { installOpenapi, openapiRoutes } from './openapi.ts';
import { DEFAULT_RATE_LIMITS, installRateLimit, type RateLimits } from './rate-limit.ts';
import { installRouteList, type ListedRoute } from './route-list.ts';

import { allianceRoutes } from './routes/alliance.ts';
import { deviceRoutes } from './routes/devices.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { entryRoutes } from './routes/entries.ts';
import { epcisRoutes } from './routes/epcis.ts';
import { filingRoutes } from './routes/filing.ts';
import { findingRoutes } from './routes/findings.ts';
import { governanceRoutes } from './routes/governance.ts';
import { handoverRoutes } from './routes/handovers.ts';
import { healthRoutes } from './routes/health.ts';
import { keyRoutes } from './routes/keys.ts';
import { lawRoutes } from './routes/law.ts';
import { logRoutes } from './routes/log.ts';
import { qrRoutes } from './routes/qr.ts';
import { readingRoutes } from './routes/readings.ts';
import { recallRoutes } from './routes/recall.ts';
import { resolverRoutes } from './routes/resolver.ts';
import { statementRoutes } from './routes/statements.ts';
import { traceRoutes } from './routes/trace.ts';
import { webRoutes } from './routes/web.ts';
import { AJV_OPTIONS, installQueryTypes } from './validation.ts';
import { installWebsocket } from './websocket.ts';

export interface HttpOptions {
  readonly backend: Backend;
  readonly tokens: Authenticator;
  readonly limits?: Partial<RateLimits>;
  readonly logger?: FastifyBaseLogger;
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Public base URL; makes Locations absolute. */
  readonly publicUrl?: string;
  readonly metricsPublic?: boolean;
  readonly resolver?: ResolverSettings;
  /** Addresses whose X-Forwarded-For is believed (fastify's trustProxy). */
  readonly trustProxy?: string[];
  /** More routes (pages, say) under the same hooks; each must declare `config.access`. */
  readonly extend?: (app: FastifyInstance) => Promise<void>;
}

export interface HttpAddress {
  /** 127.0.0.1 unless told otherwise: opening it to a network is a decision. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface HttpServer {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const JSON_BYTES_MAX = 65_536;
const REQUEST_TIMEOUT_MS = 30_000;
/** A download whose reader stands still this long is cut, so that it cannot be held for ever. */
const IDLE_TIMEOUT_MS = 120_000;
/** An eventID or a location is a URI, percent-encoded. */
const PATH_PART_CHARS_MAX = 1_000;

export async function buildHttp(
  options: HttpOptions,
): Promise<FastifyInstance & { routeList: readonly ListedRoute[] }> {
  const { backend, tokens } = options;
  const limits = { ...DEFAULT_RATE_LIMITS, ...options.limits };
  const context: HttpContext = {
    backend,
    limits,
    publicUrl: (options.publicUrl ?? '').replace(/\/+$/, ''),
    metricsPublic: options.metricsPublic ?? false,
    resolver: options.resolver ?? { name: 'Truegrain', links: [] },
  };
  const app = newFastify(options);
  app.removeContentTypeParser('text/plain');
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  installRouteList(app);
  installHeaders(app, { tls: options.tls !== undefined });
  installAuth(app, tokens);
  await installRateLimit(app, { tokens, limits });
  installQueryTypes(app);
  installFailures(app);
  await installOpenapi(app);
  installWebsocket(app);
  await app.register((scope, _options, done) => {
    entryRoutes(scope, context);
    done();
  });
  await app.register((scope, _options, done) => {
    epcisRoutes(scope, context);
    done();
  });
  for (const routes of ROUTES) routes(app, context);
  openapiRoutes(app);
  await options.extend?.(app);
  await app.ready();
  return app;
}

const ROUTES = [
  keyRoutes,
  logRoutes,
  deviceRoutes,
  enrolmentRoutes,
  readingRoutes,
  handoverRoutes,
  statementRoutes,
  governanceRoutes,
  allianceRoutes,
  lawRoutes,
  filingRoutes,
  traceRoutes,
  recallRoutes,
  findingRoutes,
  healthRoutes,
  webRoutes,
  resolverRoutes,
  qrRoutes,
];

/** Throws what `listen` throws (EADDRINUSE, EACCES): main says it in one line. */
export async function startHttp(options: HttpOptions & HttpAddress): Promise<HttpServer> {
  const app = await buildHttp(options);
  const host = options.host ?? '127.0.0.1';
  await app.listen({ host, port: options.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const name = host.includes(':') ? `[${host}]` : host;
  const url = `${options.tls === undefined ? 'http' : 'https'}://${name}:${port}`;
  return { app, port, url, close: () => app.close() };
}

function newFastify(options: HttpOptions): FastifyInstance {
  const settings = {
    bodyLimit: JSON_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PATH_PART_CHARS_MAX },
    ajv: { customOptions: AJV_OPTIONS },
    frameworkErrors: frameworkFailure,
    clientErrorHandler: clientError,
    trustProxy: options.trustProxy ?? false,
    ...(options.logger && {
      loggerInstance: options.logger,
      logController: new LogController({ disableRequestLogging: true }),
    }),
  };
  if (options.tls === undefined) return Fastify(settings);
  const { key, cert } = options.tls;
  const secured = Fastify({ ...settings, https: { key, cert, minVersion: 'TLSv1.2' } });
  // The instance differs from a plain one in the type of its server alone.
  return secured as unknown as FastifyInstance;
}
