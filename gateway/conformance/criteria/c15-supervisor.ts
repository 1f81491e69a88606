import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-15',
  title: 'A supervisor is among the members',
  severity: 'minor',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

const SUPERVISORS: ReadonlySet<string> = new Set(['regulator', 'self-regulatory']);

function judge({ law }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const found = [...law.value.membership.members.values()].filter(({ kind }) =>
    SUPERVISORS.has(kind),
  );
  if (found.length === 0) {
    return finding('failed', 'no regulator and no self-regulatory body is a member');
  }
  const evidence = found.map(({ name, iss, kind }) => `${name}, ${iss}: ${kind}`);
  return finding('passed', `${found.length} of the members supervise`, { evidence });
}
