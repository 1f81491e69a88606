// Enrolment: an administrator makes a one-time token, a device redeems it for its registration.
import { fromBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { FastifyInstance } from 'fastify';
import { type HttpContext, sendOutcome } from '../context.ts';
import { sendProblem } from '../problem.ts';
import { ANSWERS, BODIES } from '../schemas.ts';
import { parseSensor, registeredView, type SensorJson } from '../views.ts';

interface EnrolmentBody {
  device: string;
  reportingIntervalS: number;
  sensors: SensorJson[];
  subjects?: string[] | null;
  binding?: string;
  keyLevel?: string;
  validForS: number;
}

interface EnrolBody {
  enrolmentToken: string;
  device: string;
  coseKey: string;
  proof: string;
  buildDateS?: number | null;
}

export function enrolmentRoutes(app: FastifyInstance, { backend, limits }: HttpContext): void {
  app.post<{ Body: EnrolmentBody }>(
    '/v1/enrolments',
    {
      config: { access: { roles: ['deviceAdmin'] } },
      schema: {
        tags: ['devices'],
        summary: 'Make a one-time enrolment token for one device',
        body: BODIES.enrolment,
        response: { 201: ANSWERS.enrolment },
      },
    },
    async (request, reply) => {
      const { subjects = null, binding = 'none', keyLevel = 'file', ...rest } = request.body;
      const sensors = rest.sensors.map(parseSensor);
      const spec = { ...rest, sensors, subjects, binding, keyLevel };
      const outcome = await backend.createEnrolment(spec);
      // The device's proof names the ledger, so its installer gets the id together with the token.
      const ledger = { ledgerId: toHex(backend.ledgerId()), origin: backend.origin() };
      return sendOutcome(reply, outcome, { status: 201, of: (made) => ({ ...made, ...ledger }) });
    },
  );
  app.post<{ Body: EnrolBody }>(
    '/v1/enrol',
    {
      config: { access: 'enrolment-token', rateLimit: { max: limits.enrolmentsPerMinute } },
      schema: {
        tags: ['devices'],
        summary: 'Redeem an enrolment token: register a device with its key and proof',
        body: BODIES.enrol,
        response: { 201: ANSWERS.registered },
      },
    },
    async (request, reply) => {
      const { enrolmentToken, device, buildDateS = null } = request.body;
      const coseKey = fromBase64Url(request.body.coseKey);
      const proof = fromBase64Url(request.body.proof);
      if (coseKey === null || proof === null) {
        const detail = 'body/coseKey and body/proof must be canonical base64url';
        return sendProblem(reply, { code: 'invalid_request', detail });
      }
      const outcome = await backend.register({
        enrolmentToken,
        device,
        coseKey,
        proof,
        buildDateS,
      });
      return sendOutcome(reply, outcome, { status: 201, of: registeredView });
    },
  );
}
