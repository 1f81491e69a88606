// The GS1-* headers of EPCIS 2.0: what this server speaks, and what a client asks for.
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EpcFormat } from '../../epcis/gs1/epc-translation.ts';
import type { ErrorBehaviour } from '../epcis-backend.ts';
import { HttpProblem } from '../problem.ts';
import { acceptedOf } from './accept.ts';
import { MEDIA_JSON, MEDIA_JSON_LD } from './json-body.ts';

export const EPCIS_VERSION = '2.0.0';
export const CBV_VERSION = '2.0.0';
/** Ours to choose: what is served beyond the standard, such as evidence, goes by it. */
export const VENDOR_VERSION = 'truegrain-1';

const EPC_FORMATS: readonly EpcFormat[] = [
  'No_Preference',
  'Always_GS1_Digital_Link',
  'Always_EPC_URN',
  'Never_Translates',
];
const EPC_FORMAT_DEFAULT: EpcFormat = 'Always_GS1_Digital_Link';
/** For XML answers, which there are none of; checked, and without effect. */
const CBV_XML_FORMATS = ['No_Preference', 'Always_Web_URI', 'Always_URN', 'Never_Translates'];
const URL_CHARS_MAX = 8_192;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of a GET's answer; the first is the default. */
    offers?: readonly string[];
  }
}

/**
 * Every answer of the scope says which versions it speaks; a request that asks for others, or for
 * another media type, is refused before its body is read.
 */
export function installEpcisHeaders(scope: FastifyInstance): void {
  scope.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'gs1-epcis-version': EPCIS_VERSION, 'gs1-cbv-version': CBV_VERSION });
    if ((request.raw.url ?? '').length > URL_CHARS_MAX) {
      const detail = `A URL has at most ${URL_CHARS_MAX} characters here; a named query has no limit.`;
      throw new HttpProblem('uri_too_long', detail);
    }
  });
  // After the token was checked (an app-wide hook of the same kind), before the body is read.
  scope.addHook('preParsing', async (request, reply) => {
    requireVersions(request.headers);
    epcFormatOf(request);
    oneOf(request, 'gs1-cbv-xml-format', CBV_XML_FORMATS);
    reply.header('vary', 'accept, authorization, gs1-epc-format');
    mediaTypeOf(request);
  });
}

/** The media type to answer in; throws 406 where the client takes none of the route's. */
export function mediaTypeOf(request: FastifyRequest): string {
  const offers = request.routeOptions.config.offers ?? [MEDIA_JSON, MEDIA_JSON_LD];
  const accepted = acceptedOf(request.headers.accept, offers);
  if (accepted !== null) return accepted;
  throw new HttpProblem('epcis_not_acceptable', `This can be had as ${offers.join(' or ')}.`);
}

export function epcFormatOf(request: FastifyRequest): EpcFormat {
  return oneOf(request, 'gs1-epc-format', EPC_FORMATS) ?? EPC_FORMAT_DEFAULT;
}

export function errorBehaviourOf(request: FastifyRequest): ErrorBehaviour {
  const behaviours: readonly ErrorBehaviour[] = ['rollback', 'proceed'];
  return oneOf(request, 'gs1-capture-error-behaviour', behaviours) ?? 'rollback';
}

function oneOf<T extends string>(
  request: FastifyRequest,
  name: string,
  values: readonly T[],
): T | null {
  const text = request.headers[name];
  if (text === undefined) return null;
  const known = values.find((value) => value === text);
  if (known !== undefined) return known;
  throw new HttpProblem('invalid_request', `${name} is one of ${values.join(', ')}.`);
}

const VERSION = /^\d{1,4}(\.\d{1,4}){0,3}$/;
const RANGES = [
  ['gs1-epcis', EPCIS_VERSION],
  ['gs1-cbv', CBV_VERSION],
] as const;

function requireVersions(headers: IncomingHttpHeaders): void {
  for (const [name, spoken] of RANGES) {
    const [exact, min, max] = ['version', 'min', 'max'].map((end) =>
      versionOf(headers, `${name}-${end}`),
    );
    // 2.0 and 2.0.1 are one schema: a payload is judged by what it says, not by its last digit.
    const fits =
      (!exact || compare(exact.slice(0, 2), [2, 0]) === 0) &&
      (!min || compare(min, numbersOf(spoken)) <= 0) &&
      (!max || compare(max, numbersOf(spoken)) >= 0);
    if (!fits) throw new HttpProblem('epcis_not_acceptable', `${name} is ${spoken} here.`);
  }
}

const numbersOf = (version: string): number[] => version.split('.').map(Number);

function versionOf(headers: IncomingHttpHeaders, name: string): number[] | null {
  const text = headers[name];
  if (text === undefined) return null;
  if (typeof text === 'string' && VERSION.test(text)) return numbersOf(text);
  throw new HttpProblem('invalid_request', `${name} is a version, such as ${EPCIS_VERSION}.`);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
