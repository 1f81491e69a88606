// SPEC.md §4.8: what a member proposes to all; it takes effect when all have signed.

/** @module proposal */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap } from './cose-key.ts';
import { type Fields, openFields } from './fields.ts';
import {
  GOVERNANCE_VERSION,
  MEMBER_KEY_ROLES,
  type MemberKeyRole,
  REASON_LENGTH_MAX,
  URI,
} from './governance.ts';
import { type Applicant, applicantEntries, readApplicant } from './member-card.ts';
import { PROOF_BYTES_MAX } from './possession-proof.ts';
import { type Profile, profileMap, readProfile } from './profile.ts';
import type { Result } from './result.ts';
import { RULE_ID, RULE_VERSION_MAX, type Rule, readRule, ruleMap } from './rule.ts';
import { sha256 } from './sha256.ts';
import { readTerms, type Terms, termsMap } from './terms.ts';

/** One key of the proposer's own: replaced, added or retired. */
export interface KeyChange {
  readonly kind: 'key';
  readonly member: string;
  readonly role: MemberKeyRole;
  /** kid of the key that ends. */
  readonly retire: Uint8Array | null;
  readonly add: CoseKey | null;
  /** Key proof by the new key, with this ledger's id and no record; null where there is none. */
  readonly proof: Uint8Array | null;
}

/** Of who the members are, by which terms and keys. */
export type MemberChange =
  | ({ readonly kind: 'admit' } & Applicant)
  | { readonly kind: 'exit'; readonly member: string }
  | { readonly kind: 'expel'; readonly member: string }
  | { readonly kind: 'charter'; readonly terms: Terms }
  | KeyChange;

/** Of what holds for readings: SPEC §10. */
export type LawChange =
  /** A new rule, or a rule's next version. */
  | { readonly kind: 'rule'; readonly rule: Rule }
  | {
      readonly kind: 'rule-end';
      readonly action: RuleEnd;
      readonly id: string;
      readonly version: number;
    }
  | { readonly kind: 'profile'; readonly profile: Profile };

export type Change = MemberChange | LawChange;

export const CHANGE_KINDS = [
  'admit',
  'exit',
  'expel',
  'charter',
  'key',
  'rule',
  'rule-end',
  'profile',
] as const;

export const RULE_ENDS = ['suspend', 'resume', 'retire'] as const;
export type RuleEnd = (typeof RULE_ENDS)[number];

export interface Proposal {
  readonly logTimeMs: number;
  /** Number of changes the ledger had seen when it was made: for another one it is stale. */
  readonly epoch: number;
  readonly reason: string;
  readonly change: Change;
}

export function encodeProposal(proposal: Proposal): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', proposal.logTimeMs],
      ['epoch', proposal.epoch],
      ['reason', proposal.reason],
      ['change', changeMap(proposal.change)],
    ]),
  );
}

/** SHA-256 of the change's own map: what a member read when it answered. */
export function changeDigest(change: Change): Uint8Array {
  return sha256(encodeCbor(changeMap(change)));
}

function changeMap(change: Change): CborMap {
  return new Map<CborKey, CborValue>([['kind', change.kind], ...changeEntries(change)]);
}

function changeEntries(change: Change): [CborKey, CborValue][] {
  switch (change.kind) {
    case 'admit':
      return applicantEntries(change);
    case 'charter':
      return [['terms', termsMap(change.terms)]];
    case 'rule':
      return [['rule', ruleMap(change.rule)]];
    case 'rule-end':
      return [
        ['action', change.action],
        ['id', change.id],
        ['version', change.version],
      ];
    case 'profile':
      return [['profile', profileMap(change.profile)]];
    case 'key':
      return [
        ['member', change.member],
        ['role', change.role],
        ['retire', change.retire],
        ['add', change.add ? coseKeyMap(change.add) : null],
        ['proof', change.proof],
      ];
    default:
      return [['member', change.member]];
  }
}

export function parseProposal(bytes: Uint8Array): Result<Proposal> {
  const opened = openFields(bytes, 'proposal');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    epoch: fields.uint('epoch'),
    reason: fields.prose('reason', { max: REASON_LENGTH_MAX }),
    change: readChange(fields.map('change')),
  });
}

function readChange(fields: Fields): Change {
  const kind = fields.oneOf('kind', CHANGE_KINDS);
  const change = readKind(fields, kind);
  fields.close();
  return change;
}

function readKind(fields: Fields, kind: Change['kind']): Change {
  switch (kind) {
    case 'admit':
      return { kind, ...readApplicant(fields) };
    case 'charter': {
      const inner = fields.map('terms');
      const terms = readTerms(inner);
      inner.close();
      return { kind, terms };
    }
    case 'rule':
      return { kind, rule: readRule(fields.map('rule')) };
    case 'rule-end':
      return {
        kind,
        action: fields.oneOf('action', RULE_ENDS),
        id: fields.text('id', { pattern: RULE_ID }),
        version: fields.uint('version', { min: 1, max: RULE_VERSION_MAX }),
      };
    case 'profile':
      return { kind, profile: readProfile(fields.map('profile')) };
    case 'key':
      return readKeyChange(fields);
    default:
      return { kind, member: fields.text('member', { pattern: URI }) };
  }
}

function readKeyChange(fields: Fields): KeyChange {
  const member = fields.text('member', { pattern: URI });
  const role = fields.oneOf('role', MEMBER_KEY_ROLES);
  const retire = fields.digestOrNull('retire');
  const isOkp = role === 'log' || role === 'cosigner' || role === 'node';
  const add = fields.isNull('add') ? null : fields.key('add', isOkp ? 'Ed25519' : null);
  const proof = fields.isNull('proof') ? null : fields.bytes('proof', { max: PROOF_BYTES_MAX });
  if (retire === null && add === null) fields.odd('add', 'nothing retired and nothing added');
  if ((add === null) !== (proof === null)) fields.odd('proof', 'a key and its proof go together');
  return { kind: 'key', member, role, retire, add, proof };
}
