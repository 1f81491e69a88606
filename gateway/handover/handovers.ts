import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { TIME_MS_MAX } from '@truegrain/device-sdk/formats/pack.js';
import { canonicalUri } from '../epcis/epc-translation.ts';
import type { HandoverHalf } from './handover-half.ts';
import type { HalfPlace, HandoverIndex } from './handover-index.ts';
import {
  firstHalf,
  type Handover,
  matchHalves,
  NUMBER_WINDOW_MS,
  PATIENCE_MS,
} from './match-halves.ts';

export interface HandoverAsk {
  /** An EPC in either form, or another URI; null for all things. */
  readonly item: string | null;
  readonly fromMs?: number | undefined;
  /** Not itself in the range. */
  readonly toMs?: number | undefined;
  /** `next` of the page before; null begins. */
  readonly after: string | null;
  readonly limit: number;
}

export interface HandoverPage {
  readonly handovers: readonly Handover[];
  readonly next: string | null;
}

/** Halves looked at for one page, whatever it finds; a page may be short and lead on. */
const HALVES_A_PAGE_MAX = 2_048;
/** Halves of one thing on either side of one that are held against it. */
const NEIGHBOURS_MAX = 32;
/** A half's best partner may be better served by a third half: they are looked for twice as far. */
const REACH_MS = 2 * NUMBER_WINDOW_MS;

/**
 * Hand-overs whose earlier half is in the range, in its order; null for a cursor that is none of ours.
 * Each half of the range costs one look at its neighbours; none is found by walking the log.
 */
export function handoversIn(index: HandoverIndex, ask: HandoverAsk): HandoverPage | null {
  const { fromMs = 0, toMs = TIME_MS_MAX + 1, limit } = ask;
  const item = ask.item === null ? null : canonicalUri(ask.item);
  let after = ask.after === null ? null : parsePlace(ask.after);
  if (ask.after !== null && after === null) return null;
  const handovers: Handover[] = [];
  const range = { item, fromMs, toMs, limit: HALVES_A_PAGE_MAX };
  const halves = index.list({ ...range, after });
  for (const half of halves) {
    if (handovers.length === limit) return { handovers, next: formatPlace(after) };
    const handover = handoverBegunBy(index, half);
    if (handover !== null) handovers.push(handover);
    after = half;
  }
  const isEnd = halves.length < HALVES_A_PAGE_MAX;
  return { handovers, next: isEnd ? null : formatPlace(after) };
}

/** Null where the half belongs to a hand-over that another half began, or repeats one. */
function handoverBegunBy(index: HandoverIndex, half: HandoverHalf): Handover | null {
  const { item, timeMs } = half;
  const before = index.before(half, { fromMs: timeMs - REACH_MS, limit: NEIGHBOURS_MAX });
  const place = { item, fromMs: timeMs, toMs: timeMs + REACH_MS, limit: NEIGHBOURS_MAX };
  const behind = index.list({ ...place, after: half });
  const found = matchHalves([...before, half, ...behind]);
  return found.find((one) => isSamePlace(firstHalf(one), half)) ?? null;
}

export type HandoverState = 'agreed' | 'differs' | 'open' | 'missing';

export function stateOf(handover: Handover, nowMs: number): HandoverState {
  const { giver, receiver, differences, timeMs } = handover;
  if (giver !== null && receiver !== null) return differences.length === 0 ? 'agreed' : 'differs';
  return nowMs - timeMs > patienceOf(giver ?? receiver) ? 'missing' : 'open';
}

/** Under a number the other half has as long as the papers. */
function patienceOf(half: HandoverHalf | null): number {
  return half?.said.number == null ? PATIENCE_MS : NUMBER_WINDOW_MS;
}

function isSamePlace(a: HalfPlace, b: HalfPlace): boolean {
  return a.leafIndex === b.leafIndex && a.part === b.part;
}

function formatPlace(place: HalfPlace | null): string | null {
  if (place === null) return null;
  return toBase64Url(utf8(`1.${place.timeMs}.${place.leafIndex}.${place.part}`));
}

function parsePlace(text: string): HalfPlace | null {
  const bytes = fromBase64Url(text);
  const plain = bytes === null ? null : fromUtf8(bytes);
  const parts = /^1\.(\d{1,15})\.(\d{1,15})\.(\d{1,5})$/.exec(plain ?? '');
  if (!parts) return null;
  const [timeMs = 0, leafIndex = 0, part = 0] = parts.slice(1).map(Number);
  const place = { timeMs, leafIndex, part };
  return formatPlace(place) === text ? place : null;
}
