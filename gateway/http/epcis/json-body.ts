// Bodies under /epcis: JSON and JSON-LD, not deeper than anything that reads them recurses.
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from '../problem.ts';

export const MEDIA_JSON = 'application/json';
export const MEDIA_JSON_LD = 'application/ld+json';
/** EPCIS itself needs about ten; the rest is for extensions. */
export const JSON_DEPTH_MAX = 64;

/** The scope takes these two media types and no other. */
export function installJsonBody(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>(
    [MEDIA_JSON, MEDIA_JSON_LD],
    { parseAs: 'string' },
    (request, body, done) => {
      if (isTooDeep(body)) {
        const detail = `The JSON is nested deeper than ${JSON_DEPTH_MAX} levels.`;
        done(new HttpProblem('invalid_request', detail), undefined);
        return;
      }
      void parse(request, body, done);
    },
  );
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN, CLOSE] = [new Set([0x5b, 0x7b]), new Set([0x5d, 0x7d])];

/** Counts brackets outside of strings, before anything is built of them. */
export function isTooDeep(json: string): boolean {
  let [depth, quoted] = [0, false];
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (quoted) {
      if (char === BACKSLASH) at += 1;
      else if (char === QUOTE) quoted = false;
    } else if (char === QUOTE) quoted = true;
    else if (OPEN.has(char)) {
      depth += 1;
      if (depth > JSON_DEPTH_MAX) return true;
    } else if (CLOSE.has(char)) depth -= 1;
  }
  return false;
}
