// GS1 Digital Link URIs (GS1 Digital Link Standard: URI Syntax 1.2), not compressed.

import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { decodeSegment, encodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';
import { type EpcFault, type Gs1Key, gs1KeyFault, isGs1Key, looksLikeKey } from './gs1-key.ts';

export const CANONICAL_ORIGIN = 'https://id.gs1.org';

/** Names that links of release 1.1 and older write instead of the numbers. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['sscc', '00'],
  ['gtin', '01'],
  ['gdti', '253'],
  ['gcn', '255'],
  ['ginc', '401'],
  ['gsin', '402'],
  ['gln', '414'],
  ['party', '417'],
  ['grai', '8003'],
  ['giai', '8004'],
  ['itip', '8006'],
  ['cpid', '8010'],
  ['gsrnp', '8017'],
  ['gsrn', '8018'],
  ['cpv', '22'],
  ['lot', '10'],
  ['ser', '21'],
  ['glnx', '254'],
  ['cpsn', '8011'],
]);

/** What may follow a key in the path, in this order; the last of them is the finest level. */
export const QUALIFIERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['01', ['22', '10', '21', '235']],
  ['8006', ['22', '10', '21']],
  ['414', ['254']],
  ['8010', ['8011']],
]);
const VARIANT = '22';
const QUALIFIERS_MAX = 3;

/** Shorter GTINs are the same numbers without their leading zeros. */
export const SHORT_GTIN = /^(?:\d{8}|\d{12}|\d{13})$/;

/**
 * The key of a link at its finest level; query string, consumer product variant, and a lot beside a
 * serial are dropped. Null where `uri` is no Digital Link: other addresses may have any path. Codes:
 * `epc_digits` (at GS1's own domain only, elsewhere it is no link), `epc_check_digit`,
 * `epc_characters`, `epc_escape`.
 */
export function parseDigitalLink(uri: string): Result<Gs1Key, EpcFault> | null {
  const [, domain = '', path = ''] = /^https?:\/\/([^/?#]+)\/([^?#]*)/i.exec(uri) ?? [];
  const segments = path.split('/');
  if (segments.at(-1) === '') segments.pop();
  let fault: Result<Gs1Key, EpcFault> | null = null;
  for (let at = 0; at + 1 < segments.length; at += 1) {
    const tail = segments.slice(at, at + 2 + 2 * QUALIFIERS_MAX + 1);
    const found = keyAt(tail, domain.toLowerCase() === 'id.gs1.org' && at === 0);
    if (found?.ok) return found;
    fault ??= found;
  }
  return fault;
}

function keyAt(segments: readonly string[], isCertain: boolean): Result<Gs1Key, EpcFault> | null {
  const [name = '', written = '', ...rest] = segments;
  const ai = numberOf(name);
  if (!isGs1Key(ai)) return null;
  const decoded = decodeSegment(written);
  if (decoded === null) return fail('epc_escape', written.slice(0, 64));
  const value = ai === '01' && SHORT_GTIN.test(decoded) ? decoded.padStart(14, '0') : decoded;
  if (!isCertain && !looksLikeKey(ai, value)) return null;
  const finest = finestOf(ai, rest);
  // A service relation or a UIC extension makes a right link that is no EPC; its key may be wrong.
  if (finest === undefined) return isCertain ? gs1KeyFault({ ai, value, qualifier: null }) : null;
  if (finest === null) return checked({ ai, value, qualifier: null });
  const serial = decodeSegment(finest[1]);
  if (serial === null) return fail('epc_escape', finest[1].slice(0, 64));
  // An extension of 0 says that there is none, as in the URN (TDS §6.3.3).
  const isNone = ai === '414' && serial === '0';
  return checked({ ai, value, qualifier: isNone ? null : [finest[0], serial] });
}

function checked(key: Gs1Key): Result<Gs1Key, EpcFault> {
  return gs1KeyFault(key) ?? ok(key);
}

/** Undefined where what follows is no sequence of this key's qualifiers. */
function finestOf(
  ai: string,
  rest: readonly string[],
): readonly [string, string] | null | undefined {
  const allowed = QUALIFIERS.get(ai) ?? [];
  let finest: readonly [string, string] | null = null;
  let from = 0;
  for (let i = 0; i < rest.length; i += 2) {
    const [name = '', value = ''] = rest.slice(i, i + 2);
    const place = allowed.indexOf(numberOf(name), from);
    if (place < 0 || value === '') return undefined;
    from = place + 1;
    if (allowed[place] !== VARIANT) finest = [numberOf(name), value];
  }
  return finest;
}

/** The canonical form: at GS1's own domain, without attributes. */
export function formatDigitalLink({ ai, value, qualifier }: Gs1Key): string {
  const link = `${CANONICAL_ORIGIN}/${ai}/${encodeSegment(value)}`;
  return qualifier === null ? link : `${link}/${qualifier[0]}/${encodeSegment(qualifier[1])}`;
}

/** The application identifier that a part of a path names, by its number or by an old name. */
export function numberOf(name: string): string {
  return OLD_NAMES.get(name) ?? name;
}
