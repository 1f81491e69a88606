import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { grantKey } from '@truegrain/device-sdk/formats/membership.js';
import type { LedgerState } from '../ledger/state.ts';

/**
 * Whether a member may hold the content of a device's statement: all of them where the charter
 * opens contents, else the device's owner and whom the owner granted it (DESIGN §5).
 */
export function mayHold(
  state: LedgerState,
  asked: { iss: string; device: string; leafIndex: number },
): boolean {
  const { membership, devices } = state;
  const { iss, device, leafIndex } = asked;
  if (!membership?.members.has(iss)) return false;
  if (membership.terms.disclosure === 'open') return true;
  const owner = devices.get(device)?.owner;
  if (owner === iss) return true;
  const grant = membership.grants.get(grantKey(device, iss));
  if (!grant || grant.by !== owner || leafIndex < grant.fromLeaf) return false;
  return grant.untilLeaf === null || leafIndex < grant.untilLeaf;
}

export function isErased(state: LedgerState, id: Uint8Array): boolean {
  return state.erased.size > 0 && state.erased.has(toHex(id));
}
