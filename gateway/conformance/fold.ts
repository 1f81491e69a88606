import { parseAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import {
  judgeAcceptances,
  judgeCharter,
  judgeOwnLedger,
  type KnownLeaf,
  type KnownLedger,
} from '@truegrain/device-sdk/formats/evidence-ledger.js';
import { signerOf } from '@truegrain/device-sdk/formats/evidence-members.js';
import { Findings } from '@truegrain/device-sdk/formats/evidence-report.js';
import { LOG_TIME_TOLERANCE_MS } from '@truegrain/device-sdk/formats/governance.js';
import {
  MEDIA_ANSWER,
  MEDIA_BATCH,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_EXCEPTION,
  MEDIA_PROPOSAL,
} from '@truegrain/device-sdk/formats/media-types.js';
import {
  applyMembership,
  type ExceptionUse,
  isMembershipType,
  type Membership,
  type MembershipEffect,
  type MembershipRefusal,
} from '@truegrain/device-sdk/formats/membership.js';
import { parseProposal } from '@truegrain/device-sdk/formats/proposal.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { ReadLeaf, ReadLeaves } from './ledger-source.ts';
import { type NumberStreams, numberStreamsOf } from './number-streams.ts';
import { Registry } from './registry.ts';

/** One change of members, keys or terms that took effect, and who had signed it by then. */
export interface ChangeMade {
  readonly leafIndex: number;
  readonly kind: MembershipEffect['kind'];
  /** `iss` of whom it is about. */
  readonly about: string;
  readonly by: string;
  readonly approvedBy: readonly string[];
  /** Members whose word it needed. */
  readonly asked: readonly string[];
  readonly exceptions: readonly ExceptionUse[];
}

export interface LawFault {
  readonly leafIndex: number | null;
  readonly text: string;
}

/** What the statements of the law make of leaf 0, folded by the checker itself. */
export interface FoldedLedger {
  readonly charter: Charter;
  readonly ledgerId: Uint8Array;
  readonly origin: string;
  readonly membership: Membership;
  readonly changes: readonly ChangeMade[];
  /** What no honest log of this kind could hold. */
  readonly faults: readonly LawFault[];
  /** Refused, and maybe for want of statements that the public is not shown. */
  readonly unjudged: readonly LawFault[];
  readonly streams: NumberStreams;
  /** Members’ statements that were read, in leaf order; signed as they should be. */
  readonly statements: readonly KnownLeaf[];
}

export type Folded =
  | { readonly ok: true; readonly value: FoldedLedger }
  /** Leaf 0 is there and founds nothing. */
  | { readonly ok: false; readonly faults: readonly LawFault[] };

/**
 * The fold from leaf 0. A statement that the members' own state machine would have refused is a
 * fault: it can only stand there because whoever keeps the log put it there.
 */
export function foldLedger({ leaves, isWhole }: ReadLeaves, native?: NativeVerify): Folded {
  const findings = new Findings();
  const { known, faults } = lawOf(leaves);
  const founded = judgeCharter(findings, known[0]?.index === 0 ? known[0] : undefined, native);
  if (founded === null) return { ok: false, faults: [...faults, ...failedOf(findings)] };
  judgeAcceptances(findings, founded, known, native);
  judgeOwnLedger(findings, founded, known);
  const fold = new Fold(founded, { isWhole, native });
  for (const leaf of known) if (leaf.index > 0) fold.take(leaf);
  const { charter, ledgerId, origin } = founded;
  const { membership, changes } = fold;
  return {
    ok: true,
    value: {
      charter,
      ledgerId,
      origin,
      membership,
      changes,
      faults: [...faults, ...failedOf(findings), ...fold.faults],
      unjudged: fold.unjudged,
      streams: numberStreamsOf(known, membership),
      statements: known,
    },
  };
}

/** Statements with an inline payload, batches aside, in leaf order. */
function lawOf(leaves: readonly ReadLeaf[]): { known: KnownLeaf[]; faults: LawFault[] } {
  const known: KnownLeaf[] = [];
  const faults: LawFault[] = [];
  for (const { leafIndex: index, entry } of [...leaves].sort((a, b) => a.leafIndex - b.leafIndex)) {
    const parsed = parseStatement(entry);
    if (!parsed.ok) {
      faults.push({ leafIndex: index, text: `is no statement of this format: ${parsed.code}` });
      continue;
    }
    const { payload } = parsed.value;
    if (payload.kind === 'inline' && payload.contentType !== MEDIA_BATCH) {
      known.push({ index, path: [], statement: parsed.value });
    }
  }
  return { known, faults };
}

function failedOf(findings: Findings): LawFault[] {
  const failed = findings.checks.filter(({ ok }) => !ok);
  return failed.map(({ text }) => ({ leafIndex: null, text }));
}

/**
 * Rests on statements of these types alone, all of them public. Others may rest on the registry: an
 * order about a device on the profile that it is bound to.
 */
const BY_MEMBERS: ReadonlySet<string> = new Set([
  MEDIA_PROPOSAL,
  MEDIA_ANSWER,
  MEDIA_EXCEPTION,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
]);

/** No profile bound, no device suspended, no such thing: as far as the registry was shown. */
const FOR_WANT_OF_REGISTRY: ReadonlySet<MembershipRefusal> = new Set([
  'not_empowered',
  'not_suspended',
  'target_unknown',
]);

/** What takes every member's word; rules and orders take what the charter says. */
const BY_ALL: ReadonlySet<MembershipEffect['kind']> = new Set([
  'admit',
  'exit',
  'expel',
  'charter',
  'key',
]);

class Fold {
  membership: Membership;
  readonly changes: ChangeMade[] = [];
  readonly faults: LawFault[] = [];
  readonly unjudged: LawFault[] = [];
  readonly #isWhole: boolean;
  readonly #registry = new Registry();
  readonly #ledger: KnownLedger;
  readonly #native: NativeVerify | undefined;
  /** Proposer and approvers by proposal id: the checker's own count beside the fold's. */
  readonly #words = new Map<
    string,
    { by: string; approvedBy: string[]; expelled: string | null }
  >();
  #clockMs: number;

  constructor(
    ledger: KnownLedger,
    given: { readonly isWhole: boolean; readonly native: NativeVerify | undefined },
  ) {
    this.#ledger = ledger;
    this.#isWhole = given.isWhole;
    this.#native = given.native;
    this.membership = ledger.membership;
    this.#clockMs = ledger.charter.logTimeMs;
  }

  take(leaf: KnownLeaf): void {
    const { index: leafIndex, statement } = leaf;
    const native = this.#native;
    if (signerOf(this.membership, leaf, { role: 'member', native }) === null) {
      this.#fault(leafIndex, `is not signed by a member of that time (${statement.iss})`);
      return;
    }
    this.#registry.take(statement);
    const { payload } = statement;
    if (payload.kind !== 'inline' || !isMembershipType(payload.contentType)) return;
    this.#listen(statement, payload.contentType);
    const before = this.membership;
    const result = applyMembership(before, {
      leafIndex,
      statement,
      ledgerId: this.#ledger.ledgerId,
      // Keys of devices need not be shown to the public; those of members the fold knows itself.
      isKeyKnown: () => false,
      native,
      // Whose a device is, and in which sector, is known where nothing is hidden.
      ownerOf: this.#isWhole ? (device) => this.#registry.ownerOf(device) : undefined,
      sensorOf: this.#isWhole ? (device, name) => this.#registry.sensorOf(device, name) : undefined,
    });
    if (!result.ok) {
      const text = `breaks the charter: ${result.code}, ${result.detail}`;
      if (this.#mayRestOnRegistry(payload.contentType, result.code)) {
        this.unjudged.push({ leafIndex, text });
      } else this.#fault(leafIndex, text);
      return;
    }
    const { logTimeMs, membership, effect } = result.value;
    if (logTimeMs < this.#clockMs - LOG_TIME_TOLERANCE_MS) {
      this.#fault(leafIndex, 'log time runs backwards');
    }
    this.#clockMs = Math.max(this.#clockMs, logTimeMs);
    this.membership = membership;
    if (effect !== null) this.#count(leafIndex, before, effect);
  }

  #mayRestOnRegistry(contentType: string, code: MembershipRefusal): boolean {
    return !this.#isWhole && !BY_MEMBERS.has(contentType) && FOR_WANT_OF_REGISTRY.has(code);
  }

  #fault(leafIndex: number, text: string): void {
    this.faults.push({ leafIndex, text });
  }

  #listen({ id, iss, payloadBytes }: Statement, contentType: string): void {
    if (contentType === MEDIA_PROPOSAL) {
      const proposal = parseProposal(payloadBytes);
      const change = proposal.ok ? proposal.value.change : null;
      const expelled = change?.kind === 'expel' ? change.member : null;
      this.#words.set(toHex(id), { by: iss, approvedBy: [iss], expelled });
    }
    if (contentType !== MEDIA_ANSWER) return;
    const answer = parseAnswer(payloadBytes);
    if (!answer.ok || answer.value.answer !== 'approve') return;
    this.#words.get(toHex(answer.value.proposalId))?.approvedBy.push(iss);
  }

  #count(leafIndex: number, before: Membership, effect: MembershipEffect): void {
    const { kind, member: about, proposalId, exceptions } = effect;
    const words = proposalId === null ? undefined : this.#words.get(toHex(proposalId));
    // An endpoint or a grant is the member's own word and changes nobody's power.
    if (words === undefined || !BY_ALL.has(kind)) return;
    const isOwnKeyTakenBack = this.membership.epoch === before.epoch;
    const asked = isOwnKeyTakenBack
      ? [words.by]
      : [...before.members.keys()].filter((iss) => iss !== words.expelled);
    const { by, approvedBy } = words;
    this.changes.push({ leafIndex, kind, about, by, approvedBy, asked, exceptions });
    const excused = exceptions.some((use) => use.kind === 'departure')
      ? asked
      : exceptions.filter((use) => use.kind === 'silent').map(({ member }) => member);
    const missing = asked.filter((iss) => !approvedBy.includes(iss) && !excused.includes(iss));
    if (missing.length > 0) {
      this.#fault(leafIndex, `${kind} took effect without the word of ${missing.join(', ')}`);
    }
  }
}
