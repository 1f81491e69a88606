import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { parseRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { BreachPage, BreachView, DisagreementView } from '../http/law-backend.ts';
import type { RulingRow } from '../store/fold.ts';
import type { ReadContext } from './read-context.ts';

/** Rules that statements broke, batch by batch; a batch is never cut in two. */
export function breachPage(context: ReadContext, fromLeaf: number, limit: number): BreachPage {
  const { fold } = context.store;
  const rows = fold.rulingsFrom(fromLeaf, limit + 1);
  const last = rows.length > limit ? (rows.at(-1)?.batchLeaf ?? null) : null;
  const whole = last === null ? rows : rows.filter(({ batchLeaf }) => batchLeaf < last);
  // One batch with more rulings than the page has room for is the page.
  const shown = whole.length > 0 || last === null ? whole : fold.rulingsOfBatch(last);
  const next = last === null ? null : whole.length > 0 ? last : last + 1;
  return { breaches: shown.map((row) => breachView(context, row)), next };
}

export function breachesOf(context: ReadContext, statementId: Uint8Array): BreachView[] {
  return context.store.fold.rulingsOf(statementId).map((row) => breachView(context, row));
}

function breachView(context: ReadContext, row: RulingRow): BreachView {
  const { store, state } = context;
  const { id, rule, version, batchLeaf } = row;
  const record = state().membership?.law.rules.get(ruleKey({ id: rule, version }));
  if (!record) throw new Error(`${rule}@${version} was never in force`);
  const { title, legalBasis, responsible, effect } = record.rule;
  const leafIndex = store.leaves.find(id);
  const pack = leafIndex === null ? null : store.packs.row(leafIndex);
  return {
    statementId: toHex(id),
    leafIndex,
    batchLeaf,
    device: pack ? (state().keys[pack.keyNo]?.iss ?? null) : null,
    subject: pack ? store.packs.subjectText(pack.subjectNo) : null,
    firstMs: pack?.firstMs ?? null,
    lastMs: pack?.lastMs ?? null,
    rule,
    version,
    title,
    legalBasis,
    responsible,
    effect,
    attestedBy: statementAt(context, batchLeaf)?.iss ?? '',
  };
}

/** What members that hold the contents found otherwise, oldest first. */
export function disagreements(context: ReadContext): DisagreementView[] {
  const { store, state } = context;
  const leaves = store.fold.leavesOfKinds(['rule-finding'], state().size);
  return leaves.flatMap((leafIndex) => {
    const statement = statementAt(context, leafIndex);
    const finding = statement ? parseRuleFinding(statement.payloadBytes) : null;
    if (!statement || !finding?.ok) return [];
    const { rule, version, attested, found, text, statementId, leafIndex: about } = finding.value;
    const record = state().membership?.law.rules.get(ruleKey({ id: rule, version }));
    const { iss: by, id } = statement;
    return [
      {
        id: toHex(id),
        by,
        leafIndex,
        about: { leafIndex: about, statementId: toHex(statementId) },
        rule,
        version,
        responsible: record?.rule.responsible ?? null,
        attested,
        found,
        text,
      },
    ];
  });
}

export function statementAt({ store }: ReadContext, leafIndex: number): Statement | null {
  const entry = store.leaves.entry(leafIndex);
  const parsed = entry ? parseStatement(entry) : null;
  return parsed?.ok ? parsed.value : null;
}
