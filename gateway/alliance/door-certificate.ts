import { renewMemberTls } from '../peers/member-tls.ts';
import type { PeerSide } from './peer-side.ts';
import type { Setting } from './setting.ts';

const DAY_MS = 86_400_000;

/** Renews the certificate of the members' door in time; ends with the function it gives. */
export function keepRenewed(setting: Setting, side: PeerSide): () => void {
  const timer = setInterval(() => void renew(setting, side), DAY_MS);
  return () => clearInterval(timer);
}

/** Long before it runs out; the CA that the others know stays. */
async function renew(setting: Setting, side: PeerSide): Promise<void> {
  const { folder, settings, nowMs, options } = setting;
  const hosts = [new URL(settings.advertiseHttp).hostname];
  try {
    const renewed = await renewMemberTls(folder.tls, { hosts, nowMs: nowMs() });
    if (renewed) side.useTls(renewed);
  } catch (error) {
    options.log.error({ error: (error as Error).message }, 'the certificate is not renewed');
  }
}
