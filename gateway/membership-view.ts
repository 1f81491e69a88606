import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { rulesOf } from '@truegrain/device-sdk/formats/law-rules.js';
import {
  awaited,
  type Member,
  type Membership,
  type OpenProposal,
  previewOf,
  validators,
} from '@truegrain/device-sdk/formats/membership.js';
import { changeDigest } from '@truegrain/device-sdk/formats/proposal.js';
import { faultTolerance } from './fault-tolerance.ts';
import type { AllianceView, GrantView, MemberView, ProposalView } from './http/alliance-backend.ts';
import { termsToJson } from './http/terms-json.ts';

const DAY_MS = 86_400_000;

/** The membership as it is shown; what only the log says, so the same on every member. */
export function membershipView(
  membership: Membership,
  at: { self: string; ledgerId: Uint8Array; size: number; logTimeMs: number },
): AllianceView {
  const { ledgerId, ...position } = at;
  const { epoch, terms, members, formerMembers, proposals, exceptions, ledgerName } = membership;
  const voters = new Set(validators(membership).map(({ iss }) => iss));
  return {
    origin: `${ledgerName}/${toHex(ledgerId)}`,
    ledgerId: toHex(ledgerId),
    ...position,
    epoch,
    terms: termsToJson(terms),
    faults: faultTolerance(membership),
    members: [...members.values()].map((member) =>
      memberView(membership, member, voters.has(member.iss)),
    ),
    formerMembers: formerMembers.map(({ iss, name, kind, sinceLeaf, untilLeaf }) => {
      return { iss, name, kind, sinceLeaf, untilLeaf };
    }),
    proposals: [...proposals.values()].map((open) => proposalView(membership, open)),
    exceptions: exceptions.map((use) => ({ ...use, proposalId: toHex(use.proposalId) })),
  };
}

function memberView(membership: Membership, member: Member, votes: boolean): MemberView {
  const { iss, name, kind, legalId, sinceLeaf, cosignerName, endpoint } = member;
  const { scheme, value, evidence } = legalId;
  return {
    iss,
    name,
    kind,
    legalId: { scheme, value, evidence: evidence && toHex(evidence) },
    sinceLeaf,
    cosignerName,
    votes,
    keys: membership.keys
      .filter((key) => key.iss === iss && key.untilLeaf === null)
      .map(({ role, kid, fromLeaf }) => ({ role, kid: toHex(kid), fromLeaf })),
    endpoint: endpoint && {
      http: endpoint.http,
      p2p: endpoint.p2p,
      publicUrl: endpoint.publicUrl,
    },
  };
}

function proposalView(membership: Membership, open: OpenProposal): ProposalView {
  const { id, leafIndex, logTimeMs, by, proposal, approvedBy, exceptedBy, closed } = open;
  const { answerTermDays, noticeTermDays } = membership.terms;
  const { kind } = proposal.change;
  return {
    id: toHex(id),
    leafIndex,
    logTimeMs,
    by,
    kind,
    preview: previewOf(membership, open),
    textDigest: toHex(changeDigest(proposal.change)),
    rules: rulesOf(proposal.change),
    rejectedBy: open.rejectedBy,
    approvedBy,
    awaited: awaited(membership, open),
    excepted: [...exceptedBy].map(([member, named]) => ({ member, by: named })),
    closed,
    answerDueMs: logTimeMs + answerTermDays * DAY_MS,
    departureMs: kind === 'exit' ? logTimeMs + noticeTermDays * DAY_MS : null,
  };
}

export function grantViews({ grants }: Membership): GrantView[] {
  return [...grants.values()].map(({ device, by, to, fromLeaf, untilLeaf }) => {
    return { device, by, to, fromLeaf, untilLeaf };
  });
}
