// SPEC.md §4.1: what must hold between the fields of a charter.

/** @module charter-rules */
import { toHex } from './bytes.ts';
import type { Charter, Founder } from './charter.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';

/** Every key the charter registers, in the order it lists them. */
export function charterKeys(charter: Charter): CoseKey[] {
  return charter.founders.flatMap(founderKeys);
}

function founderKeys(founder: Founder): CoseKey[] {
  const { memberKey, logKey, cosigningKey, nodeKey, gatewayKeys } = founder;
  return [memberKey, logKey, cosigningKey, ...(nodeKey ? [nodeKey] : []), ...gatewayKeys];
}

/** What contradicts, in words; null when nothing does. */
export function charterContradiction(charter: Charter): string | null {
  const { founders, mode, quorum, ruleApprovals } = charter;
  if (mode === 'solo' && founders.length !== 1) return 'a solo ledger has one founder';
  if (mode === 'alliance' && founders.length < 2) return 'an alliance has two founders or more';
  if (quorum > founders.length) return 'the quorum exceeds the cosigners';
  if (ruleApprovals > founders.length) return 'a rule needs more approvals than there are members';
  if (!founders.some((founder) => charter.validatorKinds.includes(founder.kind))) {
    return 'no founder may validate';
  }
  if (!founders.some((founder) => founder.gatewayKeys.length > 0)) return 'no gateway key';
  if (mode === 'alliance' && founders.some(lacksNodeKey(charter))) {
    return 'a validator without a node key';
  }
  return twice(founders, charterKeys(charter));
}

function lacksNodeKey(charter: Charter): (founder: Founder) => boolean {
  return (founder) => founder.nodeKey === null && charter.validatorKinds.includes(founder.kind);
}

/** One key, one job: a key in two places would let one signature be taken for another. */
function twice(founders: readonly Founder[], keys: readonly CoseKey[]): string | null {
  if (new Set(keys.map((key) => toHex(keyThumbprint(key)))).size < keys.length) {
    return 'a key is listed twice';
  }
  if (new Set(founders.map((founder) => founder.iss)).size < founders.length) {
    return 'an issuer is listed twice';
  }
  const names = founders.map((founder) => founder.cosignerName);
  if (new Set(names).size < names.length) return 'a cosigner name is listed twice';
  const legal = founders.map((founder) => founder.legalId).filter((id) => id.scheme !== 'none');
  const ids = legal.map((id) => `${id.scheme} ${id.value}`);
  return new Set(ids).size < ids.length ? 'a legal-entity id is listed twice' : null;
}
