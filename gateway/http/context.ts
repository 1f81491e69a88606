// What the route files share.
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyReply } from 'fastify';
import type { OperatorLink } from '../resolver/resolver-config.ts';
import type { Backend, Outcome } from './backend.ts';
import { sendProblem } from './problem.ts';
import type { RateLimits } from './rate-limit.ts';

export interface HttpContext {
  readonly backend: Backend;
  readonly limits: RateLimits;
  /** Prefix of absolute Locations, without a final slash; '' = relative ones. */
  readonly publicUrl: string;
  readonly metricsPublic: boolean;
  readonly resolver: ResolverSettings;
}

export interface ResolverSettings {
  /** As the resolver's description says it. */
  readonly name: string;
  /** Beside the links that every gateway has. */
  readonly links: readonly OperatorLink[];
}

/** Answers with the value of an outcome, or with its refusal as a problem. */
export function sendOutcome<T>(
  reply: FastifyReply,
  outcome: Outcome<T>,
  view: { status: number; of: (value: T) => unknown },
): FastifyReply {
  if (!outcome.ok) return sendProblem(reply, { code: outcome.code, detail: outcome.detail });
  return reply.code(view.status).send(view.of(outcome.value));
}

export function notFound(reply: FastifyReply, what: string): FastifyReply {
  return sendProblem(reply, { code: 'not_found', detail: `This gateway knows no such ${what}.` });
}

/** The schema has checked the text; what is no hash after all matches nothing. */
export const hashOf = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();

/** A view as a Buffer over the same memory, for fastify, which sends Buffers untouched. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
