import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import { checkFacts } from '../facts.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-17',
  title: 'It is no empty chain and carries no coins',
  severity: 'minor',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law, leaves, checkpoint }: View): Finding {
  const foreign = law?.ok ? law.value.membership.terms.inlineContentTypes : [];
  if (foreign.length > 0) {
    const summary = `the charter lets in payloads whose meaning nobody folds: ${foreign.join(', ')}`;
    return finding('failed', summary);
  }
  const size = checkpoint.seen ? checkpoint.value.body.size : 0;
  if (!law?.ok || !leaves.seen) return notSeen('what the entries are about can not be told');
  if (!leaves.value.isWhole) {
    const closed = size - leaves.value.leaves.length;
    if (closed === 0) return finding('failed', EMPTY);
    return notSeen(`${closed} entries besides the law, of what kind a token would show`);
  }
  const { facts, batches } = checkFacts(leaves.value.leaves);
  if (facts === 0) return finding('failed', EMPTY);
  return finding(
    'passed',
    `${facts} statements of devices in ${batches} batches; nothing is a token of value`,
  );
}

const EMPTY = 'the ledger holds its own law and nothing else: not one fact of the world';
