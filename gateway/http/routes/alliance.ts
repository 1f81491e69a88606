// The members of the ledger: who they are, for everybody; what this member says, for its operator.
import { fromBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import type { MemberKeyRole } from '@truegrain/device-sdk/formats/governance.js';
import type { Profile } from '@truegrain/device-sdk/formats/profile.js';
import type { Change, RuleEnd } from '@truegrain/device-sdk/formats/proposal.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { Terms } from '@truegrain/device-sdk/formats/terms.js';
import type { FastifyInstance } from 'fastify';
import type { ChangeRequest, GrantRequest, Preview, Said } from '../alliance-backend.ts';
import { ALLIANCE_ANSWERS, ALLIANCE_BODIES, PROPOSAL_BYTES_MAX } from '../alliance-schemas.ts';
import { hasRole } from '../auth.ts';
import { type HttpContext, hashOf, notFound, sendOutcome } from '../context.ts';
import { HttpProblem } from '../problem.ts';
import { PARAMS } from '../schemas.ts';
import { type TermsJson, termsOfJson } from '../terms-json.ts';
import { loggedView } from '../views.ts';

interface ChangeBody {
  kind: Change['kind'];
  card?: string;
  member?: string;
  terms?: Partial<TermsJson>;
  role?: MemberKeyRole;
  retire?: string | null;
  add?: string | null;
  proof?: string | null;
  rule?: Rule;
  profile?: Profile;
  action?: RuleEnd;
  id?: string;
  version?: number;
}

const OPERATOR = { roles: ['operator'] } as const;
const TAGS = ['alliance'];
type Id = { Params: { id: string } };

export function allianceRoutes(app: FastifyInstance, context: HttpContext): void {
  const { alliance } = context.backend;
  app.get(
    '/v1/alliance',
    {
      config: { access: 'optional' },
      schema: {
        tags: TAGS,
        summary: 'Members, terms, open proposals and exceptions; `own` for an operator or auditor',
        response: { 200: ALLIANCE_ANSWERS.view },
      },
    },
    async (request, reply) => {
      const view = await alliance.view();
      if (view === null) return notFound(reply, 'membership');
      return hasRole(request, 'operator', 'auditor')
        ? { ...view, own: await alliance.own() }
        : view;
    },
  );
  proposalRoutes(app, context);
  answerRoutes(app, context);
}

function proposalRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const { alliance } = backend;
  app.post<{ Body: { change: ChangeBody; reason: string } }>(
    '/v1/alliance/preview',
    {
      bodyLimit: PROPOSAL_BYTES_MAX,
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'What a change would do and who would have to sign it; nothing is signed',
        body: ALLIANCE_BODIES.preview,
        response: { 200: ALLIANCE_ANSWERS.preview },
      },
    },
    async (request, reply) => {
      const { change, reason } = request.body;
      const outcome = await alliance.preview({ change: changeOf(change), reason });
      return sendOutcome(reply, outcome, { status: 200, of: (made: Preview) => made });
    },
  );
  app.post<{ Body: { change: ChangeBody; reason: string; epoch?: number | null } }>(
    '/v1/alliance/proposals',
    {
      bodyLimit: PROPOSAL_BYTES_MAX,
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'Propose a change; it holds once every member has signed',
        body: ALLIANCE_BODIES.proposal,
        response: { 201: ALLIANCE_ANSWERS.said },
      },
    },
    async (request, reply) => {
      const { change, reason, epoch = null } = request.body;
      const outcome = await alliance.propose({ change: changeOf(change), reason, epoch });
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
}

function answerRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const { alliance } = backend;
  app.post<
    Id & { Body: { answer: 'approve' | 'reject'; reason: string; textDigest: string | null } }
  >(
    '/v1/alliance/proposals/:id/answers',
    options('Sign or reject a proposal; the proposer’s own rejection takes it back', 'answer'),
    async (request, reply) => {
      const proposalId = hashOf(request.params.id);
      const { textDigest } = request.body;
      const outcome = await alliance.answer({
        proposalId,
        ...request.body,
        textDigest: textDigest === null ? null : hashOf(textDigest),
      });
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
  app.post<Id & { Body: { member: string } }>(
    '/v1/alliance/proposals/:id/exceptions',
    options('Name a member that has been silent for longer than the term', 'exception'),
    async (request, reply) => {
      const proposalId = hashOf(request.params.id);
      const outcome = await alliance.except({ proposalId, ...request.body });
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
  app.post<Id>(
    '/v1/alliance/proposals/:id/departure',
    options('Leave after the notice term, whatever the others answered', null),
    async (request, reply) => {
      const outcome = await alliance.depart(hashOf(request.params.id));
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
  app.post<{ Body: Partial<GrantRequest> & Pick<GrantRequest, 'device' | 'to' | 'reason'> }>(
    '/v1/alliance/grants',
    {
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'Let another member hold and read the contents of an own device',
        body: ALLIANCE_BODIES.grant,
        response: { 201: ALLIANCE_ANSWERS.said },
      },
    },
    async (request, reply) => {
      const outcome = await alliance.grant({ fromLeaf: null, untilLeaf: null, ...request.body });
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
}

function options(summary: string, body: 'answer' | 'exception' | null) {
  return {
    config: { access: OPERATOR },
    schema: {
      tags: TAGS,
      summary,
      params: PARAMS.id,
      ...(body && { body: ALLIANCE_BODIES[body] }),
      response: { 201: ALLIANCE_ANSWERS.said },
    },
  };
}

export const saidView = (said: Said) => ({ ...loggedView(said), lines: said.lines });

/** The fields that its kind asks for, and no others; throws the problem that names the first wrong one. */
function changeOf(body: ChangeBody): ChangeRequest {
  const { kind, ...fields } = body;
  const extra = Object.keys(fields).find((name) => !FIELDS[kind].includes(name));
  if (extra !== undefined) throw wrong(extra, `is not for a change of kind ${kind}`);
  switch (kind) {
    case 'admit':
      return { kind, card: needed('card', bytesOf('card', body.card)) };
    case 'exit':
      return { kind };
    case 'expel':
      return { kind, member: needed('member', body.member) };
    case 'charter':
      return { kind, terms: termsOf(needed('terms', body.terms)) };
    case 'key':
      return {
        kind,
        role: needed('role', body.role),
        retire: body.retire ? hashOf(body.retire) : null,
        add: bytesOf('add', body.add),
        proof: bytesOf('proof', body.proof),
      };
    case 'rule':
      return { kind, rule: needed('rule', body.rule) };
    case 'profile':
      return { kind, profile: needed('profile', body.profile) };
    case 'rule-end':
      return {
        kind,
        action: needed('action', body.action),
        id: needed('id', body.id),
        version: needed('version', body.version),
      };
  }
}

const FIELDS: Record<Change['kind'], readonly string[]> = {
  admit: ['card'],
  exit: [],
  expel: ['member'],
  charter: ['terms'],
  key: ['role', 'retire', 'add', 'proof'],
  rule: ['rule'],
  profile: ['profile'],
  'rule-end': ['action', 'id', 'version'],
};

function termsOf(json: Partial<TermsJson>): Partial<Terms> {
  const terms = termsOfJson(json);
  if (terms === null) throw wrong('terms/law/laboratories', 'certificates are base64url');
  return terms;
}

function needed<T>(name: string, value: T | null | undefined): T {
  if (value === null || value === undefined) throw wrong(name, 'is missing');
  return value;
}

function bytesOf(name: string, text: string | null | undefined): Uint8Array | null {
  if (text === null || text === undefined) return null;
  const bytes = fromBase64Url(text);
  if (bytes === null) throw wrong(name, 'must be canonical base64url');
  return bytes;
}

function wrong(name: string, why: string): HttpProblem {
  return new HttpProblem('invalid_request', `body/change/${name} ${why}`);
}
