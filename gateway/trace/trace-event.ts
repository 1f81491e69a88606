import { instantOf } from '../epcis/document/event-time.ts';
import { CLASS_ROLE, ROLE } from '../epcis/event-role.ts';
import { vocabularyUri } from '../epcis/gs1/cbv-vocabulary.ts';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import { thingFacts } from '../epcis/index/thing-facts.ts';
import { isJsonObject, type Json, type JsonObject } from '../epcis/json.ts';
import type { Moment } from './moment.ts';

/** What trace needs of a captured event; things, places and transactions by their canonical URIs. */
export interface TraceEvent {
  readonly moment: Moment;
  readonly eventId: string;
  readonly type: string;
  readonly action: string | null;
  readonly parent: string | null;
  /** Of an aggregation or association: things, and classes (lots) by quantity. */
  readonly children: readonly Thing[];
  readonly inputs: readonly Thing[];
  readonly outputs: readonly Thing[];
  readonly things: readonly Thing[];
  readonly place: EventPlace;
  readonly transformationId: string | null;
  readonly transactions: readonly string[];
  /** The lot number of its ILMD, and lots that links of its things name beside a serial. */
  readonly lotNumber: string | null;
  readonly linkedLots: ReadonlyMap<string, string>;
  readonly declaresError: boolean;
}

export interface Thing {
  readonly item: string;
  readonly isClass: boolean;
}

export interface EventPlace {
  readonly readPoint: string | null;
  readonly bizLocation: string | null;
  readonly bizStep: string | null;
  readonly disposition: string | null;
}

export function readTraceEvent(event: JsonObject, leafIndex: number): TraceEvent | null {
  const { eventID, eventTime, type, action } = event;
  const ms = typeof eventTime === 'string' ? instantOf(eventTime) : null;
  if (typeof eventID !== 'string' || typeof type !== 'string' || ms === null) return null;
  const facts = thingFacts(event);
  const inRole = (role: number): Thing[] =>
    facts
      .filter((fact) => fact.role === role || fact.role === role + CLASS_ROLE)
      .map((fact) => ({ item: fact.uri, isClass: fact.role >= CLASS_ROLE }));
  return {
    moment: { ms, leafIndex },
    eventId: eventID,
    type,
    action: typeof action === 'string' ? action : null,
    parent: inRole(ROLE.parent)[0]?.item ?? null,
    children: inRole(ROLE.child),
    inputs: inRole(ROLE.input),
    outputs: inRole(ROLE.output),
    things: facts.map(({ uri, role }) => ({ item: uri, isClass: role >= CLASS_ROLE })),
    place: placeOf(event),
    transformationId: uriOf(event['transformationID']),
    transactions: transactionsOf(event['bizTransactionList']),
    lotNumber: lotNumberOf(event['ilmd']),
    linkedLots: linkedLotsOf(event),
    declaresError: event['errorDeclaration'] !== undefined,
  };
}

function placeOf(event: JsonObject): EventPlace {
  const word = (list: 'bizStep' | 'disposition') => {
    const value = event[list];
    return typeof value === 'string' ? vocabularyUri(list, value) : null;
  };
  return {
    readPoint: idOf(event['readPoint']),
    bizLocation: idOf(event['bizLocation']),
    bizStep: word('bizStep'),
    disposition: word('disposition'),
  };
}

function idOf(value: Json | undefined): string | null {
  return isJsonObject(value) ? uriOf(value['id']) : null;
}

function uriOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? canonicalUri(value) : null;
}

function transactionsOf(list: Json | undefined): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: Json) => {
    const id = isJsonObject(one) ? uriOf(one['bizTransaction']) : null;
    return id ?? [];
  });
}

/** Under whatever prefix: `cbvmda:lotNumber`. */
function lotNumberOf(ilmd: Json | undefined): string | null {
  if (!isJsonObject(ilmd)) return null;
  const found = Object.entries(ilmd).find(([name]) => /(?:^|:)lotNumber$/.test(name));
  return typeof found?.[1] === 'string' ? found[1] : null;
}

const LOT_AND_SERIAL =
  /\/(?:01|gtin)\/\d{8,14}(?:\/(?:22|cpv)\/[^/]+)?\/(?:10|lot)\/([^/]+)\/(?:21|ser)\//;
const EPC_LISTS = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const;

/** A canonical link drops the lot beside a serial, so it is read from the link as captured. */
function linkedLotsOf(event: JsonObject): ReadonlyMap<string, string> {
  const lots = new Map<string, string>();
  for (const epc of EPC_LISTS.flatMap((name) => event[name] ?? [])) {
    const lot = typeof epc === 'string' ? LOT_AND_SERIAL.exec(epc)?.[1] : undefined;
    if (typeof epc !== 'string' || lot === undefined) continue;
    // An escape that is none was no right EPC, and stays a text.
    lots.set(canonicalUri(epc), /%(?![0-9A-Fa-f]{2})/.test(lot) ? lot : decodeURIComponent(lot));
  }
  return lots;
}
