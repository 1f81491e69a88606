import type { Criterion, Finding } from './criterion.ts';
import { presentedKeepers } from './parties.ts';
import type { View } from './view.ts';

export type VerdictName = 'alliance chain' | 'private chain' | 'pseudo-chain' | 'undecided';

export interface Judged {
  readonly criterion: Criterion;
  readonly finding: Finding;
}

export interface ChainVerdict {
  readonly verdict: VerdictName;
  /** Keepers that the ledger shows of itself. */
  readonly presented: number;
  readonly reasons: readonly string[];
}

/**
 * As criteria.md has it: what is broken is a pseudo-chain whoever keeps it; what one party keeps,
 * and shows as one party's, is a private chain; what shows several keepers has to be what it shows.
 */
export function verdictOf(view: View, judged: readonly Judged[]): ChainVerdict {
  const presented = presentedKeepers(view);
  const fatal = judged.filter(({ criterion }) => criterion.severity === 'fatal');
  const failed = fatal.filter(({ finding }) => finding.outcome === 'failed');
  const broken = failed.filter(({ criterion }) => criterion.isIntegrity);
  if (broken.length > 0) return { verdict: 'pseudo-chain', presented, reasons: reasonsOf(broken) };
  const open = fatal.filter(
    ({ criterion, finding }) => criterion.mustBeSeen && finding.outcome === 'not seen',
  );
  if (presented <= 1) {
    const lacking = reasonsOf([...failed, ...open]).map((one) => `not an alliance chain: ${one}`);
    const reasons = [keeperWords(view), ...lacking];
    return { verdict: 'private chain', presented, reasons };
  }
  if (failed.length > 0) {
    const reasons = [`${presented} keepers are presented`, ...reasonsOf(failed)];
    return { verdict: 'pseudo-chain', presented, reasons };
  }
  if (open.length > 0) return { verdict: 'undecided', presented, reasons: reasonsOf(open) };
  return { verdict: 'alliance chain', presented, reasons: defectsOf(judged) };
}

function reasonsOf(judged: readonly Judged[]): string[] {
  return judged.map(
    ({ criterion, finding }) => `${criterion.id} ${finding.outcome}: ${finding.summary}`,
  );
}

function defectsOf(judged: readonly Judged[]): string[] {
  const defects = judged.filter(
    ({ criterion, finding }) =>
      finding.outcome === 'failed' && criterion.severity !== 'information',
  );
  const unseen = judged.filter(
    ({ criterion, finding }) =>
      finding.outcome === 'not seen' && criterion.severity !== 'information',
  );
  return [...reasonsOf(defects), ...reasonsOf(unseen)];
}

function keeperWords({ law, source }: View): string {
  if (source.kind === 'scitt') return 'one service signs every receipt';
  if (!law?.ok) return 'one log key signs every checkpoint, and nobody else is said to keep it';
  const [keeper] = law.value.membership.members.values();
  return `one member keeps it: ${keeper?.name} (${keeper?.iss})`;
}
