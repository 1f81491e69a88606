import type { ConformanceReport, CriterionReport } from './report.ts';

type Out = (line: string) => void;

/** Names come from whoever wrote the log: no escape sequence or text direction gets to a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export const HEADLINE = {
  'alliance chain': 'ALLIANCE CHAIN',
  'private chain': 'PRIVATE CHAIN: one party’s word',
  'pseudo-chain': 'PSEUDO-CHAIN: it is not what it presents',
  undecided: 'UNDECIDED: too little was shown to say',
} as const;

export const TRUST_WORDS = {
  policy: 'the log and witness keys in your policy file',
  'ledger id': 'the ledger id you gave, and by it the keys its charter names',
} as const;

const MARK = { passed: 'ok      ', failed: 'FAILED  ', 'not seen': 'not seen' } as const;

/** For a layman and a court: the verdict, why, and criterion by criterion what was seen. */
export function printConformance(report: ConformanceReport, line: Out): void {
  const out: Out = (text) => line(text.replace(UNPRINTABLE, '?'));
  const { verdict, subject, presented, evidenced } = report;
  out(HEADLINE[verdict]);
  out(`Ledger:  ${subject.origin ?? 'unnamed'} at ${subject.where}`);
  out(`Trusted: ${trustWords(report)}`);
  out(`Keepers: ${presented} presented, ${evidenced} of them evidenced, distinct organisations`);
  printSection('Why', report.reasons, out);
  out('');
  out('Criteria');
  for (const criterion of report.criteria) printCriterion(criterion, out);
  printSection(
    'What this does not show',
    report.notShown.map((text) => `- ${text}`),
    out,
  );
}

export function trustWords({ trust }: ConformanceReport): string {
  if (trust.length === 0) return 'nothing: a SCITT service has no policy of this kind';
  return trust.map((one) => TRUST_WORDS[one]).join('; ');
}

function printSection(title: string, lines: readonly string[], out: Out): void {
  if (lines.length === 0) return;
  out('');
  out(title);
  for (const text of lines) out(`  ${text}`);
}

function printCriterion(criterion: CriterionReport, out: Out): void {
  const { id, title, severity, outcome, summary, evidence, notSeen } = criterion;
  out(`  ${MARK[outcome]} ${id} ${title} (${severity})`);
  out(`           ${summary}`);
  for (const text of evidence) out(`           · ${text}`);
  for (const text of notSeen) out(`           not seen: ${text}`);
}
