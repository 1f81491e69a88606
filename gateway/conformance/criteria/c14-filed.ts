import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-14',
  title: 'The service is filed with its authority',
  severity: 'minor',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const filings = [...law.value.membership.law.filings.values()];
  const evidence = filings.map(({ number, authority, service, status, url }) => {
    return `${number}, ${authority}, ${service}: ${status}${url === null ? '' : `, ${url}`}`;
  });
  const inForce = filings.filter(({ status }) => status === 'in force');
  if (inForce.length === 0) {
    return finding('failed', 'no filing number in force is recorded', { evidence });
  }
  const unasked = 'the authority’s own register: look the number up there';
  const numbers = inForce.map(({ number }) => number).join(', ');
  return finding('passed', `filing number ${numbers}`, { evidence, notSeen: [unasked] });
}
