// Pure identity patterns (EPC Tag Data Standard): urn:epc:idpat:sgtin:0614141.*.*. One with
// only its serial open is a class and canonicalUri makes it one; these are the wider ones.
import { canonicalUri } from './epc-translation.ts';

interface Layout {
  readonly ai: string;
  /** In the key, in front of the company prefix. */
  readonly lead: string;
  /** Behind the key: what makes it an instance. */
  readonly tail: string;
  /** How many parts the pattern has. */
  readonly parts: number;
}

const LAYOUTS: ReadonlyMap<string, Layout> = new Map([
  ['sgtin', { ai: '01', lead: '\\d', tail: '/21/.+', parts: 3 }],
  ['upui', { ai: '01', lead: '\\d', tail: '/235/.+', parts: 3 }],
  ['itip', { ai: '8006', lead: '\\d', tail: '/21/.+', parts: 5 }],
  ['sscc', { ai: '00', lead: '\\d', tail: '', parts: 2 }],
  ['sgln', { ai: '414', lead: '', tail: '(?:/254/.+)?', parts: 3 }],
  ['pgln', { ai: '417', lead: '', tail: '', parts: 2 }],
  ['grai', { ai: '8003', lead: '0', tail: '', parts: 3 }],
  ['giai', { ai: '8004', lead: '', tail: '', parts: 2 }],
  ['gsrn', { ai: '8018', lead: '', tail: '', parts: 2 }],
  ['gsrnp', { ai: '8017', lead: '', tail: '', parts: 2 }],
  ['gdti', { ai: '253', lead: '', tail: '', parts: 3 }],
  ['sgcn', { ai: '255', lead: '', tail: '', parts: 3 }],
  ['cpi', { ai: '8010', lead: '', tail: '/8011/.+', parts: 3 }],
  ['ginc', { ai: '401', lead: '', tail: '', parts: 2 }],
  ['gsin', { ai: '402', lead: '', tail: '', parts: 2 }],
]);
const ORIGIN = 'https://id.gs1.org/';
const DIGITS = [...'0123456789'];
const PATTERN = /^urn:epc:idpat:([a-z]+):(.+)$/;
/** Schemes without a Digital Link keep their URNs; the pattern opens parts from the end on. */
const OTHER_SCHEMES: ReadonlyMap<string, number> = new Map([
  ['gid', 3],
  ['usdod', 2],
  ['adi', 3],
  ['bic', 1],
  ['imovn', 1],
]);

export interface EpcPattern {
  /** What the canonical URIs of things that match look like. */
  readonly instance: RegExp;
  /** And those of classes. */
  readonly class: RegExp;
  /** Every match begins with one of these. */
  readonly starts: readonly string[];
}

/** Null: no pattern, or one that TDS does not have. */
export function readEpcPattern(uri: string): EpcPattern | null {
  const [, scheme = '', body = ''] = PATTERN.exec(uri) ?? [];
  const parts = body.split('.');
  const firstOpen = parts.indexOf('*');
  // What stands behind an open part is open too.
  if (firstOpen < 0 || parts.slice(firstOpen).some((part) => part !== '*')) return null;
  if (scheme === 'sgln' && firstOpen === 2) return locationPattern(parts);
  const layout = LAYOUTS.get(scheme);
  if (layout) return keyPattern(layout, parts, firstOpen);
  if (OTHER_SCHEMES.get(scheme) !== parts.length) return null;
  const fixed = parts.slice(0, firstOpen).map((part) => `${part}.`);
  const start = `urn:epc:id:${scheme}:${fixed.join('')}`;
  const test = new RegExp(`^${escaped(start)}.+$`);
  return { instance: test, class: test, starts: [start] };
}

function keyPattern(
  { ai, lead, tail, parts: count }: Layout,
  parts: readonly string[],
  firstOpen: number,
): EpcPattern | null {
  // Three parts and more with only the serial open are a class, and no wider pattern.
  if (parts.length !== count || firstOpen > 1) return null;
  const prefix = firstOpen === 0 ? '' : (parts[0] ?? '');
  if (firstOpen === 1 && !/^\d{6,12}$/.test(prefix)) return null;
  const key = `${escaped(ORIGIN)}${ai}\\/${lead}${prefix}[^/]*`;
  const leads = lead === '\\d' ? DIGITS : [lead];
  return {
    instance: new RegExp(`^${key}${tail}$`),
    class: new RegExp(`^${key}$`),
    starts: leads.map((digit) => `${ORIGIN}${ai}/${digit}${prefix}`),
  };
}

/** All places of one GLN, with an extension or without: to CBV it is no class but a place itself. */
function locationPattern([prefix = '', reference = '']: readonly string[]): EpcPattern | null {
  const uri = `urn:epc:id:sgln:${prefix}.${reference}.0`;
  const start = canonicalUri(uri);
  if (start === uri) return null;
  const test = new RegExp(`^${escaped(start)}(?:/254/.+)?$`);
  return { instance: test, class: test, starts: [start] };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
