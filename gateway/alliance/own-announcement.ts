import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { type Endpoint, encodeEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { MEDIA_ENDPOINT } from '@truegrain/device-sdk/formats/media-types.js';
import type { Outcome } from '../http/backend.ts';
import { engineAddress, publicBytes } from '../ledger/cometbft/engine-keys.ts';
import type { MemberVoice } from '../member-voice.ts';
import type { Setting } from './setting.ts';

/** Where this member is reached, told again when the configuration says something new. */
export async function keepAnnounced(setting: Setting, voice: MemberVoice): Promise<void> {
  const { settings, tls, keys, options } = setting;
  const announced = await announce(voice, {
    http: settings.advertiseHttp,
    ca: tls.caDer,
    p2p: settings.advertiseP2p,
    nodeId: engineAddress(publicBytes(keys.p2p)),
    publicUrl: settings.publicUrl,
  });
  if (announced.ok) return;
  const detail = `${announced.code}: ${announced.detail}`;
  options.log.warn({ detail }, 'own address is not announced');
}

/** Tells the others where this member is reached now, if the log says something else. */
async function announce(voice: MemberVoice, endpoint: Endpoint): Promise<Outcome<unknown>> {
  const known = voice.state.membership?.members.get(voice.iss)?.endpoint ?? null;
  if (known && isSame(known, endpoint)) return { ok: true, value: null };
  return voice.say({
    contentType: MEDIA_ENDPOINT,
    encode: (logTimeMs) => encodeEndpoint({ ...endpoint, logTimeMs }),
  });
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  const sameNode =
    a.nodeId === null || b.nodeId === null ? a.nodeId === b.nodeId : equal(a.nodeId, b.nodeId);
  return (
    sameNode &&
    a.http === b.http &&
    a.p2p === b.p2p &&
    a.publicUrl === b.publicUrl &&
    equal(a.ca, b.ca)
  );
}
