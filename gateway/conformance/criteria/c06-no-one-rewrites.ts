import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import { fewestForQuorum, powersOf } from '../parties.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-06',
  title: 'No one party can rewrite the ledger alone',
  severity: 'fatal',
  isIntegrity: false,
  mustBeSeen: true,
  judge,
};

function judge({ law, independence, trust, leaves, source }: View): Finding {
  if (!law?.ok || independence === null) {
    if (!leaves.seen && source.kind !== 'scitt') return notSeen(NO_CHARTER, leaves.detail);
    return withoutLaw(trust.policy?.witnesses.length ?? 0);
  }
  const powers = powersOf(law.value, independence);
  const evidence = powers.map(({ organisation, cosigners, votes }) => {
    const names = organisation.members.map(({ name }) => name).join(' + ');
    return `${names}: at most ${cosigners} cosigners and ${votes} votes`;
  });
  const able = powers.filter(({ rewrites, commits }) => rewrites || commits);
  if (able.length === 0) {
    const fewest = fewestForQuorum(law.value, independence);
    return finding('passed', `a second history takes the keys of ${fewest} organisations`, {
      evidence,
    });
  }
  const names = able.map(({ organisation, rewrites }) => {
    const who = organisation.members.map(({ name }) => name).join(' + ');
    return `${who} could ${rewrites ? 'sign and cosign a second history' : 'commit without any other vote'}`;
  });
  const why =
    independence.unshown.length === 0 ? '' : ', counting keys nobody is shown to hold besides it';
  return finding('failed', `${names.join('; ')}${why}`, { evidence });
}

function withoutLaw(witnesses: number): Finding {
  const seen =
    witnesses === 0
      ? 'and nobody cosigns'
      : `and it is not shown that its ${witnesses} witnesses are others than its keeper`;
  return finding('failed', `whoever holds the log key writes what it likes, ${seen}`);
}
