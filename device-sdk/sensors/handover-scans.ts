/**
 * What was scanned together as one side's half of a hand-over. The names are those that the gateway
 * folds; gateway/handover/README.md defines them.
 *
 * @module handover-scans
 */
import { type Gs1Element, itemUriOf } from '../formats/gs1-element-string.ts';
import { HANDOVER } from '../formats/handover.ts';
import type { Measurement } from './sensor.ts';

export interface Scan {
  /** GS1 data as people write it, `(00)…`; anything else as it was scanned. */
  readonly text: string;
  /** Null for what is no GS1 data. */
  readonly elements: readonly Gs1Element[] | null;
}

export type HandoverRole = 'giver' | 'receiver';

/** Bar codes on a card in the cabin: they say which side this one is on, and are no seals. */
export const ROLE_CARDS: ReadonlyMap<string, HandoverRole> = new Map([
  ['TG-GIVER', 'giver'],
  ['TG-RECEIVER', 'receiver'],
]);

export interface HandoverPart {
  /** Unless one of ROLE_CARDS is among the scans: a truck takes over here and gives there. */
  readonly role: HandoverRole;
  /** URN of the other side's device, where it is always the same. */
  readonly counterpart: string | null;
}

/** (402) a shipment's number, (401) a consignment's: on papers that both sides scan. */
const NUMBER_AIS = ['402', '401'];
/** Units in a logistic unit, as its label says. */
const COUNT_AI = '37';

/**
 * Null where no thing was scanned: a seal alone is handed to nobody. A plain bar code is the
 * seal's, the last one where there are several: GS1 has no identifier for seals.
 */
export function handoverOf(scans: readonly Scan[], part: HandoverPart): Measurement[] | null {
  const groups = scans.flatMap(({ elements }) => (elements === null ? [] : [elements]));
  const items = new Set(groups.map(itemUriOf).filter((item) => item !== null));
  if (items.size === 0) return null;
  const all = groups.flat();
  const plain = scans.filter(({ elements }) => elements === null).map(({ text }) => text);
  const role = plain.map((text) => ROLE_CARDS.get(text)).findLast((one) => one !== undefined);
  const seal = plain.findLast((text) => !ROLE_CARDS.has(text) && !isUri(text));
  const number = all.find(({ ai }) => NUMBER_AIS.includes(ai))?.value;
  const counts = all.filter(({ ai }) => ai === COUNT_AI).map(({ value }) => Number(value));
  const count = counts.length > 0 ? counts.reduce((a, b) => a + b) : items.size;
  const texts: [string, string | null | undefined][] = [
    [HANDOVER.role, role ?? part.role],
    ...[...items].map((item): [string, string] => [HANDOVER.item, item]),
    [HANDOVER.seal, seal],
    [HANDOVER.number, number],
    [HANDOVER.counterpart, part.counterpart],
  ];
  return [
    ...texts.flatMap(([name, text]) => (text ? [{ name, text }] : [])),
    { name: HANDOVER.count, unit: 'count', value: count },
  ];
}

function isUri(text: string): boolean {
  return /^https?:\/\//i.test(text);
}
