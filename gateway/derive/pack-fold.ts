import type { JsonObject } from '../epcis/json.ts';
import type { SourcePack } from './source-pack.ts';

/**
 * One setting's way from packs to events: a function of the packs in log order and of nothing else.
 * Folded again from `openLeaf`, with the events of earlier leaves left aside, it is where it was.
 */
export interface PackFold {
  /** Events that this pack completes, in order, without `@context` and `eventID`. */
  take(pack: SourcePack): JsonObject[];
  /** The oldest pack of what is open; null: nothing is. */
  readonly openLeaf: number | null;
  readonly left: Leftovers;
}

/** What no event was made of, since this gateway started. */
export interface Leftovers {
  /** Scans that name no thing by a GS1 key, and readings in units that EPCIS does not have. */
  unknown: number;
  /** Scans of things that this setting is not about. */
  foreign: number;
  /** Scans that closed a group with nothing in it. */
  empty: number;
  /** The oldest scans of a group that nothing closed. */
  dropped: number;
}

export function noLeftovers(): Leftovers {
  return { unknown: 0, foreign: 0, empty: 0, dropped: 0 };
}
