import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { type Endpoint, encodeEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { MEDIA_ENDPOINT } from '@truegrain/device-sdk/formats/media-types.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Ledger } from '../ledger/ledger.ts';
import { signGovernance } from '../ledger/sign-governance.ts';

/** Tells the others where this member is reached now, if the log says something else. */
export async function announce(
  ledger: Ledger,
  own: { endpoint: Endpoint; signer: Signer; iss: string; timeMs: () => number },
): Promise<{ ok: true } | { ok: false; detail: string }> {
  const { endpoint, signer, iss } = own;
  const known = ledger.state.membership?.members.get(iss)?.endpoint ?? null;
  if (known && isSame(known, endpoint)) return { ok: true };
  const applied = await ledger.govern((state) => {
    const logTimeMs = Math.max(own.timeMs(), state.logTimeMs);
    const bytes = encodeEndpoint({ ...endpoint, logTimeMs });
    return signGovernance(
      state,
      { signer, iss },
      { contentType: MEDIA_ENDPOINT, bytes, logTimeMs },
    );
  });
  return applied.ok ? { ok: true } : { ok: false, detail: `${applied.code}: ${applied.detail}` };
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
