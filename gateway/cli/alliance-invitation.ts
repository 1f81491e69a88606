import { existsSync } from 'node:fs';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { formatPolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { DataFolder } from '../data-folder.ts';
import { type Founding, readFounding } from '../founding-file.ts';
import type { Invitation, InvitedPeer } from '../invitation-file.ts';
import { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';
import { openDatabase } from '../store/database.ts';
import { CliError, EXIT } from './terminal.ts';

/** What this folder's ledger says now; its gateway may be running. */
export function invitationOf({ ledger, founding: file }: DataFolder): Invitation {
  const founding = readFounding(file);
  if (!existsSync(ledger)) {
    throw new CliError(EXIT.local, `${ledger} does not exist; the alliance runs nowhere here yet`);
  }
  const db = openDatabase(ledger, { readonly: true });
  try {
    return invitationFrom(new LedgerStore(db).loadState(), founding);
  } finally {
    db.close();
  }
}

function invitationFrom(
  { membership, size, ledgerId }: LedgerState,
  founding: Founding,
): Invitation {
  if (!membership || !ledgerId || toHex(ledgerId) !== toHex(founding.ledgerId)) {
    throw new CliError(EXIT.local, 'the ledger in this folder is not the one it was founded as');
  }
  const origin = `${membership.ledgerName}/${toHex(ledgerId)}`;
  const peers = [...membership.members.values()].flatMap((member): InvitedPeer[] => {
    const { iss, name, kind } = member;
    const card = founding.cards.find((one) => one.member.iss === iss);
    const endpoint = member.endpoint ?? card?.endpoint;
    return endpoint ? [{ iss, name, kind, endpoint }] : [];
  });
  const policy = formatPolicy(policyOfMembership(membership, origin));
  return { founding, peers, policy, size, epoch: membership.epoch };
}
