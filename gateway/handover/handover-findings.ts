import type { HandoverHalf } from './handover-half.ts';
import type { HandoverIndex } from './handover-index.ts';
import { type HandoverAsk, handoverOf, handoversIn, stateOf } from './handovers.ts';
import { type Difference, firstHalf, type Handover } from './match-halves.ts';

/** As `GET /v1/findings` has it. */
export interface HandoverFinding {
  readonly kind: 'handover_missing' | 'handover_differs';
  /** The thing. */
  readonly subject: string;
  /** Who signed the half that is there, the earlier one of two. */
  readonly device: string;
  readonly fromMs: number;
  /** Time of the later half; null while there is none. */
  readonly untilMs: number | null;
  readonly text: string;
  readonly leafIndex: number;
  readonly rule: null;
}

export interface HandoverFindings {
  readonly findings: readonly HandoverFinding[];
  readonly next: string | null;
}

/**
 * What is wrong with the hand-overs of a range, in its order; null for a cursor that is none of ours. A
 * half that was missing is no finding any more once the other one is in the log.
 */
export function handoverFindings(
  context: { readonly index: HandoverIndex; readonly nowMs: () => number },
  ask: HandoverAsk,
): HandoverFindings | null {
  const page = handoversIn(context.index, ask);
  if (page === null) return null;
  const nowMs = context.nowMs();
  const findings = page.handovers.flatMap((handover) => findingOf(handover, nowMs) ?? []);
  return { findings, next: page.next };
}

/**
 * What a half brings to light where it came into the log: that the other one, which was there before
 * it, says another thing, or that there is none.
 */
export function findingOfHalf(
  index: HandoverIndex,
  half: HandoverHalf,
  nowMs: number,
): HandoverFinding | null {
  const handover = handoverOf(index, half);
  if (handover === null) return null;
  const leaves = [handover.giver, handover.receiver].flatMap((one) => one?.leafIndex ?? []);
  return half.leafIndex === Math.max(...leaves) ? findingOf(handover, nowMs) : null;
}

function findingOf(handover: Handover, nowMs: number): HandoverFinding | null {
  const state = stateOf(handover, nowMs);
  const { item: subject, giver, receiver, differences, timeMs: fromMs } = handover;
  const { device, leafIndex } = firstHalf(handover);
  const common = { subject, device, fromMs, leafIndex, rule: null };
  if (state === 'missing') {
    const absent = giver === null ? 'giver' : 'receiver';
    const text = `${device} signed that ${subject} was handed over; no ${absent} signed it`;
    return { ...common, kind: 'handover_missing', untilMs: null, text };
  }
  if (state !== 'differs') return null;
  const untilMs = Math.max(giver?.timeMs ?? 0, receiver?.timeMs ?? 0);
  const text = `the two sides of a hand-over of ${subject} differ: ${differences.map(words).join('; ')}`;
  return { ...common, kind: 'handover_differs', untilMs, text };
}

function words({ field, giver, receiver }: Difference): string {
  return `${field} ${giver ?? 'not said'} by the giver, ${receiver ?? 'not said'} by the receiver`;
}
