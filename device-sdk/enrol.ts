/**
 * Enrolment (E1): a key that never leaves the device, a proof that it holds it, a one-time token
 * that says it may. Steps: key file → POST → state file. A crash before the POST is repaired by
 * calling it again; between POST and state file the token is spent and the operator makes another.
 *
 * @module enrol
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceConfig } from './config.ts';
import { BUILD_DATE_S } from './firmware.ts';
import { equal, fromHex, toBase64Url, toHex } from './formats/bytes.ts';
import { encodeCoseKey } from './formats/cose-key.ts';
import { makeEnrolmentProof } from './formats/enrolment.ts';
import { fail, ok, type Result } from './formats/result.ts';
import type { Signer } from './formats/signer.ts';
import { askLedgerId, callGateway, type HttpCode, type JsonObject } from './gateway-http.ts';
import { lockInstance } from './instance-lock.ts';
import { createKeyFile, openKeyFile } from './keys/key-file.ts';
import {
  type DeviceState,
  keyFileName,
  parseMqtt,
  pinnedLog,
  readState,
  writeState,
} from './state-file.ts';

export interface EnrolOptions {
  readonly config: Pick<DeviceConfig, 'device' | 'dataDir'>;
  /** The gateway's HTTP address. */
  readonly url: string;
  /** One-time, from the operator. */
  readonly token: string;
  /** From the operator, with the token; otherwise asked of the gateway and trusted on first use. */
  readonly ledgerId?: Uint8Array;
  /** -8 Ed25519 (default) or -7 ES256; for a key that is still to be made. */
  readonly alg?: -7 | -8;
}

export type EnrolRefusal =
  | HttpCode
  | 'already_enrolled'
  | 'in_use'
  | 'key'
  /** The gateway's answer contradicts what was asked. */
  | 'answer_mismatch';

export async function enrol(options: EnrolOptions): Promise<Result<DeviceState, EnrolRefusal>> {
  const { dataDir } = options.config;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lockInstance(dataDir);
  if (unlock === null) return fail('in_use', `${dataDir} is in use by another process`);
  try {
    return await enrolLocked(options);
  } finally {
    await unlock();
  }
}

async function enrolLocked(options: EnrolOptions): Promise<Result<DeviceState, EnrolRefusal>> {
  const { config, url, token } = options;
  const before = readState(config.dataDir);
  if (before.ok) {
    return fail('already_enrolled', `as ${before.value.device} in ${before.value.origin}`);
  }
  if (before.code !== 'not_enrolled') return fail('already_enrolled', before.detail);
  const signer = openOrMakeKey(join(config.dataDir, keyFileName(0)), options.alg ?? -8);
  if (!signer.ok) return signer;
  const ledger = options.ledgerId ? ok(options.ledgerId) : await askLedgerId(url);
  if (!ledger.ok) return ledger;
  const proof = makeEnrolmentProof(signer.value, {
    device: config.device,
    token: new Uint8Array(createHash('sha256').update(token).digest()),
    ledgerId: ledger.value,
  });
  const answer = await callGateway({
    baseUrl: url,
    path: '/v1/enrol',
    body: {
      enrolmentToken: token,
      device: config.device,
      coseKey: toBase64Url(encodeCoseKey(signer.value.key)),
      proof: toBase64Url(proof),
      buildDateS: BUILD_DATE_S,
    },
  });
  if (!answer.ok) return answer;
  const state = stateOf(
    answer.value,
    { device: config.device, ledgerId: ledger.value },
    signer.value,
  );
  if (state.ok) writeState(config.dataDir, state.value);
  return state;
}

function openOrMakeKey(path: string, alg: -7 | -8): Result<Signer, 'key'> {
  const opened = openKeyFile(path);
  const signer = !opened.ok && opened.code === 'missing' ? createKeyFile(path, alg) : opened;
  return signer.ok ? signer : fail('key', signer.detail);
}

/** A gateway that registers another key, or under another ledger, gets no readings of ours. */
function stateOf(
  answer: JsonObject,
  asked: { device: string; ledgerId: Uint8Array },
  signer: Signer,
): Result<DeviceState, 'answer_mismatch'> {
  const { origin, policy } = answer;
  const kid = typeof answer['kid'] === 'string' ? fromHex(answer['kid']) : null;
  const mqtt = parseMqtt(answer['mqtt']);
  if (answer['device'] !== asked.device || kid === null || !equal(kid, signer.kid)) {
    return fail('answer_mismatch', 'registered another device or key than this one');
  }
  if (answer['ledgerId'] !== toHex(asked.ledgerId)) {
    return fail('answer_mismatch', `ledger ${String(answer['ledgerId'])}`);
  }
  if (typeof origin !== 'string' || typeof policy !== 'string') {
    return fail('answer_mismatch', 'no origin or no policy to pin');
  }
  if (mqtt === null) return fail('answer_mismatch', 'no MQTT credentials');
  const { device, ledgerId } = asked;
  const file = { keyFile: keyFileName(0), keyNumber: 0 };
  const state: DeviceState = { device, kid, ...file, ledgerId, origin, policy, mqtt };
  const pinned = pinnedLog(state);
  return pinned.ok ? ok(state) : fail('answer_mismatch', pinned.detail);
}
