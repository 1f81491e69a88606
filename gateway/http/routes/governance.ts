// Governance leaves: who admitted whom, which charter holds. Open to anyone, with proofs.
import { MEDIA_EVIDENCE } from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../auth.ts';
import type { GovernanceLeaf } from '../backend.ts';
import { type HttpContext, hashOf, notFound } from '../context.ts';
import { ANSWERS, PARAMS, QUERIES } from '../schemas.ts';
import { governanceView, statementView } from '../views.ts';
import { sendEvidence } from './statements.ts';

/** The registry (registration, rotation, revocation, grant) names devices: that needs a token. */
const PUBLIC_KINDS: ReadonlySet<string> = new Set([
  'charter',
  'acceptance',
  'proposal',
  'answer',
  'exception',
  'departure',
  'endpoint',
  'erasure',
  // The law is public; who measures what is not.
  'order',
  'appeal',
  'credential',
  'rule-finding',
  'examination',
  'filing',
]);

type Id = { Params: { id: string } };
type Page = { Querystring: { fromLeaf: number; limit: number } };

export function governanceRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const mayRead = (request: FastifyRequest, leaf: GovernanceLeaf | null) =>
    leaf !== null &&
    (PUBLIC_KINDS.has(leaf.kind) || backend.entriesPublic() || callerOf(request) !== null);

  app.get<Page>(
    '/v1/governance',
    {
      config: { access: 'optional' },
      schema: {
        tags: ['governance'],
        summary: 'Governance leaves in log order; those of the registry only with a token',
        querystring: QUERIES.governance,
        response: { 200: ANSWERS.governance },
      },
    },
    async (request) => {
      const { fromLeaf, limit } = request.query;
      const leaves = await backend.governance(fromLeaf, limit);
      const last = leaves.at(-1);
      const next = leaves.length < limit || last === undefined ? null : last.leafIndex + 1;
      return { leaves: leaves.filter((leaf) => mayRead(request, leaf)).map(governanceView), next };
    },
  );
  app.get<Id>(
    '/v1/governance/:id',
    {
      config: { access: 'optional' },
      schema: {
        tags: ['governance'],
        summary: 'One governance entry',
        params: PARAMS.id,
        response: { 200: ANSWERS.statement },
      },
    },
    async (request, reply) => {
      const id = hashOf(request.params.id);
      const readable = mayRead(request, await backend.governanceLeaf(id));
      const view = readable ? await backend.statement(id) : null;
      if (view === null) return notFound(reply, 'governance statement');
      return statementView(request.params.id, view);
    },
  );
  app.get<Id>(
    '/v1/governance/:id/evidence',
    {
      config: { access: 'optional' },
      schema: {
        tags: ['governance'],
        summary: 'Evidence file (.tgev) of a governance entry',
        params: PARAMS.id,
        produces: [MEDIA_EVIDENCE],
      },
    },
    async (request, reply) => {
      const id = hashOf(request.params.id);
      if (!mayRead(request, await backend.governanceLeaf(id))) {
        return notFound(reply, 'governance statement');
      }
      return sendEvidence(reply, backend, id);
    },
  );
}
