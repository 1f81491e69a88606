import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-09',
  title: 'Nothing that members signed as law is left out',
  severity: 'fatal',
  isIntegrity: true,
  mustBeSeen: false,
  judge,
};

function judge({ law, leaves }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const { gaps, contradictions, shown } = law.value.streams;
  if (contradictions.length > 0) {
    return finding('failed', 'a member’s numbers tell two histories', { evidence: contradictions });
  }
  const missing = gaps.map(({ iss, from, to }) =>
    from === to ? `number ${from} of ${iss}` : `numbers ${from} to ${to} of ${iss}`,
  );
  const whole = leaves.seen && leaves.value.isWhole;
  if (whole && missing.length > 0) {
    return finding('failed', 'numbers are missing though every entry was read', {
      evidence: missing,
    });
  }
  if (missing.length > 0) {
    return notSeen(
      'members have signed statements that the public is not shown (registry: a token opens it)',
      ...missing,
    );
  }
  const rest = whole ? [] : ['whether anything came after each member’s last number shown'];
  return finding('passed', `${shown} statements of members, numbered without a gap`, {
    notSeen: rest,
  });
}
