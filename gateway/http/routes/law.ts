// The law of the chain: open to anyone as far as it names no device; what this member says, for its operator.
import { fromBase64Url, fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyInstance } from 'fastify';
import { hasRole } from '../auth.ts';
import { type HttpContext, notFound, sendOutcome } from '../context.ts';
import type { LawSaying } from '../law-backend.ts';
import { LAW_BODIES, LAW_QUERIES } from '../law-schemas.ts';
import { sendProblem } from '../problem.ts';
import { saidView } from './alliance.ts';

const OPERATOR = { roles: ['operator'] } as const;
const READERS = { roles: ['operator', 'auditor'] } as const;
const TAGS = ['law'];
/** A calibration certificate as XML, in base64url. */
const CERTIFICATE_BODY_BYTES_MAX = 2_097_152;

export function lawRoutes(app: FastifyInstance, context: HttpContext): void {
  readingRoutes(app, context);
  for (const kind of SAYINGS) sayingRoute(app, context, kind);
  claimRoute(app, context);
  evidenceRoutes(app, context);
}

function readingRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const { law } = backend;
  app.get(
    '/v1/law',
    {
      config: { access: 'optional' },
      schema: { tags: TAGS, summary: 'Rules, profiles, orders, filings; devices with a token' },
    },
    async (request, reply) => {
      const view = await law.view();
      if (view === null) return notFound(reply, 'law');
      return hasRole(request, 'operator', 'auditor')
        ? { ...view, registry: await law.registry() }
        : view;
    },
  );
  app.get<{ Querystring: { fromLeaf: number; limit: number } }>(
    '/v1/law/breaches',
    {
      config: { access: { ...READERS, openWhen: () => backend.entriesPublic() } },
      schema: {
        tags: TAGS,
        summary: 'Statements that broke a rule, with the rule and who answers for it',
        querystring: LAW_QUERIES.page,
      },
    },
    async (request) => law.breaches(request.query.fromLeaf, request.query.limit),
  );
  app.get(
    '/v1/law/disagreements',
    {
      config: { access: 'public' },
      schema: { tags: TAGS, summary: 'Where a member found otherwise than a gateway attested' },
    },
    async () => ({ disagreements: await law.disagreements() }),
  );
  app.get<{ Params: { subject: string } }>(
    '/v1/subjects/:subject',
    {
      config: { access: { ...READERS, openWhen: () => backend.entriesPublic() } },
      schema: {
        tags: TAGS,
        summary:
          'What the log holds about one thing: facts by worth, breaches, annotations, claims',
        params: LAW_QUERIES.subject,
      },
    },
    async (request, reply) => {
      const record = await law.subject(request.params.subject);
      return record ?? notFound(reply, 'subject');
    },
  );
}

const SAYINGS = [
  'orders',
  'appeals',
  'credentials',
  'bindings',
  'seals',
  'filings',
  'inspections',
] as const;

const SUMMARIES: Record<(typeof SAYINGS)[number], string> = {
  orders: 'A supervisor’s order: suspend, reinstate, annotate',
  appeals: 'Object to an order; it stands beside the order and lifts nothing',
  credentials: 'Evidence that an organisation meets a condition of the charter',
  bindings: 'Bind an own device to an industry profile',
  seals: 'The number of a seal, at its closing or its opening',
  filings: 'A filing with an authority, and its number',
  inspections: 'Open contents of a device under the charter’s grant: read after, logged before',
};

function sayingRoute(
  app: FastifyInstance,
  { backend }: HttpContext,
  kind: (typeof SAYINGS)[number],
): void {
  app.post<{ Body: Record<string, unknown> }>(
    `/v1/law/${kind}`,
    {
      config: { access: OPERATOR },
      schema: { tags: TAGS, summary: SUMMARIES[kind], body: LAW_BODIES[kind] },
    },
    async (request, reply) => {
      const saying = { kind, body: withBytes(request.body) } as unknown as LawSaying;
      const outcome = await backend.law.say(saying);
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
}

/** Digests and ids are hex in JSON and bytes in the log; the schema has checked their form. */
const BYTE_FIELDS = ['orderId', 'document', 'photo'] as const;

function withBytes(body: Record<string, unknown>): Record<string, unknown> {
  const read = { ...body };
  for (const field of BYTE_FIELDS) {
    const value = body[field];
    if (typeof value === 'string') read[field] = fromHex(value);
  }
  return read;
}

const NOT_DIGITIZABLE =
  'The ledger attests only what an instrument measured and signed. Nobody measured this: it is ' +
  'something that a person says. It can stand beside the measured facts as a claim, with the name ' +
  'of who says it, and it gets no grade and no tick. Send it without "attest" to record it so, or ' +
  'register a device that measures what you mean.';

function claimRoute(app: FastifyInstance, { backend }: HttpContext): void {
  app.post<{ Body: Record<string, unknown> & { attest: boolean } }>(
    '/v1/law/claims',
    {
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'Record what somebody says of a thing, under the speaker’s name; it is no fact',
        body: LAW_BODIES.claims,
      },
    },
    async (request, reply) => {
      const { attest, ...body } = request.body;
      if (attest) return sendProblem(reply, { code: 'not_digitizable', detail: NOT_DIGITIZABLE });
      const saying = { kind: 'claims', body: withBytes(body) } as unknown as LawSaying;
      const outcome = await backend.law.say(saying);
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
}

interface CalibrationBody {
  device: string;
  sensor: string;
  certificate: string;
  dueMs: number | null;
}

function evidenceRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  const { law } = backend;
  app.post<{ Body: CalibrationBody }>(
    '/v1/law/calibrations',
    {
      bodyLimit: CERTIFICATE_BODY_BYTES_MAX,
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'A calibration certificate (PTB DCC) for a sensor of an own device',
        body: LAW_BODIES.calibrations,
      },
    },
    async (request, reply) => {
      const certificate = fromBase64Url(request.body.certificate);
      if (certificate === null) {
        const detail = 'body/certificate must be canonical base64url';
        return sendProblem(reply, { code: 'invalid_request', detail });
      }
      const outcome = await law.calibrate({ ...request.body, certificate });
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
  app.post<{ Body: { subject: string; place: string; message: string } }>(
    '/v1/law/taps',
    {
      config: { access: OPERATOR },
      schema: {
        tags: TAGS,
        summary: 'A tag on a thing was read: its SUN message, verified here',
        body: LAW_BODIES.taps,
      },
    },
    async (request, reply) => {
      const outcome = await law.tap(request.body);
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
  app.post(
    '/v1/law/examinations',
    {
      config: { access: OPERATOR },
      schema: { tags: TAGS, summary: 'Examine this member now, and sign the report' },
    },
    async (_request, reply) => {
      const outcome = await law.examine();
      return sendOutcome(reply, outcome, { status: 201, of: saidView });
    },
  );
}
