// Everything that goes wrong outside a handler's own answer ends here, and ends as a problem.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  encodeProblem,
  HttpProblem,
  type Problem,
  type ProblemCode,
  sendProblem,
} from './problem.ts';
import { methodsOf } from './route-list.ts';
import { fieldErrors } from './validation.ts';

const FASTIFY_CODES: Record<string, readonly [ProblemCode, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this path takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'This path takes no such Content-Type.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_request', 'The body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_request', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as announced.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The path is not a valid percent-encoded text.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long', 'A part of the path is too long.'],
};

function problemOf(error: FastifyError): Problem | null {
  if (error instanceof HttpProblem) return { code: error.code, detail: error.message };
  if (error.validation !== undefined) {
    const errors = fieldErrors(error);
    const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
    return { code: 'invalid_request', detail, errors };
  }
  const known = FASTIFY_CODES[error.code];
  if (known !== undefined) return { code: known[0], detail: known[1] };
  const status = error.statusCode ?? 500;
  if (status < 400 || status >= 500) return null;
  return { code: 'invalid_request', detail: 'The request could not be parsed.' };
}

/** A bug's own message may quote data or SQL, so the client sees only the id it has in our log. */
function fail(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem !== null) {
    sendProblem(reply, problem);
    return;
  }
  request.log.error({ err: error }, 'request failed');
  sendProblem(reply, { code: 'internal', detail: `Unexpected failure; request ${request.id}.` });
}

/** For fastify's `frameworkErrors`: failures before a route is known. */
export const frameworkFailure = fail;

export function installFailures(app: FastifyInstance): void {
  app.setErrorHandler(fail);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const allowed = methodsOf(app.routeList, request.url.split('?', 1)[0] ?? '/');
    if (allowed.length === 0) {
      return sendProblem(reply, { code: 'not_found', detail: 'There is nothing at this path.' });
    }
    const detail = `This path takes ${allowed.join(', ')}.`;
    return sendProblem(reply.header('allow', allowed.join(', ')), {
      code: 'method_not_allowed',
      detail,
    });
  });
}

/** Bytes that are no HTTP request: fastify never sees them, the socket gets its problem raw. */
export function clientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const code: ProblemCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request_timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? 'headers_too_large'
        : 'invalid_request';
  const { status, mediaType, body } = encodeProblem('/', { code, detail: 'Not a valid request.' });
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${mediaType}\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    );
    socket.write(body);
  }
  socket.destroySoon();
}
