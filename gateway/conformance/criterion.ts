import type { View } from './view.ts';

export type Severity = 'fatal' | 'major' | 'minor' | 'information';

/** Not seen is its own answer: it is named, and never counted as passed. */
export type Outcome = 'passed' | 'failed' | 'not seen';

export interface Finding {
  readonly outcome: Outcome;
  /** One sentence that says what was found. */
  readonly summary: string;
  readonly evidence: readonly string[];
  /** What would have been looked at and was not shown, also where the rest sufficed. */
  readonly notSeen: readonly string[];
}

/** As in criteria.md, which says why and how; a test holds the two against each other. */
export interface Criterion {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** It holds for any log: a ledger that fails is no chain, whoever keeps it. */
  readonly isIntegrity: boolean;
  /** Unseen, it leaves open whether this is an alliance chain. */
  readonly mustBeSeen: boolean;
  readonly judge: (view: View) => Finding;
}

export function finding(
  outcome: Outcome,
  summary: string,
  more: { evidence?: readonly string[]; notSeen?: readonly string[] } = {},
): Finding {
  return { outcome, summary, evidence: more.evidence ?? [], notSeen: more.notSeen ?? [] };
}

export function notSeen(summary: string, ...what: readonly string[]): Finding {
  return finding('not seen', summary, { notSeen: what });
}

/** What every criterion of the law says of a log that has none. */
export const NO_CHARTER = 'no charter was seen, so there is no law to judge by';
