import type { Gap } from '../http/trace-backend.ts';
import { missingRanges } from '../reads/missing.ts';
import type { TimeRange } from '../reads/pack-walk.ts';
import type { ReadContext } from '../reads/read-context.ts';

/** Shown of one device in one answer. */
const GAPS_MAX = 1_024;
/** Statements looked at between two that a chart shows, to tell silence from no readings. */
const ROWS_BETWEEN_MAX = 4_096;

/** Numbers of one key that are not in the log, where they would have been. */
export function missingOf(context: ReadContext, keyNo: number, range: TimeRange): Gap[] {
  const { packs } = context.store;
  const stream = context.state().streams.get(keyNo);
  if (!stream) return [];
  return missingRanges(packs, stream, GAPS_MAX).flatMap(({ from, to }) => {
    const [before] = packs.below(keyNo, from, 1);
    const after = packs.leafOf(keyNo, to + 1);
    const untilMs = after === null ? null : (packs.row(after)?.firstMs ?? null);
    if (untilMs === null || untilMs < range.fromMs) return [];
    const fromMs = before ? (packs.row(before.leafIndex)?.lastMs ?? untilMs) : untilMs;
    if (fromMs >= range.toMs) return [];
    // A late clock: what came after has an earlier time.
    return [{ fromMs: Math.min(fromMs, untilMs), untilMs, missing: to - from + 1 }];
  });
}

/**
 * Where a device said nothing for longer than it is registered to. `heard` are stretches with
 * readings, in order; between two of them the statements without readings (heartbeats) count too.
 */
export function silences(
  context: ReadContext,
  keyNos: readonly number[],
  { heard, intervalMs, range }: { heard: readonly Heard[]; intervalMs: number; range: TimeRange },
): Gap[] {
  const gaps: Gap[] = [];
  let sinceMs = Number.isFinite(range.fromMs) ? range.fromMs : (heard[0]?.firstMs ?? range.toMs);
  for (const { firstMs, lastMs } of [...heard, { firstMs: range.toMs, lastMs: range.toMs }]) {
    if (firstMs - sinceMs > intervalMs) {
      gaps.push(...between(context, keyNos, { fromMs: sinceMs, toMs: firstMs, intervalMs }));
      if (gaps.length >= GAPS_MAX) return gaps.slice(0, GAPS_MAX);
    }
    if (lastMs > sinceMs) sinceMs = lastMs;
  }
  return gaps;
}

interface Heard {
  readonly firstMs: number;
  readonly lastMs: number;
}

function between(
  { store }: ReadContext,
  keyNos: readonly number[],
  { fromMs, toMs, intervalMs }: TimeRange & { intervalMs: number },
): Gap[] {
  const rows = keyNos.flatMap((no) =>
    store.packs.scan({
      scope: 'key',
      no,
      wide: false,
      afterMs: fromMs,
      afterLeaf: -1,
      beforeMs: toMs,
      limit: ROWS_BETWEEN_MAX,
    }),
  );
  const heard = [...rows, { firstMs: toMs, lastMs: toMs }].sort((a, b) => a.firstMs - b.firstMs);
  const gaps: Gap[] = [];
  let sinceMs = fromMs;
  for (const { firstMs, lastMs } of heard) {
    if (firstMs - sinceMs > intervalMs) {
      gaps.push({ fromMs: sinceMs, untilMs: firstMs, missing: 0 });
    }
    if (lastMs > sinceMs) sinceMs = lastMs;
  }
  return gaps;
}
