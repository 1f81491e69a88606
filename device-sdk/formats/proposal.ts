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
import type { Result } from './result.ts';
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

export type Change =
  | ({ readonly kind: 'admit' } & Applicant)
  | { readonly kind: 'exit'; readonly member: string }
  | { readonly kind: 'expel'; readonly member: string }
  | { readonly kind: 'charter'; readonly terms: Terms }
  | KeyChange;

export const CHANGE_KINDS = ['admit', 'exit', 'expel', 'charter', 'key'] as const;

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

function changeMap(change: Change): CborMap {
  return new Map<CborKey, CborValue>([['kind', change.kind], ...changeEntries(change)]);
}

function changeEntries(change: Change): [CborKey, CborValue][] {
  switch (change.kind) {
    case 'admit':
      return applicantEntries(change);
    case 'charter':
      return [['terms', termsMap(change.terms)]];
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
