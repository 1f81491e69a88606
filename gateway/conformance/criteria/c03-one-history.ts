import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-03',
  title: 'There is one history, over time and in every place',
  severity: 'fatal',
  isIntegrity: true,
  mustBeSeen: true,
  judge,
};

function judge({ passages, peers }: View): Finding {
  if (passages.length === 0) return notSeen('no checkpoint was shown');
  const evidence: string[] = [];
  const unseen: string[] = [];
  const broken: string[] = [];
  for (const { from, to, relation } of passages) {
    const way = `from ${from.what} (size ${from.size}) to ${to.what} (size ${to.size})`;
    if (!relation.seen) unseen.push(`${way}: ${relation.detail}`);
    else if (relation.value === 'contradicts') broken.push(`${way} the history was changed`);
    else evidence.push(`${way}: ${WORDS[relation.value]}`);
  }
  const unproved = unseen.length > 0;
  for (const { member, url, answer } of peers) {
    if (!answer.seen || answer.value.fault !== null) continue;
    const { size, relation } = answer.value;
    const who = `${member?.name ?? url} (size ${size})`;
    if (!relation.seen) unseen.push(`${who}: ${relation.detail}`);
    else if (relation.value === 'contradicts') broken.push(`${who} has signed another history`);
    else evidence.push(`${who}: ${WORDS[relation.value]}`);
  }
  if (broken.length > 0) return finding('failed', broken.join('; '), { evidence, notSeen: unseen });
  if (unproved) return notSeen('consistency was not proved', ...unseen);
  const summary = 'each checkpoint that was shown continues the one before it';
  return finding('passed', summary, { evidence, notSeen: unseen });
}

const WORDS = {
  same: 'the same tree',
  extends: 'one continues the other, proved from the tiles',
} as const;
