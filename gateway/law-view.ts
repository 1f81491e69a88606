import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  editionAt,
  governs,
  type Law,
  type OrderRecord,
  type RuleRecord,
} from '@truegrain/device-sdk/formats/law-state.js';
import { differencesOf } from './examination/differences.ts';
import type {
  LawRegistry,
  LawView,
  OrderView,
  OverdueExamination,
  RuleView,
} from './http/law-backend.ts';

/** The law as it is shown to everybody; what only the log says, so the same on every member. */
export function lawView(
  law: Law,
  size: number,
  overdueExaminations: readonly OverdueExamination[] = [],
): LawView {
  return {
    edition: editionAt(law, size),
    rules: [...law.rules.values()].map((record) => ruleView(record, size)),
    profiles: [...law.profiles.values()].map(({ profile, leafIndex }) => ({ profile, leafIndex })),
    orders: [...law.orders.values()].map(orderView),
    filings: [...law.filings.values()].map(({ logTimeMs: _, ...filing }) => filing),
    examinations: [...law.examinations.values()].map((report) => {
      const { by, leafIndex, logTimeMs, size: of, seen, own } = report;
      return { by, leafIndex, logTimeMs, size: of, seen: { ...seen, root: toHex(seen.root) }, own };
    }),
    differences: differencesOf(law.examinations.values()),
    overdueExaminations,
  };
}

function ruleView(record: RuleRecord, size: number): RuleView {
  const { rule, digest, by, approvedBy, enactedLeaf, fromLeaf, untilLeaf, pauses } = record;
  const status = statusOf(record, size);
  const span = { enactedLeaf, fromLeaf, untilLeaf, pauses };
  return { rule, digest: toHex(digest), status, by, approvedBy, ...span };
}

/** For the next leaf. */
function statusOf(record: RuleRecord, size: number): RuleView['status'] {
  if (governs(record, size)) return 'in force';
  if (record.fromLeaf > size) return 'not yet';
  return record.ended ?? 'suspended';
}

export function orderView({ id, order, leafIndex, by, appeals, liftedBy }: OrderRecord): OrderView {
  return {
    id: toHex(id),
    leafIndex,
    by,
    ...order,
    appeals: appeals.map((appeal) => ({
      ...appeal,
      id: toHex(appeal.id),
      document: appeal.document && toHex(appeal.document),
    })),
    liftedBy,
  };
}

export function lawRegistry(law: Law): LawRegistry {
  return {
    bindings: [...law.bindings].flatMap(([device, made]) =>
      made.slice(-1).map((binding) => ({ device, ...binding })),
    ),
    calibrations: [...law.calibrations.values()].map((record) => {
      return { ...record, digest: toHex(record.digest) };
    }),
    inspections: [...law.inspections.values()].flat(),
    suspendedDevices: [...law.suspendedDevices].map(([device, order]) => ({ device, order })),
    suspendedMembers: [...law.suspendedMembers].map(([member, order]) => ({ member, order })),
  };
}
