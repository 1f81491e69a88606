// Request limits a minute, counted by token where one is presented, else by IP (IPv6 by /64).
import fastifyRateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../tokens.ts';
import { presentedBy } from './auth.ts';
import { HttpProblem } from './problem.ts';

export interface RateLimits {
  readonly requestsPerMinute: number;
  /** Tiles are small, immutable and read in bulk by monitors. */
  readonly tilesPerMinute: number;
  readonly submissionsPerMinute: number;
  /** The door that takes a one-time token from anybody. */
  readonly enrolmentsPerMinute: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  requestsPerMinute: 1_200,
  tilesPerMinute: 12_000,
  submissionsPerMinute: 6_000,
  enrolmentsPerMinute: 10,
};

const CLIENTS_REMEMBERED_MAX = 20_000;
const IPV6_SUBNET_BITS = 64;

export async function installRateLimit(
  app: FastifyInstance,
  { tokens, limits }: { tokens: Authenticator; limits: RateLimits },
): Promise<void> {
  await app.register(fastifyRateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    cache: CLIENTS_REMEMBERED_MAX,
    keyGenerator(request) {
      const presented = presentedBy(request, tokens);
      if (presented.kind === 'valid') return `token:${presented.token.id}`;
      return `ip:${normalizeIP(request.ip, IPV6_SUBNET_BITS)}`;
    },
    errorResponseBuilder: (_request, { max, after }) =>
      new HttpProblem(
        'rate_limited',
        `Only ${max} requests a minute are allowed; try in ${after}.`,
      ),
  });
}
