import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { TIME_MS_MAX } from '@truegrain/device-sdk/formats/pack.js';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { HandoverHalf } from './handover-half.ts';
import type { HalfPlace, HandoverIndex } from './handover-index.ts';
import {
  firstHalf,
  type Handover,
  matchHalves,
  NUMBER_WINDOW_MS,
  PATIENCE_MS,
  WINDOW_MS,
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

/** Halves looked at for each hand-over asked for, whatever they are: a page may be short and lead on. */
const HALVES_A_HANDOVER = 4;
/** Halves of one thing on either side of one that are held against it. */
const NEIGHBOURS_MAX = 32;

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
  const halvesMax = limit * HALVES_A_HANDOVER;
  const halves = index.list({ item, fromMs, toMs, after, limit: halvesMax });
  for (const half of halves) {
    if (handovers.length === limit) return { handovers, next: formatPlace(after) };
    const handover = handoverBegunBy(index, half);
    if (handover !== null) handovers.push(handover);
    after = half;
  }
  const isEnd = halves.length < halvesMax;
  return { handovers, next: isEnd ? null : formatPlace(after) };
}

/** The hand-over that a half is part of; null where it only repeats one. */
export function handoverOf(index: HandoverIndex, half: HandoverHalf): Handover | null {
  const found = matched(index, half).find((one) => isPart(half, one));
  if (!found) return null;
  // The half that began it decides, as it does for lists.
  const begun = handoverBegunBy(index, firstHalf(found));
  return begun && isPart(half, begun) ? begun : null;
}

/** Null where the half belongs to a hand-over that another half began, or repeats one. */
function handoverBegunBy(index: HandoverIndex, half: HandoverHalf): Handover | null {
  return matched(index, half).find((one) => isSamePlace(firstHalf(one), half)) ?? null;
}

function matched(index: HandoverIndex, half: HandoverHalf): Handover[] {
  const near = around(index, half, WINDOW_MS);
  const hasNumbers = near.some(({ said }) => said.number !== null);
  return matchHalves(hasNumbers ? around(index, half, NUMBER_WINDOW_MS) : near);
}

function isPart(half: HandoverHalf, { giver, receiver }: Handover): boolean {
  return [giver, receiver].some((one) => one !== null && isSamePlace(one, half));
}

/** Its best partner may be better served by a third half: they are looked for twice as far. */
function around(index: HandoverIndex, half: HandoverHalf, windowMs: number): HandoverHalf[] {
  const { item, timeMs } = half;
  const fromMs = timeMs - 2 * windowMs;
  const toMs = timeMs + 2 * windowMs;
  const before = index.before(half, { fromMs, limit: NEIGHBOURS_MAX });
  const ask = { item, fromMs: timeMs, toMs, after: half, limit: NEIGHBOURS_MAX };
  return [...before, half, ...index.list(ask)];
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

/** From then on a half that nobody answered is missing its other one. */
export function dueMs(half: HandoverHalf): number {
  return half.timeMs + patienceOf(half) + 1;
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
