import { encodeAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { encodeDeparture } from '@truegrain/device-sdk/formats/departure.js';
import { encodeException } from '@truegrain/device-sdk/formats/exception.js';
import { encodeGrant } from '@truegrain/device-sdk/formats/grant.js';
import { rulesOf } from '@truegrain/device-sdk/formats/law-rules.js';
import {
  MEDIA_ANSWER,
  MEDIA_DEPARTURE,
  MEDIA_EXCEPTION,
  MEDIA_GRANT,
  MEDIA_PROPOSAL,
} from '@truegrain/device-sdk/formats/media-types.js';
import { parseMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import {
  awaited,
  type Membership,
  previewOf,
  proposalKey,
} from '@truegrain/device-sdk/formats/membership.js';
import { changeFault } from '@truegrain/device-sdk/formats/membership-rules.js';
import {
  type Change,
  encodeProposal,
  type Proposal,
  parseProposal,
} from '@truegrain/device-sdk/formats/proposal.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { INLINE_BYTES_MAX } from '@truegrain/device-sdk/formats/statement-limits.js';
import type {
  AllianceBackend,
  AllianceView,
  ChangeRequest,
  GrantRequest,
  NodeView,
  OwnView,
  Preview,
  ProposalRequest,
  Said,
} from './http/alliance-backend.ts';
import type { Outcome, Refused } from './http/backend.ts';
import type { LedgerState } from './ledger/state.ts';
import type { MemberVoice, Utterance } from './member-voice.ts';
import { grantViews, membershipView } from './membership-view.ts';

export interface MembershipDeskOptions {
  voice: MemberVoice;
  native?: NativeVerify;
  /** What the own node sees; absent in a solo ledger. */
  node?: () => NodeView;
  /** Why this gateway could not execute a rule that is proposed or to be approved; null where it can. */
  ruleFault: (rules: readonly Rule[]) => Refused | null;
}

/**
 * One member's say in who the members are: shows what a change would do, proposes, answers, names a
 * silent member, leaves, and opens its devices to others. What holds, the fold of formats/ decides.
 */
export class MembershipDesk implements AllianceBackend {
  readonly #options: MembershipDeskOptions;

  constructor(options: MembershipDeskOptions) {
    this.#options = options;
  }

  view(): AllianceView | null {
    const { membership, ledgerId, size, logTimeMs } = this.#state;
    if (!membership || !ledgerId) return null;
    return membershipView(membership, { self: this.#voice.iss, ledgerId, size, logTimeMs });
  }

  own(): OwnView {
    const { membership } = this.#state;
    const { node } = this.#options;
    return { grants: membership ? grantViews(membership) : [], node: node?.() ?? null };
  }

  preview(request: ProposalRequest): Outcome<Preview> {
    const draft = this.#draft(request);
    if (!draft.ok) return draft;
    const { membership, proposal } = draft.value;
    const { iss: by } = this.#voice;
    const lines = previewOf(membership, { proposal, by });
    return { ok: true, value: { epoch: membership.epoch, lines } };
  }

  async propose(request: ProposalRequest & { epoch: number | null }): Promise<Outcome<Said>> {
    const draft = this.#draft(request);
    if (!draft.ok) return draft;
    const { proposal } = draft.value;
    if (request.epoch !== null && request.epoch !== proposal.epoch) {
      return refused('stale_proposal', 'the members or terms changed since the preview');
    }
    return this.#say({
      contentType: MEDIA_PROPOSAL,
      encode: (logTimeMs) => encodeProposal({ ...proposal, logTimeMs }),
    });
  }

  async answer(request: {
    proposalId: Uint8Array;
    answer: 'approve' | 'reject';
    reason: string;
    textDigest: Uint8Array | null;
  }): Promise<Outcome<Said>> {
    const { proposalId, answer } = request;
    const open = this.#state.membership?.proposals.get(proposalKey(proposalId));
    const rules = open && answer === 'approve' ? rulesOf(open.proposal.change) : [];
    // Whoever approves a rule answers for having run it.
    const fault = this.#options.ruleFault(rules);
    if (fault) return fault;
    return this.#say(
      {
        contentType: MEDIA_ANSWER,
        encode: (logTimeMs) => encodeAnswer({ ...request, logTimeMs }),
      },
      proposalId,
    );
  }

  except(request: { proposalId: Uint8Array; member: string }): Promise<Outcome<Said>> {
    const encode = (logTimeMs: number) => encodeException({ ...request, logTimeMs });
    return this.#say({ contentType: MEDIA_EXCEPTION, encode }, request.proposalId);
  }

  depart(proposalId: Uint8Array): Promise<Outcome<Said>> {
    const encode = (logTimeMs: number) => encodeDeparture({ proposalId, logTimeMs });
    return this.#say({ contentType: MEDIA_DEPARTURE, encode }, proposalId);
  }

  grant(request: GrantRequest): Promise<Outcome<Said>> {
    return this.#say({
      contentType: MEDIA_GRANT,
      encode: (logTimeMs, { size }) =>
        encodeGrant({ ...request, fromLeaf: request.fromLeaf ?? size, logTimeMs }),
      sub: request.device,
    });
  }

  get #voice(): MemberVoice {
    return this.#options.voice;
  }

  get #state(): LedgerState {
    return this.#voice.state;
  }

  /** What would be signed, held to every rule that the fold will hold it to. */
  #draft({
    change: request,
    reason,
  }: ProposalRequest): Outcome<{ membership: Membership; proposal: Proposal }> {
    const { membership, ledgerId, logTimeMs, keyByKid } = this.#state;
    if (!membership || !ledgerId) return refused('not_found', 'the ledger has no members yet');
    const { iss: by } = this.#voice;
    const { native, ruleFault } = this.#options;
    const change = changeOf(request, { membership, ledgerId, by });
    if (!change.ok) return change;
    const proposal = { logTimeMs, epoch: membership.epoch, reason, change: change.value };
    const bytes = encodeProposal(proposal);
    if (bytes.length > INLINE_BYTES_MAX) return refused('too_large', `${bytes.length} bytes`);
    const parsed = parseProposal(bytes);
    if (!parsed.ok) return refused('invalid_request', `${parsed.code}: ${parsed.detail}`);
    const isKeyKnown = (kid: Uint8Array) => keyByKid.has(toHex(kid));
    const around = { ledgerId, isKeyKnown, native, leafIndex: this.#state.size };
    const asked = { by, change: parsed.value.change, around, logTimeMs };
    const fault = changeFault(membership, asked) ?? ruleFault(rulesOf(parsed.value.change));
    return fault ?? { ok: true, value: { membership, proposal: parsed.value } };
  }

  async #say(utterance: Utterance, proposalId?: Uint8Array): Promise<Outcome<Said>> {
    const spoken = await this.#voice.say(utterance);
    if (!spoken.ok) return spoken;
    const { leafIndex, id, effect } = spoken.value;
    // A proposal is about itself.
    const about = utterance.contentType === MEDIA_PROPOSAL ? id : (proposalId ?? null);
    const lines = [`leaf ${leafIndex}`, ...this.#outcomeWords(effect !== null, about)];
    return { ok: true, value: { leafIndex, id, lines } };
  }

  #outcomeWords(hasEffect: boolean, proposalId: Uint8Array | null): string[] {
    if (hasEffect) return ['It holds from the next leaf on.'];
    const { membership } = this.#state;
    if (proposalId === null || !membership) return [];
    const open = membership.proposals.get(proposalKey(proposalId));
    if (!open) return ['The proposal is ended.'];
    if (open.closed !== null)
      return ['The notice to leave can be answered no more; its term runs on.'];
    return [`Still to sign: ${awaited(membership, open).join(', ')}`];
  }
}

function changeOf(
  request: ChangeRequest,
  around: { membership: Membership; ledgerId: Uint8Array; by: string },
): Outcome<Change> {
  const { membership, by } = around;
  switch (request.kind) {
    case 'admit':
      return admissionOf(request.card, around.ledgerId);
    case 'exit':
      return { ok: true, value: { kind: 'exit', member: by } };
    case 'expel':
      return { ok: true, value: request };
    case 'charter':
      return {
        ok: true,
        value: { kind: 'charter', terms: { ...membership.terms, ...request.terms } },
      };
    case 'key':
      return keyChangeOf(request, by);
    case 'rule':
    case 'rule-end':
    case 'profile':
      return { ok: true, value: request };
  }
}

function admissionOf(bytes: Uint8Array, ledgerId: Uint8Array): Outcome<Change> {
  const card = parseMemberCard(bytes);
  if (!card.ok) return refused('malformed', `card: ${card.code}: ${card.detail}`);
  const { member, endpoint, proofs, ledgerId: of } = card.value;
  if (!of || !equal(of, ledgerId)) {
    const text = `the card of ${member.name} does not apply to this ledger (${toHex(ledgerId)})`;
    return refused('wrong_ledger', text);
  }
  return { ok: true, value: { kind: 'admit', member, endpoint, proofs } };
}

function keyChangeOf(
  request: Extract<ChangeRequest, { kind: 'key' }>,
  member: string,
): Outcome<Change> {
  const { kind, role, retire, proof } = request;
  if (request.add === null) {
    return { ok: true, value: { kind, member, role, retire, add: null, proof } };
  }
  const add = parseCoseKey(request.add);
  if (!add.ok) return refused('malformed', `add: ${add.code}: ${add.detail}`);
  return { ok: true, value: { kind, member, role, retire, add: add.value, proof } };
}

function refused(code: string, detail: string): Refused {
  return { ok: false, code, detail };
}
