import { encodeAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type Charter,
  encodeCharter,
  parseCharter,
} from '@truegrain/device-sdk/formats/charter.js';
import { type CoseKey, keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import { MEDIA_ACCEPTANCE, MEDIA_CHARTER } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeMemberCard, type MemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { recordKeys } from '@truegrain/device-sdk/formats/member-record.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { signStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Founding, FoundingParts } from './founding-file.ts';

/** Leaf 0 of an alliance: signed by the convener, with every founder's own record. */
export function convene(
  terms: Omit<Charter, 'founders'>,
  { cards, signer }: { cards: readonly MemberCard[]; signer: Signer },
): Result<FoundingParts, string> {
  const [convener] = cards;
  if (!convener) return fail('usage', 'no cards');
  if (!equal(keyThumbprint(convener.member.memberKey), signer.kid)) {
    return fail('usage', 'the first card is not the own one');
  }
  const stranger = cards.find(({ ledgerId }) => ledgerId !== null);
  if (stranger) return fail('card', `${stranger.member.name} applies to another ledger`);
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

/** Why the charter's record of this member is not its own; null where it is, key by key. */
export function recordFault(
  founding: Founding,
  iss: string,
  own: readonly CoseKey[],
): string | null {
  const founder = founding.charter.founders.find((one) => one.iss === iss);
  if (!founder) return `the charter does not name ${iss}`;
  const listed = recordKeys(founder).map(({ key }) => keyThumbprint(key));
  const mine = own.map(keyThumbprint);
  const same =
    listed.length === mine.length &&
    listed.every((kid, i) => equal(kid, mine[i] ?? kid.subarray(1)));
  return same ? null : 'the charter names other keys for this member than those in this folder';
}

/** The charter in words, as it is read before it is signed. */
export function charterWords({ charter }: Founding): string[] {
  const { responsible, quorum } = charter;
  return [
    `Charter of ${charter.ledgerName}`,
    ...charter.text.split('\n').map((line) => `  ${line}`),
    `  responsible: ${responsible.name}, ${responsible.organisation}, ${responsible.contact}`,
    'Members:',
    ...charter.founders.map((founder, i) => {
      const { scheme, value, evidence } = founder.legalId;
      const legal = scheme === 'none' ? 'no legal id' : `${scheme.toUpperCase()} ${value}`;
      const shown = evidence ? 'evidenced' : 'not evidenced: does not count as distinct';
      const votes = charter.validatorKinds.includes(founder.kind) ? 'votes' : 'does not vote';
      const role = i === 0 ? ', convener' : '';
      return `  ${founder.name} (${founder.iss}), ${founder.kind}${role}; ${votes}; ${legal}, ${shown}`;
    }),
    `A checkpoint needs ${quorum === 'two-thirds' ? 'more than two thirds of the members' : quorum} to cosign it.`,
    `Entry, exit, charter and keys change when all members have signed; silent for ${charter.answerTermDays} days of log time,`,
    '  a member may be counted as excepted by two thirds of the other evidenced organisations and every regulator.',
    `A member may leave alone after ${charter.noticeTermDays} days of notice. Expulsion: all but the expelled.`,
    `Contents are ${charter.disclosure === 'open' ? 'open to all members' : 'sealed: their owner decides'}; kept ${charter.retentionDays} days.`,
  ];
}
