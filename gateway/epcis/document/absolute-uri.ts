import { isIPv6 } from 'node:net';

/**
 * `URI` of RFC 3986 appendix A: with a scheme, in ASCII, escapes in hexadecimal. Relative references
 * are not URIs, and an event has no base to resolve them against. A scheme alone is refused,
 * though the grammar has it, for it names nothing.
 */
const SEGMENT = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const USER = "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@";
const HOST = "(?:\\[([0-9A-Fa-f:.]+)\\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)";
const WITH_AUTHORITY = `//(?:${USER})?${HOST}(?::[0-9]*)?(?:/${SEGMENT}*)*`;
const WITHOUT_AUTHORITY = `/?${SEGMENT}+(?:/${SEGMENT}*)*|/`;
const TAIL = `(?:${SEGMENT}|[/?])*`;
const URI = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.-]*:(?:${WITH_AUTHORITY}|${WITHOUT_AUTHORITY})(?:\\?${TAIL})?(?:#${TAIL})?$`,
);

export function isUri(text: string): boolean {
  const parts = URI.exec(text);
  return parts !== null && (parts[1] === undefined || isIPv6(parts[1]));
}
