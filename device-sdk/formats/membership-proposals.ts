// SPEC.md §4.8 and §4.10 to §4.12: a proposal from its making to its effect or its end.

/** @module membership-proposals */
import { parseAnswer } from './answer.ts';
import { equal } from './bytes.ts';
import { parseDeparture } from './departure.ts';
import { parseException } from './exception.ts';
import { retireGateway, takeEffect } from './membership-effect.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import { changeFault } from './membership-rules.ts';
import {
  type ExceptionUse,
  type Membership,
  type OpenProposal,
  proposalKey,
} from './membership-state.ts';
import {
  type MembershipChange,
  type MembershipResult,
  moved,
  readPayload,
} from './membership-step.ts';
import { awaited, DAY_MS, electorate, isLost, usedExceptions } from './membership-vote.ts';
import { type Change, changeDigest, type KeyChange, parseProposal } from './proposal.ts';
import { fail, type Refused } from './result.ts';

/** Each is a leaf and a rise of memory in every node: a member ends some before it makes more. */
export const OPEN_PROPOSALS_MAX = 16;

export function applyProposal(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseProposal);
  if (!parsed.ok) return parsed;
  const { value: proposal } = parsed;
  const { statement, leafIndex } = change;
  const { iss: by, id } = statement;
  if (proposal.epoch !== membership.epoch) {
    return fail('stale_proposal', `epoch ${proposal.epoch}, the ledger is at ${membership.epoch}`);
  }
  const { logTimeMs } = proposal;
  const isOnlyLeaving = proposal.change.kind === 'exit';
  if (membership.law.suspendedMembers.has(by) && !isOnlyLeaving) {
    return fail('suspended', `${by} is suspended and proposes nothing but to leave`);
  }
  const fault = changeFault(membership, { by, change: proposal.change, around: change, logTimeMs });
  if (fault !== null) return fault;
  if (isGatewayRetirement(proposal.change)) {
    return moved(retireGateway(membership, proposal.change, { leafIndex, id }), logTimeMs);
  }
  const own = [...membership.proposals.values()].filter((open) => open.by === by);
  if (own.length >= OPEN_PROPOSALS_MAX) {
    return fail('not_allowed', `${own.length} proposals of this member are open`);
  }
  const open: OpenProposal = {
    id,
    leafIndex,
    logTimeMs,
    by,
    proposal,
    approvedBy: [by],
    exceptedBy: new Map(),
    rejectedBy: [],
    closed: null,
  };
  return settle(membership, open, { change, logTimeMs });
}

function isGatewayRetirement(change: Change): change is KeyChange & { add: null } {
  return change.kind === 'key' && change.role === 'gateway' && change.add === null;
}

export function applyAnswer(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseAnswer);
  if (!parsed.ok) return parsed;
  const { proposalId, answer, logTimeMs, textDigest } = parsed.value;
  const { iss } = change.statement;
  const open = membership.proposals.get(proposalKey(proposalId));
  if (open === undefined) return fail('proposal_unknown', proposalKey(proposalId));
  // The proposer's own rejection takes a proposal back, a notice to leave as well.
  if (open.by === iss && answer === 'reject') {
    return moved({ membership: without(membership, open), effect: null }, logTimeMs);
  }
  const fault = answerFault(membership, open, iss) ?? textFault(open, textDigest);
  if (fault !== null) return fault;
  if (answer === 'approve') {
    const approvedBy = [...open.approvedBy, iss];
    return settle(membership, { ...open, approvedBy }, { change, logTimeMs });
  }
  const rejected = { ...open, rejectedBy: [...open.rejectedBy, iss] };
  const isNotice = open.proposal.change.kind === 'exit';
  if (isNotice || !isLost(membership, rejected)) {
    const kept = isNotice ? { ...open, closed: 'rejected' as const } : rejected;
    return moved({ membership: withProposal(membership, kept), effect: null }, logTimeMs);
  }
  return moved({ membership: without(membership, open), effect: null }, logTimeMs);
}

/** The text that was read is the text that is approved, whoever showed it. */
function textFault(
  open: OpenProposal,
  textDigest: Uint8Array | null,
): Refused<MembershipRefusal> | null {
  if (textDigest === null || equal(textDigest, changeDigest(open.proposal.change))) return null;
  return fail('other_text', `${proposalKey(open.id)} is about another text than was read`);
}

function answerFault(
  membership: Membership,
  open: OpenProposal,
  iss: string,
): Refused<MembershipRefusal> | null {
  if (!electorate(membership, open).includes(iss)) {
    return fail('not_allowed', 'the member to be expelled is not asked');
  }
  if (open.approvedBy.includes(iss) || open.rejectedBy.includes(iss)) return fail('answered', iss);
  return open.closed === null ? null : fail('stale_proposal', `the notice is ${open.closed}`);
}

export function applyException(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseException);
  if (!parsed.ok) return parsed;
  const { proposalId, member: silent, logTimeMs } = parsed.value;
  const { iss } = change.statement;
  const open = membership.proposals.get(proposalKey(proposalId));
  if (open === undefined) return fail('proposal_unknown', proposalKey(proposalId));
  if (open.closed !== null) return fail('stale_proposal', `the notice is ${open.closed}`);
  const asked = electorate(membership, open);
  if (!asked.includes(iss) || !asked.includes(silent) || iss === silent) {
    return fail('not_allowed', 'one member names another, both asked by the proposal');
  }
  if (open.approvedBy.includes(silent) || open.rejectedBy.includes(silent)) {
    return fail('not_silent', silent);
  }
  const dueMs = open.logTimeMs + membership.terms.answerTermDays * DAY_MS;
  if (logTimeMs < dueMs) return fail('term_running', `answers are due by log time ${dueMs}`);
  const named = open.exceptedBy.get(silent) ?? [];
  if (named.includes(iss)) return fail('answered', `${iss} named ${silent} before`);
  const exceptedBy = new Map([...open.exceptedBy, [silent, [...named, iss]]]);
  return settle(membership, { ...open, exceptedBy }, { change, logTimeMs });
}

export function applyDeparture(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseDeparture);
  if (!parsed.ok) return parsed;
  const { logTimeMs, proposalId } = parsed.value;
  const { leafIndex, statement } = change;
  const open = membership.proposals.get(proposalKey(proposalId));
  if (open === undefined) return fail('proposal_unknown', proposalKey(proposalId));
  const isNotice = open.proposal.change.kind === 'exit' && open.by === statement.iss;
  if (!isNotice) return fail('not_allowed', 'not this member’s own notice to leave');
  const dueMs = open.logTimeMs + membership.terms.noticeTermDays * DAY_MS;
  if (logTimeMs < dueMs) return fail('term_running', `notice runs until log time ${dueMs}`);
  const member = statement.iss;
  const use: ExceptionUse = { kind: 'departure', member, proposalId: open.id, leafIndex };
  return completed(membership, open, { change, logTimeMs, exceptions: [use] });
}

/** Completes the proposal where this was the last word missing, ends it where too few can still approve. */
function settle(
  membership: Membership,
  open: OpenProposal,
  given: { change: MembershipChange; logTimeMs: number },
): MembershipResult {
  const { change, logTimeMs } = given;
  if (isLost(membership, open)) {
    return moved({ membership: without(membership, open), effect: null }, logTimeMs);
  }
  if (awaited(membership, open).length > 0) {
    return moved({ membership: withProposal(membership, open), effect: null }, logTimeMs);
  }
  const exceptions = usedExceptions(membership, open, change.leafIndex);
  return completed(membership, open, { change, logTimeMs, exceptions });
}

/** What was possible when it was proposed may not be any more: a key can have come into use. */
function completed(
  membership: Membership,
  open: OpenProposal,
  given: { change: MembershipChange; logTimeMs: number; exceptions: readonly ExceptionUse[] },
): MembershipResult {
  const { by, proposal } = open;
  const { change, logTimeMs, exceptions } = given;
  const { leafIndex } = change;
  const { id: own } = open;
  const asked = { by, change: proposal.change, around: change, logTimeMs, own };
  const fault = changeFault(membership, asked);
  if (fault !== null) return fault;
  return moved(takeEffect(membership, open, { leafIndex, exceptions }), logTimeMs);
}

function withProposal(membership: Membership, open: OpenProposal): Membership {
  const proposals = new Map([...membership.proposals, [proposalKey(open.id), open]]);
  return { ...membership, proposals };
}

function without(membership: Membership, { id }: OpenProposal): Membership {
  const left = [...membership.proposals].filter(([, open]) => !equal(open.id, id));
  return { ...membership, proposals: new Map(left) };
}
