// The device registry: reading it, and the governance statements that change it.
import { fromBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, hasRole } from '../auth.ts';
import { type HttpContext, hashOf, notFound, sendOutcome } from '../context.ts';
import { sendProblem } from '../problem.ts';
import { ANSWERS, BODIES, PARAMS } from '../schemas.ts';
import { completenessView, deviceView, loggedView } from '../views.ts';

const READERS = { roles: ['operator', 'auditor', 'deviceAdmin'] } as const;

interface RotationBody {
  oldKid: string;
  newKey: string;
  proofNew: string;
  proofOld?: string | null;
  reason: string;
}
type Urn = { Params: { urn: string } };

export function deviceRoutes(app: FastifyInstance, context: HttpContext): void {
  const { backend } = context;
  app.get(
    '/v1/devices',
    {
      config: { access: READERS },
      schema: { tags: ['devices'], summary: 'All devices', response: { 200: ANSWERS.devices } },
    },
    async () => ({ devices: (await backend.devices()).map(deviceView) }),
  );
  app.get<Urn>(
    '/v1/devices/:urn',
    {
      config: { access: READERS },
      schema: {
        tags: ['devices'],
        summary: 'One device with its keys, sensors and streams',
        params: PARAMS.urn,
        response: { 200: ANSWERS.device },
      },
    },
    async (request, reply) => {
      const device = await backend.device(request.params.urn);
      return device === null ? notFound(reply, 'device') : deviceView(device);
    },
  );
  app.get<Urn>(
    '/v1/devices/:urn/completeness',
    {
      config: { access: READERS },
      schema: {
        tags: ['devices'],
        summary: 'What is complete, what is missing, and after when nothing is known',
        params: PARAMS.urn,
        response: { 200: ANSWERS.completeness },
      },
    },
    async (request, reply) => {
      const view = await backend.completeness(request.params.urn);
      return view === null ? notFound(reply, 'device') : completenessView(view);
    },
  );
  keyRoutes(app, context);
}

function keyRoutes(app: FastifyInstance, { backend }: HttpContext): void {
  app.post<Urn & { Body: RotationBody }>(
    '/v1/devices/:urn/rotate',
    {
      config: { access: { roles: ['deviceAdmin', 'device'] } },
      schema: {
        tags: ['devices'],
        summary: 'Replace a key; without proofOld only a deviceAdmin may',
        params: PARAMS.urn,
        body: BODIES.rotation,
        response: { 201: ANSWERS.logged },
      },
    },
    (request, reply) => rotate(request, reply, backend),
  );
  app.post<Urn & { Body: { kid?: string | null; reason: string } }>(
    '/v1/devices/:urn/revoke',
    {
      config: { access: { roles: ['deviceAdmin'] } },
      schema: {
        tags: ['devices'],
        summary: 'Revoke one key, or with kid null all keys of the device',
        params: PARAMS.urn,
        body: BODIES.revocation,
        response: { 201: ANSWERS.logged },
      },
    },
    async (request, reply) => {
      const { kid, reason } = request.body;
      const hash = typeof kid === 'string' ? hashOf(kid) : null;
      const outcome = await backend.revoke(request.params.urn, hash, reason);
      return sendOutcome(reply, outcome, { status: 201, of: loggedView });
    },
  );
}

async function rotate(
  request: FastifyRequest<Urn & { Body: RotationBody }>,
  reply: FastifyReply,
  backend: HttpContext['backend'],
): Promise<FastifyReply> {
  const { urn } = request.params;
  const { oldKid, reason } = request.body;
  const newKey = fromBase64Url(request.body.newKey);
  const proofNew = fromBase64Url(request.body.proofNew);
  const { proofOld: shown = null } = request.body;
  const proofOld = shown === null ? null : fromBase64Url(shown);
  if (newKey === null || proofNew === null || (shown !== null && proofOld === null)) {
    const detail = 'body/newKey, proofNew and proofOld must be canonical base64url';
    return sendProblem(reply, { code: 'invalid_request', detail });
  }
  if (!hasRole(request, 'deviceAdmin')) {
    // A device replaces its own key, and only by showing that it holds the old one.
    const own = callerOf(request)?.device ?? urn;
    if (own !== urn || proofOld === null) {
      const detail = 'A device token rotates its own device only, with proofOld.';
      return sendProblem(reply, { code: 'forbidden', detail });
    }
  }
  const change = { device: urn, oldKid: hashOf(oldKid), newKey, proofNew, proofOld, reason };
  return sendOutcome(reply, await backend.rotate(change), { status: 201, of: loggedView });
}
