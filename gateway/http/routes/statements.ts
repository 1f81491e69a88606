// One statement: its entry, content and evidence file; and the erasure of contents.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_EVIDENCE } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Backend } from '../backend.ts';
import { asBuffer, type HttpContext, hashOf, notFound, sendOutcome } from '../context.ts';
import { ANSWERS, BODIES, PARAMS } from '../schemas.ts';
import { loggedView, statementView } from '../views.ts';

const READERS = { roles: ['operator', 'auditor'] } as const;
type Id = { Params: { id: string } };

export function statementRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.get<Id>(
    '/v1/statements/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['statements'],
        summary: 'Entry and content of a statement in the log',
        params: PARAMS.id,
        response: { 200: ANSWERS.statement },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const view = await backend.statement(hashOf(id));
      return view === null ? notFound(reply, 'statement') : statementView(id, view);
    },
  );
  app.get<Id>(
    '/v1/statements/:id/evidence',
    {
      config: { access: READERS },
      schema: {
        tags: ['statements'],
        summary: 'Evidence file (.tgev) that proves the statement offline',
        params: PARAMS.id,
        produces: [MEDIA_EVIDENCE],
      },
    },
    (request, reply) => sendEvidence(reply, backend, hashOf(request.params.id)),
  );
  app.post<{ Body: { ids: string[]; basis: string; reason: string } }>(
    '/v1/erasures',
    {
      config: { access: { roles: ['operator'] } },
      schema: {
        tags: ['statements'],
        summary: 'Erase the contents of statements; leaves an erasure statement in the log',
        body: BODIES.erasure,
        response: { 201: ANSWERS.logged },
      },
    },
    async (request, reply) => {
      const { ids, basis, reason } = request.body;
      const outcome = await backend.erase(ids.map(hashOf), basis, reason);
      return sendOutcome(reply, outcome, { status: 201, of: loggedView });
    },
  );
}

export async function sendEvidence(
  reply: FastifyReply,
  backend: Backend,
  id: Uint8Array,
): Promise<FastifyReply> {
  const evidence = await backend.evidence(id);
  if (evidence === null) return notFound(reply, 'statement under a checkpoint');
  reply.header('content-disposition', `attachment; filename="${toHex(id)}.tgev"`);
  return reply.header('content-type', MEDIA_EVIDENCE).send(asBuffer(evidence));
}
