import { faultTolerance } from '../../fault-tolerance.ts';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-16',
  title: 'One member may fail or lie and the ledger goes on',
  severity: 'information',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const { tolerated, words } = faultTolerance(law.value.membership);
  return finding(tolerated > 0 ? 'passed' : 'failed', words);
}
