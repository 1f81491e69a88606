// C2SP tlog-witness v1.0.0 over HTTP: on the members' door, and on the public one for monitors.
import { fromUtf8 } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyContextConfig, FastifyInstance, FastifyReply } from 'fastify';
import type { Witness, WitnessAnswer } from './witness.ts';

/** A checkpoint with a hundred cosignatures is 15 KiB, 63 hashes are 3 KiB. */
const BODY_BYTES_MAX = 65_536;
const CACHE = 'public, max-age=2';

/** Under the prefix /witness, for submission and monitoring alike. */
export function witnessRoutes(
  app: FastifyInstance,
  { witness, config }: { witness: Witness; config: FastifyContextConfig },
): void {
  app.register((scope, _options, done) => {
    // The protocol names no media type for the request: any will do.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, next) =>
      next(null, body),
    );
    scope.post(
      '/witness/add-checkpoint',
      {
        config,
        bodyLimit: BODY_BYTES_MAX,
        schema: { tags: ['log'], summary: 'Ask for a cosignature (C2SP tlog-witness)' },
      },
      async (request, reply) => {
        const body = request.body instanceof Uint8Array ? fromUtf8(request.body) : null;
        return send(reply, await witness.addCheckpoint(body ?? ''));
      },
    );
    scope.get<{ Params: { originHash: string } }>(
      '/witness/:originHash/checkpoint',
      {
        config,
        schema: { tags: ['log'], summary: 'Newest checkpoint cosigned here (C2SP tlog-witness)' },
      },
      async (request, reply) => {
        const note = witness.checkpoint(request.params.originHash);
        if (note !== null) reply.header('cache-control', CACHE);
        const body = note ?? 'nothing cosigned for this origin\n';
        const contentType = 'text/plain; charset=utf-8';
        return send(reply, { status: note === null ? 404 : 200, contentType, body });
      },
    );
    done();
  });
}

function send(reply: FastifyReply, answer: WitnessAnswer): FastifyReply {
  if (answer.retryAfterS !== undefined) reply.header('retry-after', answer.retryAfterS);
  return reply.code(answer.status).header('content-type', answer.contentType).send(answer.body);
}
