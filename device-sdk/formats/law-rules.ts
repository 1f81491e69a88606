// SPEC.md §10.2, §10.4: rules and profiles come into force, are amended, suspended and retired.

/** @module law-rules */
import { equal, toHex } from './bytes.ts';
import { type Law, latestOf, type RuleRecord } from './law-state.ts';
import { withEntry } from './layered-map.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import type { Membership, OpenProposal } from './membership-state.ts';
import type { Profile } from './profile.ts';
import type { Change, LawChange } from './proposal.ts';
import { fail, type Refused } from './result.ts';
import { type Rule, ruleDigest, ruleKey } from './rule.ts';

type Fault = Refused<MembershipRefusal> | null;

export function isLawChange(change: Change): change is LawChange {
  return change.kind === 'rule' || change.kind === 'profile' || change.kind === 'rule-end';
}

/** The profile under whose supervisors a change of the law falls; null for all streams. */
export function sectorOf({ law }: Membership, change: LawChange): string | null {
  if (change.kind === 'profile') return change.profile.id;
  if (change.kind === 'rule') return change.rule.profile;
  return law.rules.get(ruleKey(change))?.rule.profile ?? null;
}

/** `own` is the proposal that asks, once it is open. */
export function lawFault(
  membership: Membership,
  change: LawChange,
  asked: { readonly leafIndex: number; readonly own?: Uint8Array | undefined },
): Fault {
  switch (change.kind) {
    case 'rule':
      return (
        takenFault(membership, [change.rule], asked.own) ??
        ruleFault(membership.law, change.rule, asked) ??
        sectorFault(membership.law, change.rule)
      );
    case 'profile':
      return profileFault(membership, change.profile, asked);
    case 'rule-end':
      return endFault(membership, change, asked.leafIndex);
  }
}

interface Asked {
  readonly leafIndex: number;
  readonly own?: Uint8Array | undefined;
}

function ruleFault(law: Law, rule: Rule, { leafIndex, own }: Asked): Fault {
  if (law.rules.has(ruleKey(rule))) {
    return fail('rule_exists', `${ruleKey(rule)} has been in force: an amendment is a new version`);
  }
  const before = latestOf(law, rule.id);
  const next = (before?.rule.version ?? 0) + 1;
  if (rule.version !== next) {
    return fail('rule_version', `${ruleKey(rule)}: the next version is ${next}`);
  }
  // Else an amendment would take a rule from under the supervisors without whom it can't be changed.
  if (before !== null && before.rule.profile !== rule.profile) {
    return fail('not_allowed', `${rule.id} belongs to ${before.rule.profile ?? 'no profile'}`);
  }
  const isLate = own === undefined && rule.fromLeaf !== null && rule.fromLeaf <= leafIndex;
  return isLate ? fail('retroactive', `leaf ${rule.fromLeaf} is in the log already`) : null;
}

function sectorFault({ profiles }: Law, { profile }: Rule): Fault {
  if (profile === null || profiles.has(profile)) return null;
  return fail('profile_unknown', `no profile ${profile} is in force`);
}

/** Two texts under one name can't be voted on at one time: nobody could tell which was meant. */
function takenFault(
  { proposals }: Membership,
  rules: readonly Rule[],
  own: Uint8Array | undefined,
): Fault {
  const names = new Set(rules.map(ruleKey));
  for (const open of proposals.values()) {
    if (own !== undefined && equal(open.id, own)) continue;
    const taken = rulesOf(open.proposal.change).find((rule) => names.has(ruleKey(rule)));
    if (taken !== undefined) {
      return fail('rule_exists', `${ruleKey(taken)} is proposed by ${open.by}: ${toHex(open.id)}`);
    }
  }
  return null;
}

export function rulesOf(change: Change): readonly Rule[] {
  if (change.kind === 'rule') return [change.rule];
  return change.kind === 'profile' ? change.profile.rules : [];
}

function profileFault(membership: Membership, profile: Profile, asked: Asked): Fault {
  const { law, terms } = membership;
  const { id, version } = profile;
  const { own } = asked;
  const next = (law.profiles.get(id)?.profile.version ?? 0) + 1;
  if (version < next) return fail('profile_exists', `${id}@${version} has been in force`);
  const named = terms.law?.profiles ?? [];
  if (named.length > 0 && !named.includes(id)) {
    return fail('charter_contradiction', `the charter does not name the profile ${id}`);
  }
  const changed = profile.rules.filter((rule) => !isUnchanged(law, rule));
  const taken = takenProfileFault(membership, profile, own) ?? takenFault(membership, changed, own);
  if (taken !== null) return taken;
  for (const rule of changed) {
    const fault = ruleFault(law, rule, asked);
    if (fault !== null) return fault;
  }
  return null;
}

/** As for rules: of two texts under one name nobody could tell which was meant. */
function takenProfileFault(
  { proposals }: Membership,
  { id, version }: Profile,
  own: Uint8Array | undefined,
): Fault {
  for (const open of proposals.values()) {
    const { change } = open.proposal;
    if (change.kind !== 'profile' || (own !== undefined && equal(open.id, own))) continue;
    if (change.profile.id === id && change.profile.version === version) {
      return fail(
        'profile_exists',
        `${id}@${version} is proposed by ${open.by}: ${toHex(open.id)}`,
      );
    }
  }
  return null;
}

function isUnchanged({ rules }: Law, rule: Rule): boolean {
  const record = rules.get(ruleKey(rule));
  return record?.ended === null && equal(record.digest, ruleDigest(rule));
}

function endFault(
  { law }: Membership,
  change: Extract<Change, { kind: 'rule-end' }>,
  leafIndex: number,
): Fault {
  const key = ruleKey(change);
  const record = law.rules.get(key);
  if (record === undefined) return fail('rule_unknown', key);
  if (isOver(record, leafIndex + 1)) return fail('rule_unknown', `${key} is ${record.ended}`);
  const pause = record.pauses.find(({ untilLeaf }) => untilLeaf === null);
  if (change.action === 'suspend' && pause) return fail('already_suspended', key);
  if (change.action !== 'resume') return null;
  if (pause === undefined) return fail('not_suspended', key);
  // What a supervisor ordered is lifted by an order: members may appeal.
  return law.orders.has(pause.because) ? fail('not_allowed', `order ${pause.because}`) : null;
}

/** Whether it governs nothing any more from that leaf on; a replaced version may still, for a while. */
function isOver({ untilLeaf }: RuleRecord, leafIndex: number): boolean {
  return untilLeaf !== null && untilLeaf <= leafIndex;
}

/** The law after a complete proposal; what it changes governs the next leaf at the earliest. */
export function changedLaw(
  law: Law,
  open: OpenProposal,
  change: LawChange,
  leafIndex: number,
): Law {
  switch (change.kind) {
    case 'rule':
      return enacted(law, change.rule, { open, leafIndex });
    case 'rule-end':
      return endedRule(law, change, { open, leafIndex });
    case 'profile': {
      const { profile } = change;
      const { id: proposalId } = open;
      const record = { profile, leafIndex, proposalId };
      const changed = profile.rules.filter((rule) => !isUnchanged(law, rule));
      const kept = new Set(profile.rules.map(({ id }) => id));
      let next = retiredWhere(law, leafIndex, ({ rule }) => {
        return rule.profile === profile.id && !kept.has(rule.id);
      });
      for (const rule of changed) next = enacted(next, rule, { open, leafIndex });
      return {
        ...next,
        profiles: new Map([...next.profiles, [profile.id, record]]),
        editions: [...next.editions, leafIndex + 1],
      };
    }
  }
}

function enacted(
  law: Law,
  rule: Rule,
  { open, leafIndex }: { readonly open: OpenProposal; readonly leafIndex: number },
): Law {
  // Slow approval does not make a law reach back.
  const fromLeaf = Math.max(leafIndex + 1, rule.fromLeaf ?? 0);
  // All of them: one that is to come may begin later than this one, and the one before it go on till then.
  let rules = endedBefore(law.rules, { atLeaf: fromLeaf, ended: 'amended' }, (record) => {
    return record.rule.id === rule.id;
  });
  const { id: proposalId, by, approvedBy } = open;
  rules = withEntry(rules, ruleKey(rule), {
    rule,
    digest: ruleDigest(rule),
    proposalId,
    by,
    approvedBy,
    enactedLeaf: leafIndex,
    fromLeaf,
    untilLeaf: null,
    ended: null,
    pauses: [],
  });
  return { ...law, rules, editions: [...law.editions, fromLeaf] };
}

function retiredWhere(law: Law, leafIndex: number, isMeant: (record: RuleRecord) => boolean): Law {
  const end = { atLeaf: leafIndex + 1, ended: 'retired' } as const;
  return { ...law, rules: endedBefore(law.rules, end, isMeant) };
}

function endedBefore(
  all: Law['rules'],
  { atLeaf, ended }: { readonly atLeaf: number; readonly ended: 'amended' | 'retired' },
  isMeant: (record: RuleRecord) => boolean,
): Law['rules'] {
  let rules = all;
  for (const [key, record] of all) {
    if (isOver(record, atLeaf) || !isMeant(record)) continue;
    rules = withEntry(rules, key, { ...record, untilLeaf: atLeaf, ended });
  }
  return rules;
}

function endedRule(
  law: Law,
  change: Extract<Change, { kind: 'rule-end' }>,
  { open, leafIndex }: { readonly open: OpenProposal; readonly leafIndex: number },
): Law {
  const editions = [...law.editions, leafIndex + 1];
  const key = ruleKey(change);
  if (change.action === 'retire') {
    return { ...retiredWhere(law, leafIndex, ({ rule }) => ruleKey(rule) === key), editions };
  }
  const because = toHex(open.id);
  return pausedRule(law, key, { leafIndex, because, isPaused: change.action === 'suspend' });
}

/** Suspended or resumed from the next leaf on, by an order or by the members. */
export function pausedRule(
  law: Law,
  key: string,
  {
    leafIndex,
    because,
    isPaused,
  }: { readonly leafIndex: number; readonly because: string; readonly isPaused: boolean },
): Law {
  const record = law.rules.get(key);
  if (record === undefined) return law;
  const pauses = isPaused
    ? [...record.pauses, { fromLeaf: leafIndex + 1, untilLeaf: null, because }]
    : record.pauses.map((pause) => ({ ...pause, untilLeaf: pause.untilLeaf ?? leafIndex + 1 }));
  const rules = withEntry(law.rules, key, { ...record, pauses });
  return { ...law, rules, editions: [...law.editions, leafIndex + 1] };
}
