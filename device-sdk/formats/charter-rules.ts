// SPEC.md §4.1: what must hold between terms and members, and among the members' names and keys.

/** @module charter-rules */
import { toHex } from './bytes.ts';
import type { Charter } from './charter.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';
import type { MemberKind } from './governance.ts';
import { type LegalId, recordKeys } from './member-record.ts';
import { lawContradiction } from './supervision.ts';
import type { Terms } from './terms.ts';

/** Every key the charter registers, in the order it lists them. */
export function charterKeys(charter: Charter): CoseKey[] {
  return charter.founders.flatMap(recordKeys).map(({ key }) => key);
}

/** What contradicts, in words; null when nothing does. */
export function charterContradiction(charter: Charter): string | null {
  const { founders, mode } = charter;
  if (mode === 'alliance' && founders.length < 2) return 'an alliance has two founders or more';
  if (!founders.some((founder) => founder.gatewayKeys.length > 0)) return 'no gateway key';
  const staff = founders.map(({ kind, nodeKey }) => ({ kind, hasNode: nodeKey !== null }));
  // One key, one job: a key in two places would let one signature be taken for another.
  const keys = charterKeys(charter).map((key) => toHex(keyThumbprint(key)));
  if (new Set(keys).size < keys.length) return 'a key is listed twice';
  return (
    termsContradiction(charter, staff) ?? lawContradiction(charter, founders) ?? nameTwice(founders)
  );
}

/**
 * Also for terms that change later. Then an alliance may be down to one member: its others have
 * left, or it was a solo ledger and is yet to admit them.
 */
export function termsContradiction(
  terms: Terms,
  members: readonly { readonly kind: MemberKind; readonly hasNode: boolean }[],
): string | null {
  const { mode, quorum, ruleApprovals, validatorKinds } = terms;
  if (mode === 'solo' && members.length !== 1) return 'a solo ledger has one member';
  if (typeof quorum === 'number' && quorum > members.length) {
    return 'the quorum exceeds the cosigners';
  }
  if (ruleApprovals > members.length) return 'a rule needs more approvals than there are members';
  const validators = members.filter(({ kind }) => validatorKinds.includes(kind));
  if (validators.length === 0) return 'no member may validate';
  if (mode === 'alliance' && validators.some(({ hasNode }) => !hasNode)) {
    return 'a validator without a node key';
  }
  return null;
}

/** Who a member is must tell it from every other member. */
export function nameTwice(
  members: readonly {
    readonly iss: string;
    readonly cosignerName: string;
    readonly legalId: LegalId;
  }[],
): string | null {
  if (isTwice(members.map(({ iss }) => iss))) return 'an issuer is listed twice';
  if (isTwice(members.map(({ cosignerName }) => cosignerName))) {
    return 'a cosigner name is listed twice';
  }
  const legal = members.map(({ legalId }) => legalId).filter(({ scheme }) => scheme !== 'none');
  const ids = legal.map(({ scheme, value }) => `${scheme} ${value}`);
  return isTwice(ids) ? 'a legal-entity id is listed twice' : null;
}

function isTwice(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length;
}
