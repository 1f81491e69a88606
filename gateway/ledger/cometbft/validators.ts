import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Membership, validators } from '@truegrain/device-sdk/formats/membership.js';

/** A member's vote: one an organisation, all equal (DESIGN §5); power 0 takes it away. */
export interface ValidatorChange {
  /** Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  power: 0 | 1;
  iss: string;
}

/** What the engine has to be told between two states of the membership; all of it from null. */
export function validatorChanges(
  before: Membership | null,
  after: Membership | null,
): ValidatorChange[] {
  const old = validatorKeys(before);
  const now = validatorKeys(after);
  const gone = [...old].filter(([hex]) => !now.has(hex));
  const come = [...now].filter(([hex]) => !old.has(hex));
  return [
    ...gone.map(([, { publicKey, iss }]) => ({ publicKey, iss, power: 0 as const })),
    ...come.map(([, { publicKey, iss }]) => ({ publicKey, iss, power: 1 as const })),
  ];
}

function validatorKeys(
  membership: Membership | null,
): Map<string, { publicKey: Uint8Array; iss: string }> {
  if (!membership) return new Map();
  return new Map(
    validators(membership).map(({ iss, key }) => [toHex(key.x), { publicKey: key.x, iss }]),
  );
}
