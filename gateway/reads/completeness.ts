import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { CompletenessView, GapView, StreamView } from '../http/backend.ts';
import type { DeviceRecord, KeyRecord, Stream } from '../ledger/state.ts';
import { explainRanges } from './explanations.ts';
import { missingRanges } from './missing.ts';
import { deviceKeysOf, type ReadContext } from './read-context.ts';

const GAPS_SHOWN_MAX = 1_024;

export function completeness(context: ReadContext, urn: string): CompletenessView | null {
  const state = context.state();
  const device = state.devices.get(urn);
  if (!device) return null;
  const keys = deviceKeysOf(state, urn);
  const streams: StreamView[] = [];
  const summary: string[] = [];
  let knownUntilMs: number | null = null;
  for (const key of keys) {
    const stream = state.streams.get(key.no);
    if (!stream) continue;
    const view = streamView(context, key, GAPS_SHOWN_MAX);
    const untilMs = tipTimeMs(context, stream);
    const sentence = summaryOf(stream, view, untilMs);
    summary.push(keys.length > 1 ? `key ${toHex(key.kid).slice(0, 8)}: ${sentence}` : sentence);
    streams.push(view);
    knownUntilMs = Math.max(knownUntilMs ?? 0, untilMs);
  }
  const silent = silenceOf(context, device, keys);
  return { device: urn, summary, streams, nothingKnownAfterMs: knownUntilMs, silent };
}

/** One key's numbers; they count from 1, so what is missing at the start is a gap as well. */
export function streamView(context: ReadContext, key: KeyRecord, gapsMax: number): StreamView {
  const { store } = context;
  const stream = context.state().streams.get(key.no);
  if (!stream) return { kid: key.kid, from: 1, to: 0, gaps: [], lastSeenMs: null };
  const ranges = missingRanges(store.packs, stream, gapsMax);
  const gaps = explainRanges(store, key.no, ranges).slice(0, gapsMax);
  return { kid: key.kid, from: 1, to: stream.maxSeq, gaps, lastSeenMs: stream.lastLogTimeMs };
}

/** Time of the newest record, as the device has it, else when its batch was committed. */
function tipTimeMs({ store }: ReadContext, stream: Stream): number {
  const leafIndex = store.packs.leafOf(stream.keyNo, stream.maxSeq);
  const row = leafIndex === null ? null : store.packs.row(leafIndex);
  return row?.lastMs ?? stream.lastLogTimeMs;
}

function summaryOf(stream: Stream, view: StreamView, untilMs: number): string {
  const after = `nothing known after ${new Date(untilMs).toISOString()}`;
  const forked = stream.forked ? '; the key signed two statements under one number' : '';
  if (stream.missing === 0) return `complete from seq 1 to ${view.to}; ${after}${forked}`;
  const explained = view.gaps.reduce((sum, gap) => sum + (gap.explained ? lengthOf(gap) : 0), 0);
  const tail = (view.gaps.at(-1)?.to ?? 0) + 1;
  const counts = `${stream.missing} of seq 1 to ${view.to} missing, ${stream.missing - explained} unexplained`;
  return `${counts}; complete from seq ${tail} to ${view.to}; ${after}${forked}`;
}

function lengthOf({ from, to }: GapView): number {
  return to - from + 1;
}

/** Log time counts: a device that empties an old queue now is not silent. */
function silenceOf(
  { store, state, nowMs }: ReadContext,
  device: DeviceRecord,
  keys: readonly KeyRecord[],
): CompletenessView['silent'] {
  if (!keys.some((key) => key.status === 'active')) return null;
  const { streams } = state();
  const seen = keys.map((key) => streams.get(key.no)?.lastLogTimeMs ?? 0);
  const [registration] = store.fold.governanceFrom(device.registrationLeaf, 1);
  const sinceMs = Math.max(...seen, registration?.logTimeMs ?? 0);
  const intervalS = device.reportingIntervalS;
  return nowMs() - sinceMs > intervalS * 1000 ? { sinceMs, intervalS } : null;
}
