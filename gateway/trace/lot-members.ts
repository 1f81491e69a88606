import type { EventReader } from './event-reader.ts';
import { lotOf } from './item-name.ts';
import { gtinOf, leavesOfLot, lotLink } from './lots.ts';

import type { TraceContext } from './trace-context.ts';
import type { TraceEvent } from './trace-event.ts';

/** A thing with a serial, and the lot that an event gives it. */
export interface LotMember {
  readonly lot: string;
  readonly item: string;
  readonly told: TraceEvent;
}

const LOT_EVENTS_MAX = 10_000;

/** Things of a lot, by the ILMD of the events that made or commissioned them. */
export function membersOf(context: TraceContext, reader: EventReader, lot: string): LotMember[] {
  const named = lotOf(lot);
  if (!named) return [];
  const leaves = leavesOfLot(context.tables, named.lot, LOT_EVENTS_MAX);
  if (leaves.length === LOT_EVENTS_MAX) reader.isTruncated = true;
  return leaves.flatMap((leafIndex) => {
    const told = reader.at(leafIndex);
    if (!told) return [];
    const made = told.things.filter(({ item }) => lotIn(told, item) === lot);
    return made.map(({ item }) => ({ lot, item, told }));
  });
}

/** The lots that a thing is said to be of, the first to say so before others. */
export function lotsOf(reader: EventReader, item: string): LotMember[] {
  const seen = new Map<string, LotMember>();
  for (const told of reader.ofItem(item)) {
    const lot = lotIn(told, item);
    if (lot !== null && !seen.has(lot)) seen.set(lot, { lot, item, told });
  }
  return [...seen.values()];
}

function lotIn(event: TraceEvent, item: string): string | null {
  const gtin = gtinOf(item);
  if (gtin === null) return null;
  const linked = event.linkedLots.get(item);
  if (linked !== undefined) return lotLink(gtin, linked);
  if (event.lotNumber === null) return null;
  // ILMD is of what the event brings into being: not of what goes into a transformation.
  const isInput = event.inputs.some((one) => one.item === item);
  return isInput ? null : lotLink(gtin, event.lotNumber);
}
