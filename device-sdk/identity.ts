/**
 * Who this device is: the enrolled state, its key, the log it trusts. Without all three it halts;
 * it never makes a key on its own, because nobody would know it.
 *
 * @module identity
 */
import { join } from 'node:path';
import type { DeviceConfig } from './config.ts';
import { DeviceHalt } from './device-types.ts';
import { equal } from './formats/bytes.ts';
import type { Signer } from './formats/signer.ts';
import { openKeyFile } from './keys/key-file.ts';
import { type DeviceState, pinnedLog, readState } from './state-file.ts';
import type { PinnedLog } from './uplink/release.ts';

export interface Identity {
  readonly state: DeviceState;
  readonly signer: Signer;
  readonly log: PinnedLog;
}

/** Throws DeviceHalt. */
export function loadIdentity(config: Pick<DeviceConfig, 'device' | 'dataDir'>): Identity {
  const read = readState(config.dataDir);
  if (!read.ok) {
    throw new DeviceHalt(read.code === 'not_enrolled' ? 'not_enrolled' : 'state', read.detail);
  }
  const state = read.value;
  if (state.device !== config.device) {
    throw new DeviceHalt('state', `${config.dataDir} was enrolled as ${state.device}`);
  }
  const path = join(config.dataDir, state.keyFile);
  const signer = openKeyFile(path);
  if (!signer.ok)
    throw new DeviceHalt('key', `no usable key, so nothing is signed: ${signer.detail}`);
  if (!equal(signer.value.kid, state.kid)) {
    throw new DeviceHalt('key_mismatch', `${path} holds another key than the registered one`);
  }
  const log = pinnedLog(state);
  if (!log.ok) throw new DeviceHalt('state', log.detail);
  return { state, signer: signer.value, log: log.value };
}
