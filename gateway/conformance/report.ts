import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { CRITERIA } from './criteria.ts';
import type { Finding, Severity } from './criterion.ts';
import type { SourceKind } from './ledger-source.ts';
import { type VerdictName, verdictOf } from './verdict.ts';
import type { View } from './view.ts';

/** As `--json` prints it; criteria.md documents it, and `v` rises when a reader could break. */
export interface ConformanceReport {
  readonly v: 1;
  readonly verdict: VerdictName;
  readonly reasons: readonly string[];
  readonly checkedAt: string;
  readonly subject: {
    readonly where: string;
    readonly kind: SourceKind;
    readonly origin: string | null;
    readonly ledgerId: string | null;
    readonly size: number | null;
    readonly root: string | null;
  };
  readonly trust: readonly ('policy' | 'ledger id')[];
  /** Keepers that the ledger shows of itself, and organisations that evidence shows to be distinct. */
  readonly presented: number;
  readonly evidenced: number;
  readonly criteria: readonly CriterionReport[];
  readonly exceptions: readonly {
    readonly leafIndex: number;
    readonly kind: string;
    readonly member: string;
  }[];
  readonly timings: readonly {
    readonly name: string;
    readonly count: number;
    readonly failed: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  }[];
  readonly notShown: readonly string[];
}

export interface CriterionReport extends Finding {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
}

export function reportOf(view: View, checkedAt: Date): ConformanceReport {
  const judged = CRITERIA.map((criterion) => ({ criterion, finding: criterion.judge(view) }));
  const { verdict, presented, reasons } = verdictOf(view, judged);
  const { checkpoint, law, trust, independence, timings } = view;
  const body = checkpoint.seen ? checkpoint.value.body : null;
  return {
    v: 1,
    verdict,
    reasons,
    checkedAt: checkedAt.toISOString(),
    subject: {
      ...{ where: view.source.where, kind: view.source.kind },
      origin: body?.origin ?? null,
      ledgerId: law?.ok ? toHex(law.value.ledgerId) : null,
      size: body?.size ?? null,
      root: body && toHex(body.root),
    },
    trust: [
      ...(trust.policy ? ['policy' as const] : []),
      ...(trust.ledgerId ? ['ledger id' as const] : []),
    ],
    presented,
    evidenced: independence?.evidenced.length ?? 0,
    criteria: judged.map(({ criterion: { id, title, severity }, finding }) => {
      return { id, title, severity, ...finding };
    }),
    exceptions: law?.ok
      ? law.value.membership.exceptions.map(({ leafIndex, kind, member }) => ({
          leafIndex,
          kind,
          member,
        }))
      : [],
    timings: timings.seen ? timings.value.map(rounded) : [],
    notShown: NOT_SHOWN,
  };
}

const rounded = ({ p50Ms, p95Ms, ...rest }: ConformanceReport['timings'][number]) => {
  return { ...rest, p50Ms: Number(p50Ms.toFixed(1)), p95Ms: Number(p95Ms.toFixed(1)) };
};

/** True of every run, so it is said in every report. */
const NOT_SHOWN: readonly string[] = [
  'That an organisation is who it says: the log holds digests of documents, and nobody here has read the documents.',
  'That distinct organisations are independent of each other: owners, staff and contracts stand in no log.',
  'That a value is true: a signature says who signed, a grade how the reading came about.',
  'That the same was shown to others: this is what was shown to this checker, at this time.',
];
