import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import type { ChangeMade, FoldedLedger } from '../fold.ts';
import type { Trust, View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-05',
  title: 'Every entry, exit, key and term was agreed to by all, since the first leaf',
  severity: 'fatal',
  isIntegrity: true,
  mustBeSeen: true,
  judge,
};

function judge({ law, leaves, trust }: View): Finding {
  if (law === null) return notSeen(NO_CHARTER, ...(leaves.seen ? [] : [leaves.detail]));
  const faults = law.ok ? law.value.faults : law.faults;
  if (!law.ok || faults.length > 0) {
    const lines = faults.map(({ leafIndex, text }) =>
      leafIndex === null ? text : `leaf ${leafIndex} ${text}`,
    );
    return finding('failed', 'the log holds what its members did not agree to', {
      evidence: lines,
    });
  }
  const hiddenKeys = unregisteredKeys(law.value, trust);
  if (hiddenKeys.length > 0) {
    const summary =
      'your policy has log keys that no change shown ever registered: one was left out';
    return finding('failed', summary, { evidence: hiddenKeys });
  }
  const { charter, changes } = law.value;
  const uses = changes.flatMap(({ exceptions }) => exceptions);
  const founders = charter.founders.map(({ name }) => name).join(', ');
  const evidence = [`founded by ${founders}, each of whom signed`, ...changes.map(changeWords)];
  const marked =
    uses.length === 0
      ? 'no exception was used'
      : `${uses.length} exceptions were used, each is marked`;
  const hidden = hiddenWords(law.value);
  return finding('passed', `${changes.length} changes since the founding; ${marked}`, {
    evidence,
    notSeen: hidden,
  });
}

function changeWords({
  leafIndex,
  kind,
  about,
  approvedBy,
  asked,
  exceptions,
}: ChangeMade): string {
  const signed = asked.filter((iss) => approvedBy.includes(iss)).length;
  const marks = exceptions.map((use) => `, exception: ${use.kind} of ${use.member}`).join('');
  return `leaf ${leafIndex}: ${kind} of ${about}, signed by ${signed} of ${asked.length}${marks}`;
}

/** A change before the last one that was hidden would break the epochs; a last one would not. */
function hiddenWords({ streams, unjudged }: FoldedLedger): string[] {
  const hidden =
    'statements of members that were not shown (see C-09), one of which could be a change';
  return [
    ...(streams.gaps.length === 0 ? [] : [hidden]),
    ...unjudged.map(
      ({ leafIndex, text }) => `what leaf ${leafIndex} rests on; as shown it ${text}`,
    ),
  ];
}

/** A key under the log's own name that the fold never met came by a statement that was not shown. */
function unregisteredKeys({ membership, origin }: FoldedLedger, { policy }: Trust): string[] {
  const registered = new Set(
    membership.keys.flatMap(({ role, key }) => (role === 'log' ? [toHex(key.x)] : [])),
  );
  const own = (policy?.logs ?? []).filter(({ key }) => key.name === origin);
  return own.map(({ key }) => toHex(key.key)).filter((key) => !registered.has(key));
}
