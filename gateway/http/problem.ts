// Problem details: RFC 9457 (JSON) everywhere, RFC 9290 (CBOR) on the SCRAPI paths.
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import {
  MEDIA_CONCISE_PROBLEM,
  MEDIA_PROBLEM_JSON,
} from '@truegrain/device-sdk/formats/media-types.js';
import type { FastifyReply } from 'fastify';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** The title SCRAPI-11 lists, where it differs. */
  readonly scrapi?: string;
  /** The exception of EPCIS 2.0 that it is on the paths under /epcis: `epcisException:<name>`. */
  readonly epcis?: string;
}

const refusal = (title: string, scrapi = 'Rejected'): ProblemKind => ({
  status: 400,
  title,
  scrapi,
});

/** The one registry: every code a client can meet, with its status and title. */
export const PROBLEMS = {
  // The request itself.
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    scrapi: 'Malformed request',
    epcis: 'ValidationException',
  },
  invalid_locator: { status: 400, title: 'Invalid locator' },
  ambiguous_lot: { status: 409, title: 'Several products have such a lot' },
  digital_link: { status: 400, title: 'Not a valid GS1 identifier' },
  bad_cursor: { status: 400, title: 'Cursor not valid' },
  unauthorized: {
    status: 401,
    title: 'Token missing or not valid',
    epcis: 'SecurityException',
  },
  forbidden: { status: 403, title: 'Role not sufficient', epcis: 'SecurityException' },
  not_a_member: { status: 403, title: 'Not a member of this ledger' },
  not_found: { status: 404, title: 'Not Found', epcis: 'NoSuchResourceException' },
  registration_failed: { status: 404, title: 'Registration Failed' },
  no_such_key: { status: 404, title: 'No such key' },
  method_not_allowed: { status: 405, title: 'Method Not Allowed' },
  request_timeout: { status: 408, title: 'Request Timeout' },
  conflict: { status: 409, title: 'Conflict with the state of the ledger' },
  retained: { status: 409, title: 'Under retention or an evidence hold' },
  enrolment_token: { status: 403, title: 'Enrolment token not valid' },
  body_too_large: {
    status: 413,
    title: 'Content Too Large',
    epcis: 'CaptureLimitExceededException',
  },
  uri_too_long: { status: 414, title: 'URI Too Long', epcis: 'URITooLongException' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported Media Type',
    epcis: 'UnsupportedMediaTypeException',
  },
  headers_too_large: { status: 431, title: 'Request Header Fields Too Large' },
  rate_limited: { status: 429, title: 'Too Many Requests' },
  internal: {
    status: 500,
    title: 'Internal Server Error',
    epcis: 'ImplementationException',
  },
  busy: { status: 503, title: 'Service Unavailable' },
  pending: { status: 503, title: 'Not in a block yet' },
  // EPCIS 2.0: each is one of the standard's exceptions.
  epcis_validation: { status: 400, title: 'Not a valid document', epcis: 'ValidationException' },
  epcis_duplicate: {
    status: 409,
    title: 'An event with this eventID was captured before',
    epcis: 'ResourceAlreadyExistsException',
  },
  epcis_capture_limit: {
    status: 413,
    title: 'More than one capture may hold',
    epcis: 'CaptureLimitExceededException',
  },
  epcis_event_too_large: {
    status: 413,
    title: 'Event larger than a statement may carry',
    epcis: 'CaptureLimitExceededException',
  },
  epcis_query_parameter: {
    status: 400,
    title: 'Query parameter not valid',
    epcis: 'QueryParameterException',
  },
  epcis_query_validation: {
    status: 400,
    title: 'Query not valid',
    epcis: 'QueryValidationException',
  },
  epcis_query_too_large: {
    status: 413,
    title: 'Query result too large',
    epcis: 'QueryTooLargeException',
  },
  epcis_query_too_complex: {
    status: 413,
    title: 'Query too complex',
    epcis: 'QueryTooComplexException',
  },
  epcis_page_token: {
    status: 400,
    title: 'Page token not valid',
    epcis: 'QueryParameterException',
  },
  epcis_no_such_name: {
    status: 404,
    title: 'No such query or subscription',
    epcis: 'NoSuchNameException',
  },
  epcis_resource_exists: {
    status: 409,
    title: 'The name is taken',
    epcis: 'ResourceAlreadyExistsException',
  },
  epcis_subscription_controls: {
    status: 400,
    title: 'Subscription not valid',
    epcis: 'SubscriptionControlsException',
  },
  epcis_not_acceptable: {
    status: 406,
    title: 'Not to be answered as asked',
    epcis: 'NotAcceptableException',
  },
  // Refusals of what a member says about the membership.
  stale_proposal: { status: 409, title: 'Proposal overtaken by another change' },
  proposal_unknown: { status: 404, title: 'No such open proposal' },
  answered: { status: 409, title: 'Answered before' },
  term_running: { status: 409, title: 'Term still running' },
  not_silent: { status: 409, title: 'Member has answered' },
  key_in_use: { status: 409, title: 'Key registered before' },
  key_invalid: { status: 400, title: 'Key not valid' },
  proof: { status: 400, title: 'Proof of possession not valid' },
  charter_contradiction: { status: 409, title: 'Against the charter' },
  // Refusals under the law of the chain (SPEC §10).
  no_members: { status: 409, title: 'Nobody would be left' },
  not_a_supervisor: { status: 403, title: 'Not a supervisor' },
  not_empowered: { status: 403, title: 'Beyond the powers that the charter gives' },
  target_unknown: { status: 404, title: 'No such target' },
  rule_unknown: { status: 404, title: 'No such rule' },
  profile_unknown: { status: 404, title: 'No such profile' },
  not_in_force: { status: 409, title: 'Not signed by all yet' },
  rule_exists: { status: 409, title: 'Rule and version are taken' },
  profile_exists: { status: 409, title: 'Profile and version are taken' },
  rule_version: { status: 409, title: 'Not the next version' },
  retroactive: { status: 409, title: 'A law does not reach back' },
  other_text: { status: 409, title: 'Another text than was read' },
  entry_condition: { status: 409, title: 'Condition for coming in not met' },
  exit_condition: { status: 409, title: 'Condition for leaving not met' },
  already_suspended: { status: 409, title: 'Suspended already' },
  not_suspended: { status: 409, title: 'Not suspended' },
  dcc_serial: refusal('Certificate of another instrument'),
  dcc_unit: refusal('Certificate in another unit'),
  profile_metrology: refusal('Not the sensors that the profile wants'),
  not_digitizable: refusal('Not something that was measured'),
  no_tag_keys: { status: 409, title: 'This gateway has no tag keys' },
  sun_replayed: { status: 409, title: 'Tag counter seen before' },
  // Refusals of a statement (formats and admission share this list).
  malformed: refusal('Statement malformed', 'Malformed request'),
  algorithm: refusal('Signature algorithm not supported', 'Bad Signature Algorithm'),
  content_missing: refusal('Content missing', 'Payload Missing'),
  confirmation_missing: refusal('Proof of possession missing', 'Confirmation Missing'),
  too_large: { status: 413, title: 'Statement too large', scrapi: 'Content Too Large' },
  crit: refusal('Critical header not understood'),
  bad_signature: refusal('Signature does not verify'),
  unknown_key: refusal('Key not registered'),
  key_revoked: refusal('Key revoked'),
  key_retired: refusal('Key retired'),
  wrong_ledger: refusal('Statement is for another ledger'),
  iss_mismatch: refusal('Issuer is not the owner of the key'),
  subject: refusal('Subject not allowed'),
  digest_mismatch: refusal('Content does not match the digest'),
  pack_invalid: refusal('Pack not valid'),
  unknown_sensor: refusal('Sensor not registered'),
  unit: refusal('Unit not as registered'),
  range: refusal('Value outside the registered range'),
  clock: refusal('Time not plausible'),
  count_mismatch: refusal('Record count does not match'),
  time_mismatch: refusal('Record times do not match'),
  seq: refusal('Sequence not valid'),
  prev_mismatch: refusal('Previous statement does not match'),
  fork: refusal('Sequence number already used'),
  not_allowed: refusal('Not allowed by the charter'),
  erased: refusal('Content erased'),
  stale_batch: refusal('Batch stale'),
  suspended: refusal('Suspended by order'),
  rule: refusal('Against a rule of the ledger'),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The parsers' codes are many and grow; these families stand for what a client can do about it. */
const FAMILIES: readonly (readonly [RegExp, ProblemCode])[] = [
  [/^(statement|key)_alg$/, 'algorithm'],
  [/^(statement|frame|pack|cbor)_too_large$/, 'too_large'],
  [/^pack_/, 'pack_invalid'],
  [/^(cbor|cose|cwt|field|frame|key|senml|statement)_|^version$/, 'malformed'],
];

export function problemKind(code: string): ProblemKind {
  if (Object.hasOwn(PROBLEMS, code)) return PROBLEMS[code as ProblemCode];
  const family = FAMILIES.find(([pattern]) => pattern.test(code));
  return family === undefined ? refusal('Refused') : PROBLEMS[family[1]];
}

export interface FieldError {
  readonly path: string;
  readonly message: string;
  /** The rule that says so, where it has a name. */
  readonly rule?: string;
}

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** URL of what stands in the way. */
  readonly location?: string;
}

/** A problem on its way through fastify, for places that can only throw (hooks of plugins). */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly statusCode: number;

  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
    this.statusCode = PROBLEMS[code].status;
  }
}

/** SCRAPI wants concise problem details for everything under its two prefixes, routed or not. */
export function isScrapiPath(url: string): boolean {
  return /^\/(entries|\.well-known\/scitt-keys)(?:[/?#]|$)/.test(url);
}

export function isEpcisPath(url: string): boolean {
  return /^\/epcis(?:[/?#]|$)/.test(url);
}

/** `type` of a problem (RFC 9457): an exception of EPCIS on its paths, else a place in /openapi.json. */
export function problemType(code: string, { epcis }: { epcis: boolean }): string {
  const exception = problemKind(code).epcis;
  if (epcis && exception !== undefined) return `epcisException:${exception}`;
  return `/openapi.json#/x-problems/${code}`;
}

export function encodeProblem(
  url: string,
  problem: Problem,
): { status: number; mediaType: string; body: Buffer } {
  const kind = problemKind(problem.code);
  const { status } = kind;
  if (isScrapiPath(url)) {
    const details = new Map([
      [-1, kind.scrapi ?? kind.title],
      [-2, `${problem.code}: ${problem.detail}`],
    ]);
    const body = Buffer.from(encodeCbor(details));
    return { status, mediaType: MEDIA_CONCISE_PROBLEM, body };
  }
  const body = Buffer.from(
    JSON.stringify({
      type: problemType(problem.code, { epcis: isEpcisPath(url) }),
      title: kind.title,
      status,
      code: problem.code,
      detail: problem.detail,
      ...(problem.errors && { errors: problem.errors }),
    }),
  );
  return { status, mediaType: MEDIA_PROBLEM_JSON, body };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, mediaType, body } = encodeProblem(reply.request.raw.url ?? '/', problem);
  // A handler may have set headers for the answer it did not give.
  reply.removeHeader('content-disposition').removeHeader('location').removeHeader('link');
  if (problem.location !== undefined) reply.header('location', problem.location);
  reply.header('cache-control', 'no-store');
  return reply.code(status).header('content-type', mediaType).send(body);
}
