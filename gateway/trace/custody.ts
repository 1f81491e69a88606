import { handoverFindings } from '../handover/handover-findings.ts';
import type { TraceFinding } from '../http/trace-backend.ts';
import { holdersOf } from './conditions.ts';
import type { EventReader } from './event-reader.ts';
import type { Window } from './moment.ts';
import type { TraceContext } from './trace-context.ts';

/** Findings about the hand-overs of one thing in one stretch of its time. */
const FINDINGS_A_HOLDER = 100;

/**
 * What is wrong with the hand-overs of these things and of what they were in, of each for the time
 * that counts: a pallet that changed hands after a box was taken off it says nothing of the box.
 */
export function custodyFindings(
  { store, nowMs }: TraceContext,
  reader: EventReader,
  told: readonly { item: string; window: Window }[],
): TraceFinding[] {
  const found = new Map<string, TraceFinding>();
  const holders = told.flatMap(({ item, window }) => holdersOf(reader, item, window));
  for (const { via, range } of holders) {
    const toMs = Number.isFinite(range.toMs) ? range.toMs + 1 : undefined;
    const page = handoverFindings(
      { index: store.handovers, nowMs },
      { item: via, fromMs: Math.max(range.fromMs, 0), toMs, after: null, limit: FINDINGS_A_HOLDER },
    );
    if (!page) throw new Error('no cursor was given');
    if (page.next !== null) reader.isTruncated = true;
    for (const one of page.findings) found.set(`${one.kind} ${one.leafIndex} ${one.subject}`, one);
  }
  return [...found.values()];
}
