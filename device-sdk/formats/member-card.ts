// SPEC.md §4.9: the file an organisation brings to become a member (`.tgcard`).

/** @module member-card */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type Endpoint, endpointMap, readEndpoint } from './endpoint.ts';
import { type Fields, openFields } from './fields.ts';
import { GOVERNANCE_VERSION } from './governance.ts';
import { makeKeyProof, verifyKeyProof } from './key-proof.ts';
import {
  type Founder,
  GATEWAY_KEYS_MAX,
  memberRecordMap,
  readMemberRecord,
  recordDigest,
  recordKeys,
} from './member-record.ts';
import { PROOF_BYTES_MAX } from './possession-proof.ts';
import { fail, ok, type Refused, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

/** What an admission proposal repeats of a card. */
export interface Applicant {
  readonly member: Founder;
  readonly endpoint: Endpoint;
  /** One key proof per key of the record: member, log, cosigner, node if there is one, gateways. */
  readonly proofs: readonly Uint8Array[];
}

export interface MemberCard extends Applicant {
  /**
   * The ledger it asks to join: the member key's proof is its consent. Null at the founding, where
   * the acceptance of the charter is.
   */
  readonly ledgerId: Uint8Array | null;
}

export const CARD_EXTENSION = '.tgcard';
export const CARD_BYTES_MAX = 131_072;
const FIXED_KEYS = 4;

/** `signers` in the order of `recordKeys`; throws TypeError where one is not that key's (a bug). */
export function makeMemberCard(
  card: Omit<MemberCard, 'proofs'>,
  signers: readonly Signer[],
): MemberCard {
  const { member, ledgerId } = card;
  const record = recordDigest(member);
  const proofs = recordKeys(member).map(({ role }, i) => {
    const signer = signers[i];
    if (signer === undefined) throw new TypeError(`no signer for key ${i}, ${role}`);
    return makeKeyProof(signer, { iss: member.iss, role, ledgerId, record });
  });
  const made = { ...card, proofs };
  const verified = verifyMemberCard(made);
  if (!verified.ok) throw new TypeError(`not a card: ${verified.detail}`);
  return made;
}

export function applicantEntries(applicant: Applicant): [string, CborValue][] {
  return [
    ['member', memberRecordMap(applicant.member)],
    ['endpoint', endpointMap(applicant.endpoint)],
    ['proofs', [...applicant.proofs]],
  ];
}

/** Takes the applicant's fields from a map that may have others. */
export function readApplicant(fields: Fields): Applicant {
  const inner = fields.map('endpoint');
  const endpoint = readEndpoint(inner);
  inner.close();
  const max = FIXED_KEYS + GATEWAY_KEYS_MAX;
  return {
    member: readMemberRecord(fields.map('member')),
    endpoint,
    proofs: fields.byteStrings('proofs', { min: 3, max }, PROOF_BYTES_MAX),
  };
}

export function encodeMemberCard(card: MemberCard): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['ledgerId', card.ledgerId],
      ...applicantEntries(card),
    ]),
  );
}

/** Form only; `verifyMemberCard` has the rest. */
export function parseMemberCard(bytes: Uint8Array): Result<MemberCard> {
  if (bytes.length > CARD_BYTES_MAX) return fail('card_too_large', `${bytes.length} bytes`);
  const opened = openFields(bytes, 'member card');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const ledgerId = fields.digestOrNull('ledgerId');
  return fields.finish({ ...readApplicant(fields), ledgerId });
}

/** Every key is sound, held by whoever made the card, and meant for this record and this ledger. */
export function verifyMemberCard(card: MemberCard, native?: NativeVerify): Result<MemberCard> {
  return proofsFault(card, card.ledgerId, native) ?? ok(card);
}

/** What is wrong with the proofs of an applicant to this ledger; null when all hold. */
export function proofsFault(
  { member, proofs }: Applicant,
  ledgerId: Uint8Array | null,
  native?: NativeVerify,
): Refused | null {
  const keys = recordKeys(member);
  if (proofs.length !== keys.length) {
    return fail('proof_mismatch', `${proofs.length} proofs for ${keys.length} keys`);
  }
  const { iss } = member;
  const record = recordDigest(member);
  for (const [i, { role, key }] of keys.entries()) {
    const proof = proofs[i] ?? new Uint8Array(0);
    const verified = verifyKeyProof(proof, { iss, role, key, ledgerId, record }, native);
    if (!verified.ok) return fail(verified.code, `key ${i}, ${role}: ${verified.detail}`);
  }
  return null;
}
