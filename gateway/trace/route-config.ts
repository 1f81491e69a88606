// The section `routes` of truegrain.json.
import type { Section } from '../config-section.ts';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';

/** Where things of a kind are to go: what is elsewhere, turns back or stays too long is a finding. */
export interface RouteConfig {
  readonly name: string;
  /** Beginnings of EPCs as canonical GS1 Digital Links: a product, an SSCC prefix, one thing. */
  readonly items: readonly string[];
  /** Read points in the order in which they are passed, in URN or Digital Link form. */
  readonly readPoints: readonly string[];
  /** Longest time at one of them in seconds; null: as long as it takes. */
  readonly dwellMaxS: number | null;
}

const DWELL_S_MAX = 31_536_000;

export function readRoute(section: Section): RouteConfig {
  const dwellMaxS = section.maybe('dwellMaxS', () =>
    section.integer('dwellMaxS', { min: 1, max: DWELL_S_MAX }),
  );
  const route = {
    name: section.text('name'),
    items: section.texts('items'),
    readPoints: section.texts('readPoints').map(canonicalUri),
    dwellMaxS: dwellMaxS ?? null,
  };
  section.close();
  return route;
}
