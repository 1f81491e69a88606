/**
 * Key rotation (E4): drain → new key file → POST with proofs by both keys → state file.
 *
 * The old key is retired by the rotation's own leaf, so frames signed with it must be in the log
 * before. What is left in the queue is refused as `key_retired` afterwards: logged as refused, not
 * as readings. Hence the queue is drained first, and only `force` goes on with frames left.
 *
 * A crash before the POST leaves an unused key file that the next call takes up. After it, the next
 * call finds the registry changed, asks it, and finishes.
 *
 * @module rotate
 */
import { join } from 'node:path';
import type { DeviceConfig } from './config.ts';
import { createDevice, type DeviceParts } from './device.ts';
import { DeviceHalt, type HaltCode } from './device-types.ts';
import { toBase64Url, toHex } from './formats/bytes.ts';
import { encodeCoseKey } from './formats/cose-key.ts';
import { makeEnrolmentProof } from './formats/enrolment.ts';
import { fail, ok, type Result } from './formats/result.ts';
import type { Signer } from './formats/signer.ts';
import { callGateway, type HttpCode } from './gateway-http.ts';
import { type Identity, loadIdentity } from './identity.ts';
import { lockInstance } from './instance-lock.ts';
import { createKeyFile, openKeyFile } from './keys/key-file.ts';
import { type DeviceState, keyFileName, writeState } from './state-file.ts';

export interface RotateOptions {
  readonly config: DeviceConfig;
  readonly url: string;
  /** A device token of this device, or an operator's. */
  readonly token: string;
  readonly reason?: string;
  /** How long the queue may take to empty. */
  readonly drainMsMax?: number;
  /** Rotate with frames left: they will be refused as `key_retired`. */
  readonly force?: boolean;
  readonly parts?: DeviceParts;
}

export type RotateRefusal = HttpCode | HaltCode | 'not_drained' | 'keys_exhausted';

/** A queue entry counts its key in one byte. */
const KEY_NUMBER_MAX = 255;
const DRAIN_POLL_MS = 50;

export async function rotate(
  options: RotateOptions,
): Promise<Result<{ state: DeviceState; framesLeft: number }, RotateRefusal>> {
  try {
    const framesLeft = await drain(options);
    if (framesLeft > 0 && options.force !== true) {
      const detail = `${framesLeft} frames are not receipted; with force they would be refused`;
      return fail('not_drained', detail);
    }
    const state = await rotateLocked(options);
    return state.ok ? ok({ state: state.value, framesLeft }) : state;
  } catch (error) {
    if (error instanceof DeviceHalt) return fail(error.code, error.message);
    throw error;
  }
}

/** Sends what is queued, without sampling; returns how many frames are left. */
async function drain({ config, parts, drainMsMax = 60_000 }: RotateOptions): Promise<number> {
  const uplink = { ...config.uplink, firstDelayMsMax: 0 };
  const device = createDevice({ ...config, uplink }, { ...parts, drainOnly: true });
  await device.start();
  const endMs = performance.now() + drainMsMax;
  const left = () => device.stats().queue?.frames ?? 0;
  while (left() > 0 && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
  }
  const framesLeft = left();
  await device.stop();
  return framesLeft;
}

async function rotateLocked(options: RotateOptions): Promise<Result<DeviceState, RotateRefusal>> {
  const { config } = options;
  const unlock = await lockInstance(config.dataDir);
  if (unlock === null) return fail('in_use', `${config.dataDir} is in use by another process`);
  try {
    const old = loadIdentity(config);
    const keyNumber = old.state.keyNumber + 1;
    if (keyNumber > KEY_NUMBER_MAX) return fail('keys_exhausted', 'give the device a new URN');
    const keyFile = keyFileName(keyNumber);
    const fresh = openOrMakeKey(join(config.dataDir, keyFile), old.signer.alg);
    const registered = await register(options, old, fresh);
    if (!registered.ok) return registered;
    const state = { ...old.state, kid: fresh.kid, keyFile, keyNumber };
    writeState(config.dataDir, state);
    return ok(state);
  } finally {
    await unlock();
  }
}

function openOrMakeKey(path: string, alg: -7 | -8): Signer {
  const opened = openKeyFile(path);
  const made = !opened.ok && opened.code === 'missing' ? createKeyFile(path, alg) : opened;
  if (!made.ok) throw new DeviceHalt('key', made.detail);
  return made.value;
}

async function register(
  { url, token, reason }: RotateOptions,
  old: Identity,
  fresh: Signer,
): Promise<Result<null, RotateRefusal>> {
  const { device, ledgerId } = old.state;
  const request = { device, key: fresh.key, token: null, ledgerId };
  const path = `/v1/devices/${encodeURIComponent(device)}`;
  const answer = await callGateway({
    baseUrl: url,
    path: `${path}/rotate`,
    token,
    body: {
      oldKid: toHex(old.signer.kid),
      newKey: toBase64Url(encodeCoseKey(fresh.key)),
      proofNew: toBase64Url(makeEnrolmentProof(fresh, request)),
      proofOld: toBase64Url(makeEnrolmentProof(old.signer, request)),
      reason: reason ?? 'scheduled rotation by the device',
    },
  });
  if (answer.ok) return ok(null);
  if (answer.code !== 'conflict') return answer;
  const registry = await callGateway({ baseUrl: url, path, token });
  return registry.ok && hasActiveKey(registry.value['keys'], fresh.kid) ? ok(null) : answer;
}

function hasActiveKey(keys: unknown, kid: Uint8Array): boolean {
  if (!Array.isArray(keys)) return false;
  return keys.some((key: { kid?: unknown; status?: unknown } | null) => {
    return key?.kid === toHex(kid) && key.status === 'active';
  });
}
