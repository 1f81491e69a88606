// Proofs of several entries at once, for the consumer's page: each as `truegrain verify` judges it.
import type { Verdict } from '@truegrain/device-sdk/formats/evidence-report.js';
import { shownCheckpoint } from '../api/checkpoint.ts';
import { type Answer, type Asking, getText } from '../api/client.ts';
import { evidenceOf } from '../api/evidence.ts';
import { checkEvidence } from './check-evidence.ts';
import { entriesBeside } from './log-entries.ts';

export interface LeafCheck {
  readonly leafIndex: number;
  readonly verdict: Verdict;
  readonly issuer: string;
  readonly size: number;
}

/**
 * Finds each leaf's statement in the log's entries and judges its evidence. A leaf whose entry or
 * evidence is not open to the reader ends it: nothing is shown as checked that was not.
 */
export async function checkLeaves(
  leaves: readonly number[],
  { ledgerId, ...asking }: Asking & { ledgerId: string | null },
): Promise<Answer<LeafCheck[]>> {
  const note = await getText('/log/checkpoint', asking);
  if (!note.ok) return note;
  const size = shownCheckpoint(note.value)?.size ?? 0;
  const checks: LeafCheck[] = [];
  for (const leafIndex of leaves) {
    const beside = await entriesBeside(leafIndex, { ...asking, size });
    if (!beside.ok) return beside;
    const entry = beside.value.find((one) => one.leafIndex === leafIndex);
    if (entry === undefined) continue;
    const evidence = await evidenceOf(entry.id, asking);
    if (!evidence.ok) return evidence;
    const checked = checkEvidence(evidence.value, { policy: null, ledgerId });
    if ('unreadable' in checked) continue;
    const { verdict, statement } = checked.report;
    // Evidence of another statement than the one at this leaf proves nothing about it.
    const isIts = verdict === 'failed' || statement?.id === entry.id;
    checks.push({ leafIndex, verdict: isIts ? verdict : 'failed', issuer: entry.issuer, size });
  }
  return { ok: true, value: checks };
}
