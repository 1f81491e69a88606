// GS1-Extensions: `prefix=IRI` pairs, for names that GS1 did not define (EPCIS 2.0).
import { isJsonObject, type Json } from '../../epcis/json.ts';
import { HttpProblem } from '../problem.ts';

const PAIR = /^([A-Za-z][\w.-]{0,63})=([A-Za-z][A-Za-z0-9+.-]*:[!-+\--~]{1,512})$/;
const PAIRS_MAX = 32;
const HEADER_CHARS_MAX = 2_048;

/** What a client's header binds; `{}` without one. */
export function readExtensions(header: string | string[] | undefined): Record<string, string> {
  if (header === undefined || header === '') return {};
  const pairs = String(header).split(/\s*,\s*/, PAIRS_MAX + 1);
  const read = pairs.map((pair) => PAIR.exec(pair.trim()));
  if (pairs.length > PAIRS_MAX || read.includes(null)) {
    const detail = `GS1-Extensions is a list of prefix=IRI, at most ${PAIRS_MAX}.`;
    throw new HttpProblem('invalid_request', detail);
  }
  return Object.fromEntries(read.map((match) => [match?.[1], match?.[2]]));
}

/** What the answer's context binds, as far as a header can say it; null: nothing. */
export function writeExtensions(context: Json): string | null {
  const entries = (Array.isArray(context) ? context : [context]).filter(isJsonObject);
  const pairs = entries
    .flatMap((entry) => Object.entries(entry))
    .map(([prefix, iri]) => `${prefix}=${String(iri)}`)
    .filter((pair) => PAIR.test(pair));
  const header = [...new Set(pairs)].slice(0, PAIRS_MAX).join(', ');
  return header === '' || header.length > HEADER_CHARS_MAX ? null : header;
}
