import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Law } from '@truegrain/device-sdk/formats/law-state.js';
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
  if (isInspected(membership.law, asked)) return true;
  const grant = membership.grants.get(grantKey(device, iss));
  if (!grant || grant.by !== owner || leafIndex < grant.fromLeaf) return false;
  return grant.untilLeaf === null || leafIndex < grant.untilLeaf;
}

/** A supervisor's use of the charter's grant, which stood in the log before it opened anything. */
function isInspected(
  { inspections }: Law,
  { iss, device, leafIndex }: { iss: string; device: string; leafIndex: number },
): boolean {
  const uses = inspections.get(device) ?? [];
  return uses.some(
    ({ by, fromLeaf, untilLeaf }) => by === iss && fromLeaf <= leafIndex && leafIndex < untilLeaf,
  );
}

export function isErased(state: LedgerState, id: Uint8Array): boolean {
  return state.erased.size > 0 && state.erased.has(toHex(id));
}
