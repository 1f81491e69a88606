// SPEC.md §4.8 to §4.14: the members of a ledger as a fold over its statements (DESIGN §1, §5).

/**
 * Pure and the same for the ledger's state machine and for whoever checks an evidence file offline.
 * The caller has checked that the statement is signed by an active member key of its issuer, that
 * its number follows, and that log time does not decrease.
 *
 * @module membership
 */
import type { Charter } from './charter.ts';
import { parseEndpoint } from './endpoint.ts';
import { parseGrant } from './grant.ts';
import { applyAppeal, applyInspection, applyOrder } from './law-orders.ts';
import {
  applyBinding,
  applyCalibration,
  applyClaim,
  applyCredential,
  applyExamination,
  applyFiling,
  applyRuleFinding,
  applySeal,
  applyTap,
} from './law-records.ts';
import { NO_LAW } from './law-state.ts';
import {
  MEDIA_ANSWER,
  MEDIA_APPEAL,
  MEDIA_CALIBRATION,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_EXAMINATION,
  MEDIA_EXCEPTION,
  MEDIA_FILING,
  MEDIA_GRANT,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
  MEDIA_RULE_FINDING,
  MEDIA_SEAL,
  MEDIA_TAP,
} from './media-types.ts';
import {
  applyAnswer,
  applyDeparture,
  applyException,
  applyProposal,
} from './membership-proposals.ts';
import { grantKey, type Membership, memberKeysOf, memberOf } from './membership-state.ts';
import {
  type MembershipChange,
  type MembershipResult,
  moved,
  readPayload,
} from './membership-step.ts';
import { fail } from './result.ts';

export type { Law, RuleRecord } from './law-state.ts';
export type { MembershipEffect } from './membership-effect.ts';
export { policyOfMembership } from './membership-policy.ts';
export { previewOf } from './membership-preview.ts';
export type { MembershipRefusal } from './membership-refusal.ts';
export type {
  DeviceGrant,
  ExceptionUse,
  FormerMember,
  Member,
  MemberKey,
  Membership,
  OpenProposal,
} from './membership-state.ts';
export {
  activeKey,
  activeKeys,
  distinctOrganisations,
  grantKey,
  isInForce,
  memberAt,
  proposalKey,
  termsAt,
  validators,
} from './membership-state.ts';
export type { MembershipChange, MembershipResult } from './membership-step.ts';
export { awaited } from './membership-vote.ts';

const RULES: ReadonlyMap<string, (m: Membership, change: MembershipChange) => MembershipResult> =
  new Map([
    [MEDIA_PROPOSAL, applyProposal],
    [MEDIA_ANSWER, applyAnswer],
    [MEDIA_EXCEPTION, applyException],
    [MEDIA_DEPARTURE, applyDeparture],
    [MEDIA_ENDPOINT, applyEndpoint],
    [MEDIA_GRANT, applyGrant],
    [MEDIA_ORDER, applyOrder],
    [MEDIA_APPEAL, applyAppeal],
    [MEDIA_INSPECTION, applyInspection],
    [MEDIA_PROFILE_BINDING, applyBinding],
    [MEDIA_CREDENTIAL, applyCredential],
    [MEDIA_CALIBRATION, applyCalibration],
    [MEDIA_TAP, applyTap],
    [MEDIA_SEAL, applySeal],
    [MEDIA_CLAIM, applyClaim],
    [MEDIA_RULE_FINDING, applyRuleFinding],
    [MEDIA_EXAMINATION, applyExamination],
    [MEDIA_FILING, applyFiling],
  ]);

/** What a suspended member may still say: its word, its objection, its leaving. */
const SUSPENDED_MAY: ReadonlySet<string> = new Set([
  MEDIA_PROPOSAL,
  MEDIA_ANSWER,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_APPEAL,
  MEDIA_EXAMINATION,
]);

/** Whether this fold reads such an inline payload. */
export function isMembershipType(contentType: string): boolean {
  return RULES.has(contentType);
}

/** Whether such a statement can change who is a member, by which keys and terms: evidence needs it. */
export function isDecisionType(contentType: string): boolean {
  return DECISIONS.has(contentType);
}

const DECISIONS: ReadonlySet<string> = new Set([
  MEDIA_PROPOSAL,
  MEDIA_ANSWER,
  MEDIA_EXCEPTION,
  MEDIA_DEPARTURE,
  MEDIA_CREDENTIAL,
  MEDIA_ORDER,
]);

/** As the charter, leaf 0, founds it; that the founders accept it is the caller's to see. */
export function foundMembership(charter: Charter, charterId: Uint8Array): Membership {
  const { logTimeMs: _, ledgerName, founders, ...terms } = charter;
  const leaf = 0;
  return {
    epoch: 0,
    ledgerName,
    charterId,
    terms,
    termsHistory: [{ fromLeaf: leaf, terms }],
    members: new Map(founders.map((f) => [f.iss, memberOf(f, { endpoint: null, leaf })])),
    formerMembers: [],
    keys: founders.flatMap((founder) => memberKeysOf(founder, leaf)),
    proposals: new Map(),
    exceptions: [],
    grants: new Map(),
    law: NO_LAW,
  };
}

/** The membership after this statement, or why it can't be. */
export function applyMembership(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const { iss, payload } = change.statement;
  const rule = payload.kind === 'inline' ? RULES.get(payload.contentType) : undefined;
  if (rule === undefined) return fail('malformed', 'not a statement about the members');
  if (!membership.members.has(iss)) return fail('not_a_member', `${iss} is no member`);
  const isHeard = payload.kind === 'inline' && SUSPENDED_MAY.has(payload.contentType);
  if (!isHeard && membership.law.suspendedMembers.has(iss)) {
    return fail('suspended', `${iss} is suspended by order`);
  }
  return rule(membership, change);
}

function applyEndpoint(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseEndpoint);
  if (!parsed.ok) return parsed;
  const { logTimeMs, ...endpoint } = parsed.value;
  const { iss } = change.statement;
  const member = membership.members.get(iss);
  if (member === undefined) return fail('not_allowed', iss);
  const members = new Map([...membership.members, [iss, { ...member, endpoint }]]);
  const effect = { ...NO_KEYS, kind: 'endpoint' as const, member: iss };
  return moved({ membership: { ...membership, members }, effect }, logTimeMs);
}

function applyGrant(membership: Membership, change: MembershipChange): MembershipResult {
  const { statement, ownerOf } = change;
  const parsed = parseGrant(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const { logTimeMs, device, to, fromLeaf, untilLeaf } = parsed.value;
  const { iss: by, sub } = statement;
  if (sub !== device) return fail('not_allowed', 'the subject is another device');
  if (to === by || !membership.members.has(to)) return fail('not_allowed', 'not another member');
  if (ownerOf !== undefined && ownerOf(device) !== by) {
    return fail('not_allowed', 'only its owner opens a device');
  }
  const grants = new Map(membership.grants);
  const key = grantKey(device, to);
  if (untilLeaf === fromLeaf) grants.delete(key);
  else grants.set(key, { device, by, to, fromLeaf, untilLeaf });
  const effect = { ...NO_KEYS, kind: 'grant' as const, member: to };
  return moved({ membership: { ...membership, grants }, effect }, logTimeMs);
}

const NO_KEYS = { proposalId: null, added: [], ended: [], exceptions: [] } as const;
