import type { MembershipEffect } from '@truegrain/device-sdk/formats/membership.js';
import type { CommittedBlock } from '../ledger/cometbft/comet-ledger.ts';

/** What a block changed in the membership. */
export function effectsOf({ txs }: CommittedBlock): MembershipEffect[] {
  return txs.flatMap(({ result }) => {
    if (!result.ok || result.applied.kind === 'batch') return [];
    return result.applied.effect ?? [];
  });
}

/** Whether contents that were sealed may be had after it. */
export function opensContents({ kind }: MembershipEffect): boolean {
  return kind === 'charter' || kind === 'grant';
}

export function hasOwnKeys({ added, ended }: MembershipEffect, iss: string): boolean {
  return [...added, ...ended].some((key) => key.iss === iss);
}
