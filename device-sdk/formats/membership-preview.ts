// A proposal in plain words, before anybody signs it: what changes, and whose word it still needs.

/** @module membership-preview */
import { toHex } from './bytes.ts';
import { keyThumbprint } from './cose-key.ts';
import { lawWords } from './law-words.ts';
import { recordKeys } from './member-record.ts';
import { type Membership, type OpenProposal, validators } from './membership-state.ts';
import { awaited } from './membership-vote.ts';
import type { Change, KeyChange, Proposal } from './proposal.ts';
import { effectiveQuorum, type Terms } from './terms.ts';

/** An open proposal, or a draft of which only its proposer is known. */
export type Previewed = {
  readonly proposal: Proposal;
  readonly by: string;
} & Partial<OpenProposal>;

export function previewOf(membership: Membership, previewed: Previewed): string[] {
  const { proposal, by } = previewed;
  const open: OpenProposal = {
    id: new Uint8Array(32),
    leafIndex: 0,
    logTimeMs: proposal.logTimeMs,
    approvedBy: [by],
    exceptedBy: new Map(),
    rejectedBy: [],
    closed: null,
    ...previewed,
  };
  const stale =
    proposal.epoch === membership.epoch
      ? []
      : [`Void: made at epoch ${proposal.epoch}, the ledger is at ${membership.epoch}.`];
  return [
    ...changeWords(membership, proposal.change),
    `Reason: ${proposal.reason}`,
    ...stale,
    ...wordsMissing(membership, open),
  ];
}

function changeWords(membership: Membership, change: Change): string[] {
  switch (change.kind) {
    case 'admit':
      return admissionWords(membership, change);
    case 'exit':
      return [`${nameOf(membership, change.member)} leaves.`, ...sizeWords(membership, change)];
    case 'expel':
      return [
        `${nameOf(membership, change.member)} is expelled, its own word not asked: recorded as an exception.`,
        ...sizeWords(membership, change),
      ];
    case 'charter':
      return termsWords(membership.terms, change.terms);
    case 'key':
      return keyWords(membership, change);
    case 'rule':
    case 'rule-end':
    case 'profile':
      return lawWords(membership, change);
  }
}

function admissionWords(membership: Membership, change: Extract<Change, { kind: 'admit' }>) {
  const { member, endpoint } = change;
  const { scheme, value, evidence } = member.legalId;
  const legal = scheme === 'none' ? 'none' : `${scheme} ${value}`;
  return [
    `${member.name} (${member.iss}) becomes a member, kind ${member.kind}.`,
    evidence === null
      ? `Legal-entity id: ${legal}, without evidence, so it does not count as a distinct organisation.`
      : `Legal-entity id: ${legal}, evidence with SHA-256 ${toHex(evidence)}.`,
    ...recordKeys(member).map(({ role, key }) => `New ${role} key: ${toHex(keyThumbprint(key))}`),
    `Reached at ${endpoint.http}, cosigns as ${member.cosignerName}.`,
    ...sizeWords(membership, change),
  ];
}

/** What coming and going does to the numbers that decide. */
function sizeWords(
  membership: Membership,
  change: Extract<Change, { kind: 'admit' | 'exit' | 'expel' }>,
): string[] {
  const { members, terms } = membership;
  const kind =
    change.kind === 'admit' ? change.member.kind : (members.get(change.member)?.kind ?? 'auditor');
  const step = change.kind === 'admit' ? 1 : -1;
  const before = members.size;
  const after = before + step;
  const quorum = (count: number) => `${effectiveQuorum(terms.quorum, count)} of ${count}`;
  const votes = validators(membership).length;
  const moved = terms.validatorKinds.includes(kind) ? votes + step : votes;
  return [
    `Members: ${before} → ${after}`,
    `Cosigners a checkpoint needs: ${quorum(before)} → ${quorum(after)}`,
    `Validators: ${votes} → ${moved}${moved < 4 ? ', so no fault of a validator is tolerated' : ''}`,
  ];
}

function termsWords(before: Terms, after: Terms): string[] {
  const lines = (Object.keys(before) as (keyof Terms)[]).flatMap((field) => {
    const [old, now] = [JSON.stringify(before[field]), JSON.stringify(after[field])];
    return old === now ? [] : [`${field}: ${old} → ${now}`];
  });
  return lines.length > 0 ? lines : ['The terms stay as they are.'];
}

function keyWords(membership: Membership, { member, role, retire, add }: KeyChange): string[] {
  const old = retire === null ? 'none' : toHex(retire);
  const now = add === null ? 'none' : toHex(keyThumbprint(add));
  return [`The ${role} key of ${nameOf(membership, member)}: ${old} → ${now}`];
}

function wordsMissing(membership: Membership, open: OpenProposal): string[] {
  const { change } = open.proposal;
  if (change.kind === 'key' && change.role === 'gateway' && change.add === null) {
    return ['Nobody else has to sign: an owner retires its gateway key alone.'];
  }
  if (open.closed !== null) {
    return [
      `The notice is ${open.closed}: its term runs on, then a departure by the leaver completes it.`,
    ];
  }
  const missing = awaited(membership, open).map((iss) => nameOf(membership, iss));
  return missing.length === 0
    ? ['Nobody else has to sign: it takes effect at once.']
    : [`Still to sign: ${missing.join(', ')}`];
}

function nameOf({ members }: Membership, iss: string): string {
  const name = members.get(iss)?.name;
  return name === undefined ? iss : `${name} (${iss})`;
}
