import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { SearchResult } from '../http/trace-backend.ts';
import type { LedgerState } from '../ledger/state.ts';
import { nameOf } from './item-name.ts';
import { gtinsOfLot, lotLink } from './lots.ts';
import type { TraceContext } from './trace-context.ts';

export const RESULTS_MAX = 20;

/** Of an id, what the index has. */
const INDEXED_DIGITS = 12;
const GTIN_ANY = 'https://id.gs1.org/01/00000000000000/10/';

/** What a text may name, by index alone; the most certain meaning first. */
export function search(context: TraceContext, text: string): SearchResult[] {
  const query = text.trim();
  if (query === '') return [];
  const found = [
    ...uris(context, query),
    ...numbers(context, query),
    ...lots(context, query),
    ...devices(context.state(), query),
    ...statements(context, query),
    ...leaves(context, query),
  ];
  const byId = new Map(found.reverse().map((result) => [`${result.kind} ${result.id}`, result]));
  return [...byId.values()].reverse().slice(0, RESULTS_MAX);
}

/** An EPC in either form, or the beginning of any URI that events or statements name. */
function uris(context: TraceContext, query: string): SearchResult[] {
  if (!/^(?:https?|urn):/i.test(query)) return [];
  return things(context, canonicalUri(query));
}

/** GTINs of all four lengths are 14 digits with zeros before them; then SSCC and GLN. */
function numbers(context: TraceContext, query: string): SearchResult[] {
  const digits = query.replaceAll(/[\s()-]/g, '');
  const links: string[] = [];
  if (/^(?:\d{8}|\d{12,14})$/.test(digits)) {
    links.push(`https://id.gs1.org/01/${digits.padStart(14, '0')}`);
  }
  if (/^\d{13}$/.test(digits)) {
    links.push(`https://id.gs1.org/414/${digits}`, `https://id.gs1.org/417/${digits}`);
  }
  if (/^(?:00)?\d{18}$/.test(digits)) links.push(`https://id.gs1.org/00/${digits.slice(-18)}`);
  return links.flatMap((link) => things(context, link));
}

/** Whatever begins with this link, itself first: a product's lots and serials, a place's parts. */
function things({ tables, store }: TraceContext, link: string): SearchResult[] {
  const subjects = tables.subjectsFrom(link, RESULTS_MAX).map(canonicalUri);
  const known = new Set([...tables.itemsFrom(link, RESULTS_MAX), ...subjects]);
  if (store.packs.findSubject(link) !== null) known.add(link);
  const places = new Set(PLACES.flatMap((name) => tables.valuesFrom(name, link, RESULTS_MAX)));
  const product = /^https:\/\/id\.gs1\.org\/01\/\d{14}$/.test(link);
  // A product of which only lots and serials are known is one all the same.
  if (product && known.size > 0) known.add(link);
  return [...new Set([...known, ...places])].sort().map((uri) => {
    return places.has(uri) ? { ...nameOf(uri), kind: 'place' } : nameOf(uri);
  });
}

const PLACES = ['readPoint', 'bizLocation'] as const;

function lots({ tables }: TraceContext, query: string): SearchResult[] {
  if (query.length > LOT_CHARS_MAX) return [];
  const escaped = lotLink('00000000000000', query).slice(GTIN_ANY.length);
  const named = tables.lots(escaped, RESULTS_MAX);
  const told = gtinsOfLot(tables, query, RESULTS_MAX).map((gtin) => lotLink(gtin, query));
  return [...named, ...told].map(nameOf);
}

/** GS1 General Specifications §3.4.3. */
const LOT_CHARS_MAX = 20;

/** By its URN or by the end of it, as on the label. */
function devices({ devices: all }: LedgerState, query: string): SearchResult[] {
  const result = (urn: string) => ({ kind: 'device' as const, id: urn, label: urn });
  if (all.has(query)) return [result(query)];
  const sorted = reversed(all);
  const wanted = backwards(query.toLowerCase());
  const out: SearchResult[] = [];
  for (let at = firstFrom(sorted, wanted); out.length < RESULTS_MAX; at += 1) {
    const next = sorted[at];
    if (!next?.text.startsWith(wanted)) break;
    out.push(result(next.urn));
  }
  return out;
}

interface Backwards {
  text: string;
  urn: string;
}

const sortings = new WeakMap<LedgerState['devices'], { size: number; sorted: Backwards[] }>();

/** Made once for so many devices: none ever leaves the registry. */
function reversed(all: LedgerState['devices']): Backwards[] {
  const known = sortings.get(all);
  if (known?.size === all.size) return known.sorted;
  const sorted = [...all.keys()].map((urn) => ({ text: backwards(urn.toLowerCase()), urn }));
  sorted.sort((a, b) => (a.text < b.text ? -1 : 1));
  sortings.set(all, { size: all.size, sorted });
  return sorted;
}

const backwards = (text: string) => [...text].reverse().join('');

function firstFrom(sorted: readonly Backwards[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.text ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A statement id in hex, whole or its beginning. */
function statements(context: TraceContext, query: string): SearchResult[] {
  const hex = query.toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(hex)) return [];
  const indexed = hex.slice(0, INDEXED_DIGITS);
  const from = Number.parseInt(indexed.padEnd(INDEXED_DIGITS, '0'), 16);
  const to = Number.parseInt(indexed.padEnd(INDEXED_DIGITS, 'f'), 16);
  const found = context.tables.statementsBetween(from, to, RESULTS_MAX);
  return found.flatMap((leafIndex) => {
    const result = statementResult(context, leafIndex);
    return result?.id.startsWith(hex) ? [result] : [];
  });
}

function leaves(context: TraceContext, query: string): SearchResult[] {
  if (!/^\d{1,15}$/.test(query) || Number(query) >= context.state().size) return [];
  const leafIndex = Number(query);
  const statement = statementResult(context, leafIndex);
  const block = context.store.packs.row(leafIndex)?.batchLeaf ?? leafIndex;
  const label = `block that ends with leaf ${block}`;
  return [...(statement ? [statement] : []), { kind: 'block', id: String(block), label }];
}

function statementResult({ store }: TraceContext, leafIndex: number): SearchResult | null {
  const entry = store.leaves.entry(leafIndex);
  const parsed = entry ? parseStatement(entry) : null;
  if (!parsed?.ok) return null;
  const { id, iss, sub } = parsed.value;
  return { kind: 'statement', id: toHex(id), label: `leaf ${leafIndex}: ${iss} about ${sub}` };
}
