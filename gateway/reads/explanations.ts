import { parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { parseGap } from '@truegrain/device-sdk/formats/gap.js';
import { MEDIA_BOOT, MEDIA_GAP } from '@truegrain/device-sdk/formats/media-types.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { GapView } from '../http/backend.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { SeqRange } from './missing.ts';

/** Boot and gap records read for one stream, the newest; a device boots more rarely than daily. */
const NOTICES_READ_MAX = 1_024;
/** Refused statements followed back by their links, for one stream. */
const REFUSALS_FOLLOWED_MAX = 1_024;

interface Explanation extends SeqRange {
  reason: string;
}

/**
 * Holds missing numbers against what accounts for them, each under a signature: a boot record
 * (numbers reserved and never used), a gap record (dropped by a full queue), a refusal that a batch
 * lists. A range is cut where an explanation begins or ends.
 */
export function explainRanges(
  store: LedgerStore,
  keyNo: number,
  ranges: readonly SeqRange[],
): GapView[] {
  if (ranges.length === 0) return [];
  const known = noticesOf(store, keyNo);
  let budget = REFUSALS_FOLLOWED_MAX;
  const views: GapView[] = [];
  for (const range of ranges) {
    const refused = refusedBelow(store, { keyNo, range, limit: budget });
    budget -= refused.length;
    views.push(...cut(range, [...refused, ...known]));
  }
  return views;
}

function noticesOf(store: LedgerStore, keyNo: number): Explanation[] {
  const known: Explanation[] = [];
  for (const leafIndex of store.deviceLeaves.noticesOf(keyNo, NOTICES_READ_MAX)) {
    const content = store.leaves.content(leafIndex);
    const statement = content ? statementAt(store, leafIndex) : null;
    const type = statement?.payload.kind === 'hash' ? statement.payload.preimageType : '';
    const explanation = content ? explanationOf(type, content) : null;
    if (explanation) known.push(explanation);
  }
  return known;
}

function explanationOf(type: string, content: Uint8Array): Explanation | null {
  if (type === MEDIA_BOOT) {
    const boot = parseBoot(content);
    if (!boot.ok || boot.value.gapReason === null) return null;
    const { prevSeqDurable, firstSeq, gapReason } = boot.value;
    return { from: prevSeqDurable + 1, to: firstSeq - 1, reason: `boot: ${gapReason}` };
  }
  const gap = type === MEDIA_GAP ? parseGap(content) : null;
  if (!gap?.ok) return null;
  const { fromSeq, toSeq, reason } = gap.value;
  return { from: fromSeq, to: toSeq, reason: `gap record: ${reason}` };
}

/**
 * The statement after the range names its predecessor, which a batch may list as refused. The
 * refused frame, as long as this gateway keeps it, names the one before.
 */
function refusedBelow(
  store: LedgerStore,
  { keyNo, range, limit }: { keyNo: number; range: SeqRange; limit: number },
): Explanation[] {
  const found: Explanation[] = [];
  const after = store.packs.leafOf(keyNo, range.to + 1);
  let link = after === null ? null : (statementAt(store, after)?.prev ?? null);
  for (let seq = range.to; seq >= range.from && link && found.length < limit; seq -= 1) {
    const refusal = store.fold.refusal(link);
    if (!refusal) break;
    found.push({ from: seq, to: seq, reason: `refused: ${refusal.code}` });
    link = refusedStatement(store, link)?.prev ?? null;
  }
  return found;
}

function refusedStatement(store: LedgerStore, id: Uint8Array): Statement | null {
  const frame = store.refusedFrame(id);
  const parts = frame ? parseFrame(frame) : null;
  const parsed = parts?.ok ? parseStatement(parts.value.statement) : null;
  return parsed?.ok ? parsed.value : null;
}

function statementAt(store: LedgerStore, leafIndex: number): Statement | null {
  const entry = store.leaves.entry(leafIndex);
  const parsed = entry ? parseStatement(entry) : null;
  return parsed?.ok ? parsed.value : null;
}

function cut(range: SeqRange, known: readonly Explanation[]): GapView[] {
  const views: GapView[] = [];
  for (let seq = range.from; seq <= range.to; ) {
    const here = known.find(({ from, to }) => from <= seq && seq <= to);
    const next = known.reduce(
      (least, { from }) => (from > seq ? Math.min(least, from) : least),
      range.to + 1,
    );
    const end = here ? Math.min(here.to, range.to) : next - 1;
    const last = views.at(-1);
    const reason = here?.reason ?? null;
    if (last && last.reason === reason) views[views.length - 1] = { ...last, to: end };
    else views.push({ from: seq, to: end, explained: here !== undefined, reason });
    seq = end + 1;
  }
  return views;
}
