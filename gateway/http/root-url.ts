// Where this gateway is, as whoever asks sees it: linksets and printed codes need whole URLs.
import type { FastifyRequest } from 'fastify';
import type { HttpContext } from './context.ts';

const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Without a slash at its end. Null where nothing was configured and the Host header is no host. */
export function rootOf(request: FastifyRequest, { publicUrl }: HttpContext): string | null {
  if (publicUrl !== '') return publicUrl;
  return HOST.test(request.host) ? `${request.protocol}://${request.host}` : null;
}
