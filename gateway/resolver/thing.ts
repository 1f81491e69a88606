// What the path of a request names (GS1 Digital Link Standard: URI Syntax, clauses on the path).

import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { decodeSegment, encodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';
import { formatDigitalLink, numberOf, QUALIFIERS, SHORT_GTIN } from '../epcis/gs1/digital-link.ts';
import { type EpcFault, gs1KeyFault, isGs1Key } from '../epcis/gs1/gs1-key.ts';

/** A key, or a key with some of its qualifiers: links hang on each of them. */
export interface Level {
  /** `/01/…/10/…`, escaped, with a slash before it and none behind. */
  readonly path: string;
  /** The same thing at https://id.gs1.org, as events and readings name it. */
  readonly epc: string;
  /** By application identifier, unescaped. */
  readonly values: ReadonlyMap<string, string>;
}

export interface Thing {
  /** From what was asked for up to the bare key; at least one. */
  readonly levels: readonly [Level, ...Level[]];
  /** False where the path names identifiers by old names or a GTIN without its leading zeros. */
  readonly isCanonical: boolean;
}

type Pair = readonly [ai: string, value: string];

/** Not beside other qualifiers: the serial of a tobacco product counts by itself. */
const THIRD_PARTY_SERIAL = '235';
const VARIANT = '22';

/**
 * `path` is the raw path of a request. Refused with the codes of an EPC: `epc_form` (no sequence of
 * key and qualifiers), `epc_digits`, `epc_check_digit`, `epc_characters`, `epc_escape`.
 */
export function readThing(path: string): Result<Thing, EpcFault> {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  if (segments.length === 0 || segments.length % 2 === 1) {
    return fail('epc_form', 'a path is pairs of an identifier and its value');
  }
  const pairs: Pair[] = [];
  for (let i = 0; i < segments.length; i += 2) {
    const value = decodeSegment(segments[i + 1] ?? '');
    if (value === null) return fail('epc_escape', (segments[i + 1] ?? '').slice(0, 64));
    pairs.push([numberOf(segments[i] ?? ''), value]);
  }
  const [[ai, written], ...qualifiers] = pairs as [Pair, ...Pair[]];
  const isShort = ai === '01' && SHORT_GTIN.test(written);
  const key: Pair = [ai, isShort ? written.padStart(14, '0') : written];
  const fault = faultOf(key, qualifiers);
  if (fault !== null) return fault;
  const levels = qualifiers.map((_, i) => levelOf(key, qualifiers.slice(0, i + 1))).reverse();
  const [finest, ...others] = [...levels, levelOf(key, [])];
  const isNumeric = segments.every((name, i) => i % 2 === 1 || numberOf(name) === name);
  return ok({
    levels: [finest ?? levelOf(key, []), ...others],
    isCanonical: isNumeric && !isShort,
  });
}

function faultOf([ai, value]: Pair, qualifiers: readonly Pair[]) {
  if (!isGs1Key(ai)) return fail('epc_form', `${ai.slice(0, 16)} is no key`);
  const fault = gs1KeyFault({ ai, value, qualifier: null });
  if (fault !== null) return fault;
  const order = QUALIFIERS.get(ai) ?? [];
  let from = 0;
  for (const qualifier of qualifiers) {
    const place = order.indexOf(qualifier[0], from);
    if (place < 0 || (qualifier[0] === THIRD_PARTY_SERIAL && qualifiers.length > 1)) {
      return fail('epc_form', `(${qualifier[0].slice(0, 16)}) may not stand there behind (${ai})`);
    }
    const wrong = gs1KeyFault({ ai, value, qualifier });
    if (wrong !== null) return wrong;
    from = place + 1;
  }
  return null;
}

function levelOf(key: Pair, qualifiers: readonly Pair[]): Level {
  const pairs = [key, ...qualifiers];
  // A lot beside a serial and a variant are left out: neither makes another thing (CBV 2.0 §8.9).
  const qualifier = qualifiers.findLast(([ai]) => ai !== VARIANT) ?? null;
  // An extension of 0 says that there is none (TDS §6.3.3).
  const isNone = qualifier?.[0] === '254' && qualifier[1] === '0';
  return {
    path: pairs.map(([ai, value]) => `/${ai}/${encodeSegment(value)}`).join(''),
    epc: formatDigitalLink({ ai: key[0], value: key[1], qualifier: isNone ? null : qualifier }),
    values: new Map(pairs),
  };
}
