import type { Membership } from '@truegrain/device-sdk/formats/membership.js';
import { noteKey } from '@truegrain/device-sdk/formats/note.js';
import type { Signatory, SignatoryKey } from '../peers/equivocation.ts';

/** Every member that ever was, with each log and cosigning key it ever had. */
export function signatoriesOf(membership: Membership, origin: string): Signatory[] {
  const members = [...membership.members.values(), ...membership.formerMembers];
  return members.map(({ iss, cosignerName }) => ({
    member: iss,
    keys: membership.keys.flatMap((key): SignatoryKey[] => {
      if (key.iss !== iss || key.key.kty !== 'OKP') return [];
      const { untilLeaf: untilSize } = key;
      if (key.role === 'log') return [{ key: noteKey(origin, 1, key.key.x), untilSize }];
      if (key.role !== 'cosigner') return [];
      return [{ key: noteKey(cosignerName, 4, key.key.x), untilSize }];
    }),
  }));
}
