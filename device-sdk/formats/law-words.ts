// A rule, its amendment or its end in plain words, before anybody signs it.

/** @module law-words */
import { toHex } from './bytes.ts';
import { rulesOf } from './law-rules.ts';
import { latestOf, type RuleRecord } from './law-state.ts';
import type { Membership } from './membership-state.ts';
import type { Requirement } from './profile.ts';
import type { LawChange } from './proposal.ts';
import type { Responsible } from './responsible.ts';
import { type Rule, ruleDigest, ruleKey } from './rule.ts';
import type { Bounds, RuleCheck } from './rule-check.ts';

const DAY_S = 86_400;

export function lawWords({ law }: Pick<Membership, 'law'>, change: LawChange): string[] {
  if (change.kind === 'rule-end') {
    const record = law.rules.get(ruleKey(change));
    const how = { suspend: 'suspended', resume: 'in force again', retire: 'retired' };
    const title = record === undefined ? '' : ` (${record.rule.title})`;
    return [`Rule ${ruleKey(change)}${title} is ${how[change.action]} from the next leaf on.`];
  }
  const rules = rulesOf(change).flatMap((rule) => [...ruleWords(rule, latestOf(law, rule.id)), '']);
  if (change.kind === 'rule') return rules;
  const { id, version, title, text, legalBasis, retentionDays, metrology } = change.profile;
  return [
    `Industry profile ${id}@${version}: ${title}`,
    text,
    `Legal basis: ${legalBasis.join('; ')}`,
    `Contents of its streams are kept ${retentionDays} days.`,
    ...metrology.map(requirementWords),
    `Its ${change.profile.rules.length} rules:`,
    '',
    ...rules,
  ];
}

function requirementWords({ quantity, unit, grade, uncertaintyMax, intervalS }: Requirement) {
  const uncertainty =
    uncertaintyMax === null ? '' : `, uncertainty at most ${uncertaintyMax} ${unit}`;
  const interval = intervalS === null ? '' : `, a reading every ${spanWords(intervalS)}`;
  return `A device needs ${quantity} in ${unit}, metrology ${grade} or better${uncertainty}${interval}.`;
}

/** As a lawyer reads it; the digest is what an approval names. */
export function ruleWords(rule: Rule, before: RuleRecord | null = null): string[] {
  const amends = before === null ? [] : [`Amends ${ruleKey(before.rule)}.`];
  const whom = rule.profile === null ? 'every stream' : `streams of profile ${rule.profile}`;
  const from = rule.fromLeaf === null ? 'the leaf after its approval' : `leaf ${rule.fromLeaf}`;
  const what = {
    refuse: 'What breaks it is refused.',
    report: 'What breaks it comes in, with the breach beside it.',
  }[rule.effect];
  return [
    `Rule ${ruleKey(rule)}: ${rule.title}`,
    ...amends,
    rule.text,
    `Legal basis: ${rule.legalBasis}`,
    `Responsible: ${responsibleWords(rule.responsible)}`,
    `Governs ${whom} from ${from} on. ${what}`,
    `Asks: ${checkWords(rule.check)}`,
    ...rule.examples.map(({ verdict, text }) => `Example, ${verdict}: ${text}`),
    `Text SHA-256 ${toHex(ruleDigest(rule))}`,
  ];
}

export function responsibleWords({ name, organisation, contact }: Responsible): string {
  return `${name}, ${organisation}, ${contact}`;
}

export function checkWords(check: RuleCheck): string {
  switch (check.kind) {
    case 'unit':
      return `${check.quantity} in ${check.units.join(' or ')}`;
    case 'range':
      return `every ${check.quantity} ${boundsWords(check, check.unit)}`;
    case 'window':
      return windowWords(check);
    case 'cel':
      return `${check.expression}${check.windowS === null ? '' : ` (window ${spanWords(check.windowS)})`}`;
  }
}

type WindowCheck = Extract<RuleCheck, { kind: 'window' }>;

function windowWords(check: WindowCheck): string {
  const { min, max, aggregate } = check;
  const isTime = aggregate === 'outsideS';
  const bounds = isTime ? timeBoundsWords({ min, max }) : boundsWords({ min, max }, unitOf(check));
  return `${aggregateWords(check)} over ${spanWords(check.windowS)}: ${bounds}`;
}

function aggregateWords({ aggregate, quantity, unit, outside }: WindowCheck): string {
  switch (aggregate) {
    case 'min':
      return `lowest ${quantity}`;
    case 'max':
      return `highest ${quantity}`;
    case 'mean':
      return `mean ${quantity}`;
    case 'count':
      return `number of readings of ${quantity}`;
    case 'mkt':
      return `mean kinetic ${quantity}`;
    case 'outsideS':
      return `time with ${quantity} not ${boundsWords(outside ?? NO_BOUNDS, unit)}`;
  }
}

const NO_BOUNDS: Bounds = { min: null, max: null };

function unitOf({ aggregate, unit }: WindowCheck): string {
  return aggregate === 'count' ? 'readings' : unit;
}

function timeBoundsWords({ min, max }: Bounds): string {
  if (min === null) return `at most ${spanWords(max ?? 0)}`;
  if (max === null) return `at least ${spanWords(min)}`;
  return `from ${spanWords(min)} to ${spanWords(max)}`;
}

/** In the largest unit that leaves no fraction; a day alone is 24 hours, whatever the calendar says. */
function spanWords(seconds: number): string {
  if (seconds > DAY_S && seconds % DAY_S === 0) return `${seconds / DAY_S} days`;
  if (seconds > 0 && seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

function boundsWords({ min, max }: Bounds, unit: string): string {
  if (min === null) return `at most ${max} ${unit}`;
  return max === null ? `at least ${min} ${unit}` : `from ${min} to ${max} ${unit}`;
}
