import { toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import { parseForeignCbor } from '@truegrain/device-sdk/formats/cbor-foreign.js';
import type { ServiceKey } from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';

const KID = 2;

/** A COSE_KeySet (RFC 9052 §7), of which only the kids are wanted. */
export function readKeySet(got: Seen<Uint8Array>): Seen<readonly ServiceKey[]> {
  if (!got.seen) return got;
  const parsed = parseForeignCbor(got.value);
  if (
    !parsed.ok ||
    !Array.isArray(parsed.value) ||
    !parsed.value.every((one) => one instanceof Map)
  ) {
    return unseen('malformed', '/.well-known/scitt-keys: not a COSE key set');
  }
  const keys = parsed.value as ReadonlyMap<unknown, unknown>[];
  return seen(
    keys.map((key) => {
      const kid = key.get(KID);
      return { kid: kid instanceof Uint8Array ? toBase64Url(kid) : '' };
    }),
  );
}
