import { effectiveQuorum } from '@truegrain/device-sdk/formats/terms.js';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-08',
  title: 'Two quorums always have a cosigner in common',
  severity: 'major',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const { members, terms } = law.value.membership;
  const quorum = effectiveQuorum(terms.quorum, members.size);
  const summary = `${quorum} of ${members.size} cosigners make a quorum`;
  return 2 * quorum > members.size
    ? finding('passed', summary)
    : finding('failed', `${summary}: two halves could each vouch for a history of their own`);
}
