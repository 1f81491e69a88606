import type { Batch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { editionAt, governs, nextEdition } from '@truegrain/device-sdk/formats/law-state.js';
import { fail, type Refused } from '@truegrain/device-sdk/formats/result.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { BatchBlock, BlockRefusal } from './apply-batch.ts';
import type { LedgerState } from './state.ts';

/**
 * Edition under which a batch at the state's position is judged; null in a ledger that has neither
 * law in its charter nor a rule, whose batches name none.
 */
export function editionOf({ membership, charter, size }: LedgerState): number | null {
  if (!membership) return null;
  const { law } = membership;
  return charter?.law || law.editions.length > 0 ? editionAt(law, size) : null;
}

/** How many leaves from the state's position on have that edition; no batch spans two. */
export function leavesUnderEdition({ membership, size }: LedgerState): number {
  const next = membership ? nextEdition(membership.law, size) : null;
  return next === null ? Number.POSITIVE_INFINITY : next - size;
}

/**
 * Verdicts under rules rest on content, so consensus does not repeat them; what it holds a gateway to
 * is that it judged by the rules in force at this very place, and names rules that exist.
 */
export function lawFault(
  state: LedgerState,
  { facts }: BatchBlock,
  body: Batch,
): Refused<BlockRefusal> | null {
  const edition = editionOf(state);
  if (body.edition !== edition) {
    return fail('stale_batch', `judged under edition ${body.edition} of the law, it is ${edition}`);
  }
  if (facts.length > leavesUnderEdition(state)) {
    return fail('stale_batch', 'another edition of the law begins inside the batch');
  }
  if (body.rulings.length === 0) return ruleless(body);
  return rulingFault(state, facts, body);
}

function ruleless({ refusals }: Batch): Refused<BlockRefusal> | null {
  const unnamed = refusals.find(({ code }) => code === 'rule');
  return unnamed ? fail('malformed', `${toHex(unnamed.id)}: refused by no rule`) : null;
}

function rulingFault(
  { membership, size }: LedgerState,
  facts: BatchBlock['facts'],
  { rulings, refusals }: Batch,
): Refused<BlockRefusal> | null {
  const accepted = new Set(facts.map(({ id }) => toHex(id)));
  const refused = new Set(
    refusals.filter(({ code }) => code === 'rule').map(({ id }) => toHex(id)),
  );
  const explained = new Set<string>();
  for (const ruling of rulings) {
    const id = toHex(ruling.id);
    const key = ruleKey({ id: ruling.rule, version: ruling.version });
    const record = membership?.law.rules.get(key);
    if (!record || !governs(record, size)) {
      return fail('stale_batch', `${id}: ${key} is not in force`);
    }
    const among = record.rule.effect === 'refuse' ? refused : accepted;
    if (!among.has(id))
      return fail('malformed', `${id}: a ruling of ${key} about another statement`);
    explained.add(id);
  }
  const unnamed = [...refused].find((id) => !explained.has(id));
  return unnamed === undefined ? null : fail('malformed', `${unnamed}: refused by no rule`);
}
