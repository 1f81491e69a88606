/**
 * What enrolment and rotation answered: which key is ours, which ledger and log keys we trust, how
 * to log in. Mode 0600, because the MQTT password is in it.
 *
 * @module state-file
 */
import { join } from 'node:path';
import { readWithMode, replaceDurably } from './durable-file.ts';
import { fromHex, toHex } from './formats/bytes.ts';
import type { CoseKey } from './formats/cose-key.ts';
import { fail, ok, type Result } from './formats/result.ts';
import { parsePolicy } from './formats/tlog-policy.ts';
import type { PinnedLog } from './uplink/release.ts';

export interface DeviceState {
  readonly device: string;
  /** Thumbprint of the registered key. */
  readonly kid: Uint8Array;
  /** Name of the key file inside the data directory. */
  readonly keyFile: string;
  /** Counts rotations; each key has its own sequence. */
  readonly keyNumber: number;
  readonly ledgerId: Uint8Array;
  readonly origin: string;
  /** C2SP tlog-policy: the trust input, pinned at enrolment. */
  readonly policy: string;
  readonly mqtt: {
    readonly url: string | null;
    readonly username: string;
    readonly password: string;
  };
}

export type StateCode =
  | 'not_enrolled'
  | 'state_mode'
  | 'state_malformed'
  /** The policy names no log of the origin: no receipt could ever be verified. */
  | 'state_policy';

const VERSION = 1;

export const statePath = (dataDir: string) => join(dataDir, 'state.json');
export const keyFileName = (keyNumber: number) =>
  keyNumber === 0 ? 'key.pem' : `key-${keyNumber}.pem`;

export function writeState(dataDir: string, state: DeviceState): void {
  const { kid, ledgerId, ...rest } = state;
  const json = { version: VERSION, ...rest, kid: toHex(kid), ledgerId: toHex(ledgerId) };
  replaceDurably(statePath(dataDir), `${JSON.stringify(json, null, 2)}\n`);
}

export function readState(dataDir: string): Result<DeviceState, StateCode> {
  const path = statePath(dataDir);
  const read = readWithMode(path);
  if (read === null) return fail('not_enrolled', `no ${path}; run truegrain-device enrol`);
  if ((read.mode & 0o077) !== 0) {
    return fail('state_mode', `${path} has mode ${read.mode.toString(8)}; run chmod 600`);
  }
  const state = parseState(read.text);
  if (state === null) return fail('state_malformed', `${path} is not what enrolment wrote`);
  return ok(state);
}

function parseState(text: string): DeviceState | null {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { version, device, keyFile, keyNumber, origin, policy, mqtt } = json;
  const kid = hash(json['kid']);
  const ledgerId = hash(json['ledgerId']);
  const login = parseMqtt(mqtt);
  if (version !== VERSION || typeof device !== 'string' || kid === null) return null;
  if (typeof keyFile !== 'string' || !/^[a-z0-9.-]+$/.test(keyFile)) return null;
  if (!Number.isInteger(keyNumber) || ledgerId === null || login === null) return null;
  if (typeof origin !== 'string' || typeof policy !== 'string') return null;
  const number = Number(keyNumber);
  return { device, kid, keyFile, keyNumber: number, ledgerId, origin, policy, mqtt: login };
}

/** Shared with enrolment, where the same three values come over HTTP. */
export function parseMqtt(value: unknown): DeviceState['mqtt'] | null {
  if (typeof value !== 'object' || value === null) return null;
  const { url, username, password } = value as Record<string, unknown>;
  if (typeof username !== 'string' || typeof password !== 'string') return null;
  if (url !== null && url !== undefined && typeof url !== 'string') return null;
  return { url: url ?? null, username, password };
}

function hash(value: unknown): Uint8Array | null {
  const bytes = typeof value === 'string' ? fromHex(value) : null;
  return bytes?.length === 32 ? bytes : null;
}

/** Every `log` line of the policy that signs under this ledger's origin. */
export function pinnedLog(
  state: Pick<DeviceState, 'ledgerId' | 'origin' | 'policy'>,
): Result<PinnedLog, StateCode> {
  const { ledgerId, origin } = state;
  if (!origin.endsWith(`/${toHex(ledgerId)}`)) {
    return fail('state_policy', `origin ${origin} is not of ledger ${toHex(ledgerId)}`);
  }
  const policy = parsePolicy(state.policy);
  if (!policy.ok) return fail('state_policy', `${policy.code}: ${policy.detail}`);
  const keys = policy.value.logs
    .filter(({ key }) => key.name === origin)
    .map(({ key }): CoseKey => ({ kty: 'OKP', crv: 'Ed25519', x: key.key }));
  if (keys.length === 0) return fail('state_policy', `no log line for ${origin}`);
  return ok({ origin, ledgerId, keys });
}
