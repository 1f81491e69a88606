// SCRAPI (draft-ietf-scitt-scrapi-11): the keys that receipts verify with, retired ones included.
import { concat, equal, fromBase64Url, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeHead } from '@truegrain/device-sdk/formats/cbor.js';
import { MEDIA_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance } from 'fastify';
import { asBuffer, type HttpContext } from '../context.ts';
import { sendProblem } from '../problem.ts';

const KEYS_PATH = '/.well-known/scitt-keys';
const CACHE = 'public, max-age=300';
const CBOR_ARRAY = 4;

export function keyRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get(
    KEYS_PATH,
    {
      config: { access: 'public' },
      schema: {
        tags: ['scrapi'],
        summary: 'COSE_KeySet of the log',
        produces: [MEDIA_CBOR],
      },
    },
    async (_request, reply) => {
      const keys = await backend.keySet();
      const keySet = concat(encodeHead(CBOR_ARRAY, keys.length), ...keys.map((key) => key.coseKey));
      reply.header('content-type', MEDIA_CBOR).header('cache-control', CACHE);
      return reply.send(asBuffer(keySet));
    },
  );
  app.get<{ Params: { kid: string } }>(
    `${KEYS_PATH}/:kid`,
    {
      config: { access: 'public' },
      schema: {
        tags: ['scrapi'],
        summary: 'One COSE_Key, by base64url kid (or the kid itself where it is URL-safe text)',
        produces: [MEDIA_CBOR],
      },
    },
    async (request, reply) => {
      const { kid } = request.params;
      const asked = [fromBase64Url(kid), utf8(kid)];
      const keys = await backend.keySet();
      const found = keys.find((key) => asked.some((one) => one !== null && equal(one, key.kid)));
      if (found === undefined) {
        return sendProblem(reply, { code: 'no_such_key', detail: 'No key has this kid.' });
      }
      reply.header('content-type', MEDIA_CBOR).header('cache-control', CACHE);
      return reply.send(asBuffer(found.coseKey));
    },
  );
}
