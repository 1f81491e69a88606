import { encodeAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type Charter,
  encodeCharter,
  parseCharter,
} from '@truegrain/device-sdk/formats/charter.js';
import { keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import { MEDIA_ACCEPTANCE, MEDIA_CHARTER } from '@truegrain/device-sdk/formats/media-types.js';
import {
  encodeMemberCard,
  type MemberCard,
  verifyMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import {
  type Founder,
  recordDigest,
  recordKeys,
} from '@truegrain/device-sdk/formats/member-record.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { parseStatement, signStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Founding, FoundingParts } from './founding-file.ts';
import { applyGovernance } from './ledger/apply-governance.ts';
import { emptyState } from './ledger/state.ts';

/** Leaf 0 of an alliance: signed by the convener, with every founder's own record. */
export function convene(
  terms: Omit<Charter, 'founders'>,
  { cards, signer }: { cards: readonly MemberCard[]; signer: Signer },
): Result<FoundingParts, string> {
  const [convener] = cards;
  if (!convener) return fail('card', 'there are no cards');
  if (!equal(keyThumbprint(convener.member.memberKey), signer.kid)) {
    return fail('card', 'the first card is not this folder’s own');
  }
  const bound = cards.find(({ ledgerId }) => ledgerId !== null);
  if (bound) return fail('card', `${bound.member.name} applies to a ledger that exists`);
  const shared = addressTwice(cards);
  if (shared !== null) return fail('card', shared);
  const bytes = encodeCharter({ ...terms, founders: cards.map(({ member }) => member) });
  const parsed = parseCharter(bytes);
  if (!parsed.ok) return fail(parsed.code, parsed.detail);
  const { iss } = convener.member;
  const payload = { kind: 'inline' as const, contentType: MEDIA_CHARTER, bytes };
  const iat = Math.floor(terms.logTimeMs / 1000);
  const fixed = { seq: 1, prev: null, ledgerId: null, device: null };
  const statement = signStatement({ iss, sub: terms.ledgerName, iat, payload, ...fixed }, signer);
  return ok({ charter: statement.bytes, acceptances: [], cards: cards.map(encodeMemberCard) });
}

/** Two members behind one door, engine or CA could not be told apart. */
function addressTwice(cards: readonly MemberCard[]): string | null {
  for (const [i, { member, endpoint }] of cards.entries()) {
    for (const { member: before, endpoint: other } of cards.slice(0, i)) {
      const { http, p2p, nodeId, ca } = endpoint;
      const isShared =
        http === other.http ||
        (p2p !== null && p2p === other.p2p) ||
        (nodeId !== null && other.nodeId !== null && equal(nodeId, other.nodeId)) ||
        equal(ca, other.ca);
      if (isShared) return `${before.name} and ${member.name} share an address, node id or CA`;
    }
  }
  return null;
}

/** A founder's acceptance: its first statement, over this very charter. */
export function acceptCharter(
  founding: Founding,
  { iss, signer, nowMs }: { iss: string; signer: Signer; nowMs: number },
): Uint8Array {
  const logTimeMs = Math.max(nowMs, founding.genesisTimeMs);
  const bytes = encodeAcceptance({ logTimeMs, charterId: founding.charterStatement.id });
  const payload = { kind: 'inline' as const, contentType: MEDIA_ACCEPTANCE, bytes };
  const sub = founding.charter.ledgerName;
  const iat = Math.floor(logTimeMs / 1000);
  const { ledgerId } = founding;
  const fields = { iss, sub, iat, payload, seq: 1, prev: null, ledgerId, device: null };
  return signStatement(fields, signer).bytes;
}

/**
 * What keeps these parts from being a ledger's first leaves, in words; null when nothing does: the
 * state machine takes every entry, and each founder's card is whole and says what the charter says.
 */
export function foundingFault(founding: Founding, native?: NativeVerify): string | null {
  const { charter, cards, entries } = founding;
  if (charter.mode !== 'alliance') return 'the charter is of a solo ledger';
  if (cards.length !== charter.founders.length) return 'not one card a founder';
  for (const [i, founder] of charter.founders.entries()) {
    const card = cards[i];
    if (!card || !equal(recordDigest(card.member), recordDigest(founder))) {
      return `the charter says other things of ${founder.name} than its card`;
    }
    if (card.ledgerId !== null) return `the card of ${founder.name} is for another ledger`;
    const verified = verifyMemberCard(card, native);
    if (!verified.ok) return `the card of ${founder.name}: ${verified.code}: ${verified.detail}`;
  }
  const shared = addressTwice(cards);
  if (shared !== null) return shared;
  const state = emptyState();
  for (const [i, entry] of entries.entries()) {
    const statement = parseStatement(entry);
    const applied = statement.ok ? applyGovernance(state, statement.value, native) : statement;
    if (!applied.ok) return `leaf ${i}: ${applied.code}: ${applied.detail}`;
  }
  return null;
}

/** Why the charter's record of this member is not its own; null where it is, byte for byte. */
export function recordFault({ charter }: Founding, own: Founder): string | null {
  const founder = charter.founders.find(({ iss }) => iss === own.iss);
  if (!founder) return `the charter does not name ${own.iss}`;
  const listed = recordKeys(founder);
  const mine = recordKeys(own);
  for (let i = 0; i < Math.max(listed.length, mine.length); i++) {
    const [theirs, ours] = [listed[i], mine[i]];
    const isSame =
      theirs &&
      ours &&
      equal(keyThumbprint(theirs.key), keyThumbprint(ours.key)) &&
      theirs.role === ours.role;
    if (isSame) continue;
    const role = (theirs ?? ours)?.role;
    return `the charter names another ${role} key for this member than the one in this folder`;
  }
  if (equal(recordDigest(founder), recordDigest(own))) return null;
  return 'the charter says other things of this member (name, kind, legal id) than its own card';
}
