import { cosignerKey, parseVkey } from '@truegrain/device-sdk/formats/note.js';
import type { WitnessPeer } from '../anchor/witness-client.ts';
import type { WitnessConfig } from './alliance-config.ts';

const ANSWER_CHARS_MAX = 65_536;

/** As a C2SP tlog-policy names them. */
export function outsideWitnessKeys(configured: readonly WitnessConfig[]) {
  return configured.map(({ name, vkey, url }) => {
    const key = parseVkey(vkey);
    if (!key.ok) throw new Error(`witness ${name}: ${key.code}: ${key.detail}`);
    return { name, key: cosignerKey(key.value), url };
  });
}

/**
 * Witnesses outside the alliance, asked by the same protocol over plain https. Their lines stand
 * under the checkpoint; whether they count is for the reader's policy to say.
 */
export function outsideWitnesses(configured: readonly WitnessConfig[]): WitnessPeer[] {
  return outsideWitnessKeys(configured).map(({ name, key, url }) => {
    return {
      name,
      key,
      addCheckpoint: async (body, signal) => {
        const response = await fetch(`${url}/add-checkpoint`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body,
          signal,
        });
        const text = (await response.text()).slice(0, ANSWER_CHARS_MAX);
        const contentType = response.headers.get('content-type') ?? '';
        return { status: response.status, contentType, body: text };
      },
    };
  });
}
