import { governs, type RuleRecord } from '@truegrain/device-sdk/formats/law-state.js';
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import { checkFacts } from '../facts.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-10',
  title: 'A person answers for the charter and for every rule',
  severity: 'major',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

function judge({ law, checkpoint, leaves }: View): Finding {
  if (!law?.ok) return notSeen(NO_CHARTER);
  const { membership } = law.value;
  const size = checkpoint.seen ? checkpoint.value.body.size : 0;
  const rules = [...membership.law.rules.values()].filter((record) => governs(record, size));
  const all = [
    { what: 'the charter', by: membership.terms.responsible, more: '' },
    ...rules.map((record) => ({
      what: ruleWords(record),
      by: record.rule.responsible,
      more: votes(record),
    })),
  ];
  const evidence = all.map(
    ({ what, by, more }) => `${what}: ${by.name}, ${by.organisation}, ${by.contact}${more}`,
  );
  const nobody = all.filter(({ by }) => !isPerson(by)).map(({ what }) => what);
  if (leaves.seen && leaves.value.isWhole) {
    const { rulings } = checkFacts(leaves.value.leaves);
    const lawless = [...rulings].filter((key) => !membership.law.rules.has(key));
    nobody.push(...lawless.map((key) => `rule ${key}, by which statements were judged`));
  }
  if (nobody.length > 0) {
    return finding('failed', `no person is named who answers for ${nobody.join(', ')}`, {
      evidence,
    });
  }
  return finding(
    'passed',
    `a person is named for the charter and for each of ${rules.length} rules in force`,
    { evidence },
  );
}

/** A firm is not a person: an organisation's name in the person's place is nobody. */
function isPerson({ name, organisation, contact }: Responsible): boolean {
  const [who, firm] = [name.trim(), organisation.trim()];
  return (
    who !== '' && firm !== '' && contact.trim() !== '' && who.toLowerCase() !== firm.toLowerCase()
  );
}

function ruleWords({ rule }: RuleRecord): string {
  return `rule ${ruleKey(rule)}`;
}

function votes({ approvedBy }: RuleRecord): string {
  const count = approvedBy.length;
  return `; approved by ${count} ${count === 1 ? 'member' : 'members'}`;
}
