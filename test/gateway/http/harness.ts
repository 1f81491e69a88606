import { parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import type { HttpOptions } from '../../../gateway/http/server.ts';
import { buildHttp } from '../../../gateway/http/server.ts';
import { type Authenticator, ROLES, type Role } from '../../../gateway/tokens.ts';
import { FakeBackend } from '../../support/fake-backend.ts';

/** The token of a role is its name; `scoped` is a device token tied to another device. */
export const tokens: Authenticator = {
  authenticate(token) {
    const scoped = token === 'scoped';
    const role = scoped ? 'device' : ROLES.find((one) => one === token);
    if (role === undefined) return null;
    const device = scoped ? 'urn:dev:mac:ffffffffffffffff' : null;
    return { id: token, roles: [role], label: '', device, createdMs: 0, expiresMs: null };
  },
};

export const as = (role: Role | 'scoped' | 'nobody') => ({ authorization: `Bearer ${role}` });

const UNLIMITED = {
  requestsPerMinute: 1e6,
  tilesPerMinute: 1e6,
  submissionsPerMinute: 1e6,
  enrolmentsPerMinute: 1e6,
};

export async function harness(options: Partial<HttpOptions> = {}) {
  const backend = new FakeBackend();
  const app = await buildHttp({ backend, tokens, limits: UNLIMITED, ...options });
  return { app, backend };
}

export function concise(body: Buffer): { title: unknown; detail: unknown } {
  const parsed = parseCbor(body);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error('no concise problem details');
  return { title: parsed.value.get(-1), detail: parsed.value.get(-2) };
}
