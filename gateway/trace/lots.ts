import { ROLE } from '../epcis/event-role.ts';
import { formatDigitalLink } from '../epcis/gs1/digital-link.ts';
import { textValue } from '../epcis/index/fact-values.ts';
import type { TraceTables } from '../store/trace-tables.ts';

/** Names of ILMD fields looked through for those that GS1 gives to lots. */
const ILMD_NAMES_MAX = 1_000;
const LOT_FIELD = /^ilmd>(?:\{[^}]*\})?(?:[^:{}]*:)?lotNumber$/;
const SERIAL_LINK = /^https:\/\/id\.gs1\.org\/01\/(\d{14})\/21\//;

/** The constrained Digital Link of a lot, with the escapes that capture gives it. */
export function lotLink(gtin: string, lot: string): string {
  return formatDigitalLink({ ai: '01', value: gtin, qualifier: ['10', lot] });
}

/** The GTIN of a thing with a serial number; null for anything else. */
export function gtinOf(item: string): string | null {
  return SERIAL_LINK.exec(item)?.[1] ?? null;
}

/** Leaves of events whose ILMD gives things this lot number, in the order of time. */
export function leavesOfLot(tables: TraceTables, lot: string, limit: number): number[] {
  const names = tables.namesFrom('ilmd>', ILMD_NAMES_MAX).filter((name) => LOT_FIELD.test(name));
  return names.flatMap((name) => tables.ofTerm(name, textValue(lot), limit)).slice(0, limit);
}

/** GTINs that have a lot of this number by the ILMD of their things. */
export function gtinsOfLot(tables: TraceTables, lot: string, limit: number): string[] {
  const gtins = new Set<string>();
  for (const leafIndex of leavesOfLot(tables, lot, limit)) {
    for (const { item, role } of tables.ofLeaf(leafIndex)) {
      const gtin = role === ROLE.epc || role === ROLE.output ? gtinOf(item) : null;
      if (gtin !== null) gtins.add(gtin);
    }
  }
  return [...gtins];
}
