// SCRAPI (draft-ietf-scitt-scrapi-11): register a signed statement, fetch its receipt.
import { fromHex, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { FRAME_BYTES_MAX, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import {
  MEDIA_COSE,
  MEDIA_SCITT_RECEIPT,
  MEDIA_SCITT_STATEMENT,
} from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SubmitAnswer } from '../backend.ts';
import { asBuffer, type HttpContext } from '../context.ts';
import { sendProblem } from '../problem.ts';

const FRAME_TYPE = 'application/vnd.truegrain.frame+cbor';
const STATEMENT_TYPES = [MEDIA_COSE, MEDIA_SCITT_STATEMENT];
const POLL_AFTER_S = 1;
const ID_BYTES = 32;

interface Submission {
  readonly statement: Uint8Array;
  readonly content: Uint8Array | null;
}

export function entryRoutes(app: FastifyInstance, context: HttpContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    [...STATEMENT_TYPES, FRAME_TYPE],
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  app.post(
    '/entries',
    {
      bodyLimit: FRAME_BYTES_MAX + 64,
      config: {
        access: { roles: ['device', 'operator'] },
        rateLimit: { max: context.limits.submissionsPerMinute },
      },
      schema: {
        tags: ['scrapi'],
        summary: 'Register a signed statement, with its content beside it or not',
        description: `Body: ${[...STATEMENT_TYPES, FRAME_TYPE].join(', ')}.`,
        consumes: [...STATEMENT_TYPES, FRAME_TYPE],
        response: {
          201: { description: 'Registered; the body is the receipt', type: 'null' },
          202: { description: 'Accepted; poll the Location', type: 'null' },
        },
      },
    },
    async (request, reply) => {
      const submission = readSubmission(request);
      if ('code' in submission) return sendProblem(reply, submission);
      const answer = await context.backend.submit(submission.statement, submission.content);
      return answerSubmission(reply, answer, context.publicUrl);
    },
  );
  app.get<{ Params: { id: string } }>(
    '/entries/:id',
    {
      config: { access: 'public' },
      schema: {
        tags: ['scrapi'],
        summary: 'The receipt of a statement',
        response: {
          200: { description: 'The receipt (application/cose)', type: 'null' },
          204: { description: 'Registration is running', type: 'null' },
        },
      },
    },
    async (request, reply) => {
      const id = fromHex(request.params.id);
      if (id?.length !== ID_BYTES) {
        const detail = 'A locator is a statement id: 64 lower-case hex digits.';
        return sendProblem(reply, { code: 'invalid_locator', detail });
      }
      return answerLookup(request, reply, { id, context });
    },
  );
}

const mediaTypeOf = ({ headers }: FastifyRequest) =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

function readSubmission(request: FastifyRequest): Submission | { code: string; detail: string } {
  const { body } = request;
  if (!(body instanceof Uint8Array) || body.length === 0) {
    return { code: 'malformed', detail: 'The body is empty.' };
  }
  const isFrame = mediaTypeOf(request) === FRAME_TYPE;
  if (!isFrame) return { statement: body, content: null };
  const frame = parseFrame(body);
  return frame.ok ? frame.value : frame;
}

function answerSubmission(reply: FastifyReply, answer: SubmitAnswer, publicUrl: string) {
  if (answer.state === 'refused') return sendProblem(reply, answer);
  if (answer.state === 'busy') {
    reply.header('retry-after', String(answer.retryAfterS));
    return sendProblem(reply, { code: 'busy', detail: 'The gateway takes no statement now.' });
  }
  reply.header('location', `${publicUrl}/entries/${toHex(answer.id)}`);
  if (answer.state === 'accepted') {
    return reply.code(202).header('retry-after', String(POLL_AFTER_S)).send();
  }
  return reply.code(201).header('content-type', MEDIA_COSE).send(asBuffer(answer.receipt));
}

async function answerLookup(
  request: FastifyRequest,
  reply: FastifyReply,
  { id, context }: { id: Uint8Array; context: HttpContext },
): Promise<FastifyReply> {
  const answer = await context.backend.lookup(id);
  if (answer.state === 'unknown') {
    const detail = `No statement ${toHex(id)} is known to this transparency service.`;
    return sendProblem(reply, { code: 'not_found', detail });
  }
  if (answer.state === 'refused') {
    return sendProblem(reply, { code: 'registration_failed', detail: `refused: ${answer.code}` });
  }
  if (answer.state === 'running') {
    reply.header('retry-after', String(POLL_AFTER_S)).header('cache-control', 'no-store');
    return reply.code(204).send();
  }
  const asked = request.headers.accept ?? '';
  const type = asked.includes(MEDIA_SCITT_RECEIPT) ? MEDIA_SCITT_RECEIPT : MEDIA_COSE;
  reply.header('location', `${context.publicUrl}/entries/${toHex(id)}`).header('vary', 'accept');
  return reply.header('content-type', type).send(asBuffer(answer.receipt));
}
