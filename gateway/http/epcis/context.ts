// What the route files under /epcis share.
import type { Backend } from '../backend.ts';
import type { HttpContext } from '../context.ts';
import type { EpcisBackend, StandingQueries } from '../epcis-backend.ts';
import type { RateLimits } from '../rate-limit.ts';
import { PageTokens } from './page-token.ts';

export interface EpcisContext {
  readonly backend: Backend;
  readonly epcis: EpcisBackend;
  readonly standing: StandingQueries;
  readonly tokens: PageTokens;
  readonly limits: RateLimits;
  readonly publicUrl: string;
  readonly nowMs: () => number;
}

export function epcisContext({ backend, limits, publicUrl }: HttpContext): EpcisContext {
  const { epcis, standing } = backend;
  const tokens = new PageTokens();
  return { backend, epcis, standing, tokens, limits, publicUrl, nowMs: Date.now };
}
