// Bearer tokens (RFC 6750): who may call a route is declared on the route, and nowhere else.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator, Role, TokenView } from '../tokens.ts';
import { sendProblem } from './problem.ts';

/**
 * public: anyone, and any web page. optional: anyone, a token shows more. enrolment-token: the
 * one-time token in the body is the credential. Otherwise one of `roles`, unless `openWhen()`
 * (the charter or the configuration) opens the route.
 */
export type Access =
  | 'public'
  | 'optional'
  | 'enrolment-token'
  | { readonly roles: readonly Role[]; readonly openWhen?: () => boolean };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    presented: Presented | null;
  }
}

type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'valid'; readonly token: TokenView };

const BEARER = /^Bearer ([\w.~+/=-]{1,200})$/i;

/** Reads the Authorization header once a request; the rate limiter asks first, then the check. */
export function presentedBy(request: FastifyRequest, tokens: Authenticator): Presented {
  request.presented ??= judge(request.headers.authorization, tokens);
  return request.presented;
}

function judge(header: string | undefined, tokens: Authenticator): Presented {
  if (header === undefined) return { kind: 'none' };
  const secret = BEARER.exec(header)?.[1];
  const token = secret === undefined ? null : tokens.authenticate(secret);
  return token === null ? { kind: 'invalid' } : { kind: 'valid', token };
}

export function callerOf(request: FastifyRequest): TokenView | null {
  return request.presented?.kind === 'valid' ? request.presented.token : null;
}

export function hasRole(request: FastifyRequest, ...roles: readonly Role[]): boolean {
  return callerOf(request)?.roles.some((role) => roles.includes(role)) ?? false;
}

/**
 * Runs before the body is read, after the rate limit (an `onRequest` hook), so that guessing
 * tokens is limited too. A route that declares no access stops the program at start.
 */
export function installAuth(app: FastifyInstance, tokens: Authenticator): void {
  app.decorateRequest('presented', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(`route ${String(route.method)} ${route.url} declares no access`);
    }
  });
  app.addHook('preParsing', async (request, reply) => {
    const access = request.routeOptions.config.access;
    if (request.is404 || access === 'public' || access === 'enrolment-token') return;
    const presented = presentedBy(request, tokens);
    if (presented.kind === 'invalid') return refuseToken(reply, 'The token is not valid.');
    if (access === 'optional' || (typeof access === 'object' && access.openWhen?.())) return;
    if (presented.kind === 'none') return refuseToken(reply, 'This needs a bearer token.');
    const roles = typeof access === 'object' ? access.roles : [];
    if (!presented.token.roles.some((role) => roles.includes(role))) {
      reply.header('www-authenticate', 'Bearer realm="truegrain", error="insufficient_scope"');
      const detail = `This needs a token with the role ${roles.join(' or ')}.`;
      return sendProblem(reply, { code: 'forbidden', detail });
    }
  });
}

function refuseToken(reply: FastifyReply, detail: string): FastifyReply {
  const error = detail.includes('not valid') ? ', error="invalid_token"' : '';
  reply.header('www-authenticate', `Bearer realm="truegrain"${error}`);
  return sendProblem(reply, { code: 'unauthorized', detail });
}
