import { CLASS_ROLE, ROLE } from '../event-role.ts';
import { canonicalUri } from '../gs1/epc-translation.ts';
import { isJsonObject, itemsOf, type JsonObject, oneOrMany } from '../json.ts';

/** A thing or class of an event, and the part that it plays. */
export interface ThingFact {
  readonly uri: string;
  readonly role: number;
  readonly quantity: number | null;
  readonly uom: string | null;
}

/** Fields that hold things, and the part that those play. */
export const THING_FIELDS: readonly (readonly [field: string, role: number])[] = [
  ['epcList', ROLE.epc],
  ['parentID', ROLE.parent],
  ['childEPCs', ROLE.child],
  ['inputEPCList', ROLE.input],
  ['outputEPCList', ROLE.output],
];

const CLASS_FIELDS: readonly (readonly [field: string, role: number])[] = [
  ['quantityList', CLASS_ROLE + ROLE.epc],
  ['childQuantityList', CLASS_ROLE + ROLE.child],
  ['inputQuantityList', CLASS_ROLE + ROLE.input],
  ['outputQuantityList', CLASS_ROLE + ROLE.output],
];

/** Every QuantityElement, with the role of its list. */
export function* quantityElements(event: JsonObject): Iterable<[JsonObject, number]> {
  for (const [field, role] of CLASS_FIELDS) {
    for (const element of itemsOf(event[field])) {
      if (isJsonObject(element)) yield [element, role];
    }
  }
}

/** One per thing and role: quantities of a class that is named twice in one list are added. */
export function thingFacts(event: JsonObject): ThingFact[] {
  const facts = new Map<string, ThingFact>();
  for (const [field, role] of THING_FIELDS) {
    for (const epc of oneOrMany(event[field])) {
      if (typeof epc === 'string')
        addThing(facts, { ...NO_QUANTITY, uri: canonicalUri(epc), role });
    }
  }
  for (const [element, role] of quantityElements(event)) {
    const { epcClass, quantity, uom } = element;
    if (typeof epcClass !== 'string') continue;
    addThing(facts, {
      uri: canonicalUri(epcClass),
      role,
      quantity: typeof quantity === 'number' ? quantity : null,
      uom: typeof uom === 'string' ? uom : null,
    });
  }
  return [...facts.values()];
}

const NO_QUANTITY = { quantity: null, uom: null };

function addThing(facts: Map<string, ThingFact>, fact: ThingFact): void {
  const key = `${fact.role} ${fact.uri}`;
  const before = facts.get(key);
  const isSum = before?.uom === fact.uom && before.quantity !== null && fact.quantity !== null;
  if (before && !isSum) return;
  const quantity = before ? (before.quantity ?? 0) + (fact.quantity ?? 0) : fact.quantity;
  facts.set(key, { ...fact, quantity });
}

// A serial behind its own application identifier, and one that stands in the key (GRAI, GDTI, GCN).
const SERIAL_BEHIND = /^(https:\/\/id\.gs1\.org\/(?:01|8006|8010)\/[^/]+)\/(?:21|235|8011)\/./;
const SERIAL_INSIDE = /^(https:\/\/id\.gs1\.org\/(?:8003\/\d{14}|25[35]\/\d{13})).+/;

/** Of a canonical Digital Link with a serial, that of all serials; null: there is no such class. */
export function classOf(uri: string): string | null {
  return (SERIAL_BEHIND.exec(uri) ?? SERIAL_INSIDE.exec(uri))?.[1] ?? null;
}

const CLASS = /^https:\/\/id\.gs1\.org\/(?:(?:01|8006|8010)\/[^/]+|8003\/\d{14}|25[35]\/\d{13})$/;

/** Whether `uri` is what `classOf` may give. */
export function isClass(uri: string): boolean {
  return CLASS.test(uri);
}
