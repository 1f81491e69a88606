// One statement: its entry, content and evidence file; and the erasure of contents.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeEvidence, parseEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import { MEDIA_EVIDENCE } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { hasRole } from '../auth.ts';
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
      config: { access: { ...READERS, openWhen: () => backend.entriesPublic() } },
      schema: {
        tags: ['statements'],
        summary: 'Evidence file (.tgev) that proves the statement offline',
        description:
          'Without a token, where the charter opens the entries: the same proof without the content.',
        params: PARAMS.id,
        produces: [MEDIA_EVIDENCE],
      },
    },
    (request, reply) => {
      const mayRead = hasRole(request, ...READERS.roles);
      return sendEvidence(reply, backend, hashOf(request.params.id), mayRead ? 'whole' : 'sealed');
    },
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
  content: 'whole' | 'sealed' = 'whole',
): Promise<FastifyReply> {
  const whole = await backend.evidence(id);
  const evidence = whole === null || content === 'whole' ? whole : withoutContent(whole);
  if (evidence === null) return notFound(reply, 'statement under a checkpoint');
  reply.header('vary', 'authorization');
  reply.header('content-disposition', `attachment; filename="${toHex(id)}.tgev"`);
  return reply.header('content-type', MEDIA_EVIDENCE).send(asBuffer(evidence));
}

/** Entries can be open while contents are not: the proof holds without the content (DESIGN §4). */
function withoutContent(evidence: Uint8Array): Uint8Array | null {
  const parsed = parseEvidence(evidence);
  return parsed.ok ? encodeEvidence({ ...parsed.value, content: null }) : null;
}
