// What the alliance routes ask of a gateway: the membership, and what its own member may do about it.
import type { MemberKeyRole, MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import type { LawChange } from '@truegrain/device-sdk/formats/proposal.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { Terms } from '@truegrain/device-sdk/formats/terms.js';
import type { Awaitable, Logged, Outcome } from './backend.ts';
import type { TermsJson } from './terms-json.ts';

/** Ids and digests in lower hex, as they are shown. */
export interface AllianceView {
  readonly origin: string;
  readonly ledgerId: string;
  /** `iss` of the member whose gateway this is. */
  readonly self: string;
  readonly size: number;
  readonly logTimeMs: number;
  /** Changes of members, keys and terms so far. */
  readonly epoch: number;
  readonly terms: TermsJson;
  readonly faults: FaultTolerance;
  readonly members: readonly MemberView[];
  readonly formerMembers: readonly FormerMemberView[];
  readonly proposals: readonly ProposalView[];
  readonly exceptions: readonly ExceptionView[];
}

export interface FaultTolerance {
  readonly members: number;
  readonly voting: number;
  /** Members that showed evidence of who they are. */
  readonly evidenced: number;
  /** Organisations that may fail or lie at once without harm. */
  readonly tolerated: number;
  readonly words: string;
}

export interface MemberView {
  readonly iss: string;
  readonly name: string;
  readonly kind: MemberKind;
  readonly legalId: { scheme: string; value: string; evidence: string | null };
  readonly sinceLeaf: number;
  readonly cosignerName: string;
  readonly votes: boolean;
  readonly keys: readonly { role: MemberKeyRole; kid: string; fromLeaf: number }[];
  /** Null for a founder that has not announced where it is. */
  readonly endpoint: { http: string; p2p: string | null; publicUrl: string | null } | null;
}

export interface FormerMemberView {
  readonly iss: string;
  readonly name: string;
  readonly kind: MemberKind;
  readonly sinceLeaf: number;
  readonly untilLeaf: number;
}

export interface ProposalView {
  readonly id: string;
  readonly leafIndex: number;
  readonly logTimeMs: number;
  readonly by: string;
  readonly kind: string;
  readonly preview: readonly string[];
  /** SHA-256 of what is proposed: an approval can name it. */
  readonly textDigest: string;
  /** What it would bring into force; none for all but rules and profiles. */
  readonly rules: readonly Rule[];
  /** Of a rule: who said no while it can still be carried. */
  readonly rejectedBy: readonly string[];
  readonly approvedBy: readonly string[];
  readonly awaited: readonly string[];
  readonly excepted: readonly { member: string; by: readonly string[] }[];
  readonly closed: string | null;
  /** Log time from which a silent member may be named. */
  readonly answerDueMs: number;
  /** Log time from which a leaver may go alone; null for all else. */
  readonly departureMs: number | null;
}

export interface ExceptionView {
  readonly kind: string;
  readonly member: string;
  readonly proposalId: string;
  readonly leafIndex: number;
}

/** What this gateway knows beyond the log; for those who run or audit it. */
export interface OwnView {
  readonly grants: readonly GrantView[];
  /** Null for a solo ledger, which has no node. */
  readonly node: NodeView | null;
}

export interface GrantView {
  readonly device: string;
  readonly by: string;
  readonly to: string;
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
}

export interface NodeView {
  readonly height: number;
  readonly engine: 'running' | 'down';
  readonly engineDetail: string | null;
  /** Whether it signs checkpoints, in words. */
  readonly signing: string;
  /** `iss` of the members whose engines are connected. */
  readonly connected: readonly string[];
  readonly inbox: { frames: number; bytes: number; bytesMax: number };
  /** Contents that this member may hold and does not hold yet. */
  readonly unheld: number;
  /** Contents that were not disclosed to this member. */
  readonly sealed: number;
  readonly conduct: readonly ConductView[];
  readonly findings: readonly FindingView[];
}

export interface ConductView {
  readonly iss: string;
  /** Null where none was seen since the start. */
  readonly votedHeight: number | null;
  readonly missedBlocks: number;
  /** Of the newest checkpoint it cosigned for this gateway; null before the first. */
  readonly cosignedSize: number | null;
}

export interface FindingView {
  readonly iss: string;
  readonly name: string;
  readonly code: string;
  readonly text: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

export type ChangeRequest =
  | { readonly kind: 'admit'; readonly card: Uint8Array }
  | { readonly kind: 'exit' }
  | { readonly kind: 'expel'; readonly member: string }
  /** Terms that stay as they are need not be named. */
  | { readonly kind: 'charter'; readonly terms: Partial<Terms> }
  | {
      readonly kind: 'key';
      readonly role: MemberKeyRole;
      readonly retire: Uint8Array | null;
      /** COSE_Key. */
      readonly add: Uint8Array | null;
      readonly proof: Uint8Array | null;
    }
  | LawChange;

export interface ProposalRequest {
  readonly change: ChangeRequest;
  readonly reason: string;
}

export interface GrantRequest {
  readonly device: string;
  readonly to: string;
  /** Null = from the next leaf on. */
  readonly fromLeaf: number | null;
  readonly untilLeaf: number | null;
  readonly reason: string;
}

export interface Preview {
  readonly epoch: number;
  readonly lines: readonly string[];
}

/** A statement of this member's, and what came of it. */
export interface Said extends Logged {
  readonly lines: readonly string[];
}

export interface AllianceBackend {
  /** Null before the ledger has a charter. */
  view(): Awaitable<AllianceView | null>;
  own(): Awaitable<OwnView>;
  /** Nothing is signed. */
  preview(request: ProposalRequest): Awaitable<Outcome<Preview>>;
  /** `epoch` of the preview that was read; null = whatever holds now. */
  propose(request: ProposalRequest & { readonly epoch: number | null }): Promise<Outcome<Said>>;
  answer(request: {
    readonly proposalId: Uint8Array;
    readonly answer: 'approve' | 'reject';
    readonly reason: string;
    /** Of the text that was read; null where nobody says. */
    readonly textDigest: Uint8Array | null;
  }): Promise<Outcome<Said>>;
  except(request: {
    readonly proposalId: Uint8Array;
    readonly member: string;
  }): Promise<Outcome<Said>>;
  depart(proposalId: Uint8Array): Promise<Outcome<Said>>;
  grant(request: GrantRequest): Promise<Outcome<Said>>;
}
