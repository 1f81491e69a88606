import { encodeAnswer } from '../../device-sdk/formats/answer.ts';
import { equal, utf8 } from '../../device-sdk/formats/bytes.ts';
import { type Charter, encodeCharter } from '../../device-sdk/formats/charter.ts';
import { encodeDeparture } from '../../device-sdk/formats/departure.ts';
import { type Endpoint, encodeEndpoint } from '../../device-sdk/formats/endpoint.ts';
import { encodeException } from '../../device-sdk/formats/exception.ts';
import type { MemberKeyRole } from '../../device-sdk/formats/governance.ts';
import { encodeGrant, type Grant } from '../../device-sdk/formats/grant.ts';
import { makeKeyProof } from '../../device-sdk/formats/key-proof.ts';
import {
  MEDIA_ANSWER,
  MEDIA_CHARTER,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_EXCEPTION,
  MEDIA_GRANT,
  MEDIA_PROPOSAL,
} from '../../device-sdk/formats/media-types.ts';
import { type Applicant, makeMemberCard } from '../../device-sdk/formats/member-card.ts';
import type { Founder } from '../../device-sdk/formats/member-record.ts';
import {
  activeKey,
  applyMembership,
  foundMembership,
  type Membership,
  type MembershipChange,
  type MembershipResult,
} from '../../device-sdk/formats/membership.ts';
import { type Change, encodeProposal, type KeyChange } from '../../device-sdk/formats/proposal.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import type { Signer } from '../../device-sdk/formats/signer.ts';
import { type Statement, signStatement } from '../../device-sdk/formats/statement.ts';
import { nodeVerify } from './native-verify.ts';
import {
  inline,
  type SampleMember,
  sampleCharter,
  sampleMember,
  sampleSigner,
  statementOf,
  T0_MS,
} from './sample-members.ts';

const DAY_MS = 86_400_000;

/** Changes of a founder's record: an organisation that didn't show who it is. */
export const UNEVIDENCED = { legalId: { scheme: 'none', value: '', evidence: null } } as const;

export const ENDPOINT: Endpoint = {
  http: 'https://node.example:8443',
  ca: new Uint8Array(300).fill(7),
  p2p: 'node.example:26656',
  nodeId: new Uint8Array(20).fill(9),
  publicUrl: 'https://node.example/ledger',
};

export interface AllianceOptions {
  readonly names?: readonly string[];
  readonly terms?: Partial<Charter>;
  /** Changes of a founder's record, by its name. */
  readonly founders?: Record<string, Partial<Founder>>;
}

/** Members that are all evidenced; one fold of statements, which are signed but not checked for it. */
export class SampleAlliance {
  readonly charter: Charter;
  readonly ledgerId: Uint8Array;
  membership: Membership;
  clockMs = T0_MS;
  leafIndex = 0;
  /** What the fold took, with the leaf it stands at. */
  readonly taken: {
    readonly statement: Statement;
    readonly leafIndex: number;
    readonly before: Membership;
    readonly after: Membership;
  }[] = [];
  /** Keys registered for devices. */
  readonly deviceKids: Uint8Array[] = [];
  owners: ((device: string) => string | null) | undefined;
  sensors: MembershipChange['sensorOf'];
  readonly #members = new Map<string, SampleMember>();
  readonly #signers = new Map<string, Signer>();
  readonly #charterId: Uint8Array;

  constructor({
    names = ['acme', 'bolt', 'crane'],
    terms = {},
    founders = {},
  }: AllianceOptions = {}) {
    const members = names.map((name) => this.member(name));
    const plain = sampleCharter(members, Math.min(2, names.length));
    this.charter = {
      ...plain,
      founders: plain.founders.map((record) => ({
        ...evidenced(record),
        ...founders[record.name],
      })),
      ...terms,
    };
    const payload = inline(MEDIA_CHARTER, encodeCharter(this.charter));
    const fields = { sub: this.charter.ledgerName, iat: 1, payload, seq: 1, prev: null };
    const { bytes, id } = signStatement(
      { ...fields, iss: members[0]!.iss, ledgerId: null, device: null },
      members[0]!.member.signer,
    );
    this.ledgerId = sha256(bytes);
    this.#charterId = id;
    this.membership = this.founded();
    this.leafIndex = names.length;
  }

  founded(): Membership {
    return foundMembership(this.charter, this.#charterId);
  }

  member(name: string): SampleMember {
    const member = this.#members.get(name) ?? sampleMember(name);
    this.#members.set(name, member);
    return member;
  }

  iss(name: string): string {
    return this.member(name).iss;
  }

  days(count: number): void {
    this.clockMs += count * DAY_MS;
  }

  /** One fold step at the next leaf; a refusal leaves everything as it was. */
  send(by: string, contentType: string, bytes: Uint8Array, sub?: string): MembershipResult {
    const statement = this.sign(by, contentType, bytes, sub);
    const leafIndex = this.leafIndex;
    const result = this.apply(this.membership, { statement, leafIndex });
    if (!result.ok) return result;
    const before = this.membership;
    this.membership = result.value.membership;
    this.taken.push({ statement, leafIndex, before, after: this.membership });
    this.leafIndex += 1;
    return result;
  }

  sign(by: string, contentType: string, bytes: Uint8Array, sub?: string): Statement {
    const { iss, member } = this.member(by);
    member.seq += 1;
    const fields = { iss, sub: sub ?? this.charter.ledgerName, iat: this.clockMs / 1000 };
    const payload = inline(contentType, bytes);
    const ledgerId = this.ledgerId;
    const prev = new Uint8Array(32).fill(1);
    const { bytes: entry } = signStatement(
      { ...fields, payload, seq: member.seq + 1, prev, ledgerId, device: null },
      this.#signers.get(`${by} member`) ?? member.signer,
    );
    return statementOf(entry);
  }

  apply(
    membership: Membership,
    step: { statement: Statement; leafIndex: number },
  ): MembershipResult {
    return applyMembership(membership, {
      ...step,
      ledgerId: this.ledgerId,
      native: nodeVerify,
      isKeyKnown: (kid) => this.deviceKids.some((known) => equal(known, kid)),
      ownerOf: this.owners,
      sensorOf: this.sensors,
    });
  }

  propose(by: string, change: Change, more: { epoch?: number } = {}): MembershipResult {
    const { epoch } = this.membership;
    const fields = { logTimeMs: this.clockMs, reason: 'agreed at the meeting', epoch, change };
    return this.send(by, MEDIA_PROPOSAL, encodeProposal({ ...fields, ...more }));
  }

  /** Id of the newest open proposal. */
  get proposalId(): Uint8Array {
    const open = [...this.membership.proposals.values()].at(-1);
    if (open === undefined) throw new Error('no proposal is open');
    return open.id;
  }

  answer(
    by: string,
    answer: 'approve' | 'reject' = 'approve',
    proposalId = this.proposalId,
  ): MembershipResult {
    const fields = { logTimeMs: this.clockMs, proposalId, answer, reason: '', textDigest: null };
    return this.send(by, MEDIA_ANSWER, encodeAnswer(fields));
  }

  except(by: string, silent: string, proposalId = this.proposalId): MembershipResult {
    const fields = { logTimeMs: this.clockMs, proposalId, member: this.iss(silent) };
    return this.send(by, MEDIA_EXCEPTION, encodeException(fields));
  }

  depart(by: string, proposalId = this.proposalId): MembershipResult {
    return this.send(by, MEDIA_DEPARTURE, encodeDeparture({ logTimeMs: this.clockMs, proposalId }));
  }

  announce(by: string, endpoint: Endpoint): MembershipResult {
    return this.send(by, MEDIA_ENDPOINT, encodeEndpoint({ logTimeMs: this.clockMs, ...endpoint }));
  }

  grant(by: string, grant: Pick<Grant, 'device' | 'to'> & Partial<Grant>): MembershipResult {
    const fields = { logTimeMs: this.clockMs, fromLeaf: 0, untilLeaf: null, reason: 'shared' };
    return this.send(by, MEDIA_GRANT, encodeGrant({ ...fields, ...grant }), grant.device);
  }

  record(name: string, changes: Partial<Founder> = {}): Founder {
    const [plain] = sampleCharter([this.member(name)], 1).founders;
    const nodeKey = sampleSigner(`${name} node`).key;
    return { ...evidenced({ ...plain!, nodeKey }), ...changes };
  }

  /** What a newcomer brings; its keys in the order of the record. */
  applicant(
    name: string,
    changes: Partial<Founder> = {},
    ledgerId: Uint8Array | null = this.ledgerId,
  ): Applicant {
    const { member, log, cosigner, gateway } = this.member(name);
    const record = this.record(name, changes);
    const node = record.nodeKey === null ? [] : [sampleSigner(`${name} node`)];
    const gateways = record.gatewayKeys.length === 0 ? [] : [gateway.signer];
    const signers = [member.signer, log, cosigner, ...node, ...gateways];
    const card = { member: record, endpoint: ENDPOINT, ledgerId };
    const { proofs, endpoint } = makeMemberCard(card, signers);
    return { member: record, endpoint, proofs };
  }

  admission(name: string, changes: Partial<Founder> = {}): Change {
    return { kind: 'admit', ...this.applicant(name, changes) };
  }

  /** Replaces the active key of that role; `words` make the new one. */
  rotation(name: string, role: MemberKeyRole, words: string): KeyChange {
    const iss = this.iss(name);
    const retire = activeKey(this.membership, iss, role)?.kid ?? null;
    return { ...this.addition(name, role, words), retire };
  }

  addition(name: string, role: MemberKeyRole, words: string): KeyChange {
    const iss = this.iss(name);
    const signer = sampleSigner(words);
    const proof = makeKeyProof(signer, { iss, role, ledgerId: this.ledgerId, record: null });
    return { kind: 'key', member: iss, role, retire: null, add: signer.key, proof };
  }

  /** The member key it signs with from here on. */
  useMemberKey(name: string, words: string): void {
    this.#signers.set(`${name} member`, sampleSigner(words));
  }
}

function evidenced(record: Founder): Founder {
  const evidence = sha256(utf8(`evidence of ${record.name}`));
  return { ...record, legalId: { ...record.legalId, evidence } };
}
