// JSON schemas of rules, profiles, orders and the rest of the law: the fields of formats/, as they are.
import { REQUIREMENTS } from '@truegrain/device-sdk/formats/credential.js';
import { MEMBER_KINDS } from '@truegrain/device-sdk/formats/governance.js';
import { POWERS } from '@truegrain/device-sdk/formats/law-terms.js';
import { ORDER_ACTIONS, ORDER_TARGETS } from '@truegrain/device-sdk/formats/order.js';
import { AGGREGATES } from '@truegrain/device-sdk/formats/rule-check.js';
import { arrayOf, bytes, count, hash, nullable, object, text, timeMs, urn } from './schemas.ts';

const oneOf = (values: readonly string[]) => ({ type: 'string', enum: [...values] });
const number = { type: 'number' };
const idText = { type: 'string', pattern: '^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$' };

const responsible = object({ name: text(256), organisation: text(256), contact: text(256) });
const bounds = { min: nullable(number), max: nullable(number) };

const check = {
  oneOf: [
    object({ kind: oneOf(['unit']), quantity: text(64), units: arrayOf(text(16)) }),
    object({ kind: oneOf(['range']), quantity: text(64), unit: text(16), ...bounds }),
    object({
      kind: oneOf(['window']),
      quantity: text(64),
      unit: text(16),
      windowS: count,
      aggregate: oneOf(AGGREGATES),
      outside: nullable(object(bounds)),
      ...bounds,
    }),
    object({ kind: oneOf(['cel']), expression: text(2_048), windowS: nullable(count) }),
  ],
};

const example = object({
  text: text(512),
  verdict: oneOf(['kept', 'broken']),
  readings: arrayOf(
    object({ sensor: text(64), quantity: text(64), unit: text(16), atS: number, value: number }),
    { maxItems: 256 },
  ),
  context: nullable(text(4_096)),
});

export const rule = object({
  id: idText,
  version: count,
  title: text(128),
  text: text(4_096),
  legalBasis: text(512),
  profile: nullable(idText),
  responsible,
  fromLeaf: nullable(count),
  effect: oneOf(['refuse', 'report']),
  check,
  examples: arrayOf(example, { maxItems: 32 }),
});

export const profile = object({
  id: idText,
  version: count,
  title: text(128),
  text: text(4_096),
  legalBasis: arrayOf(text(1_024), { maxItems: 16 }),
  retentionDays: count,
  metrology: arrayOf(
    object({
      quantity: text(64),
      unit: text(16),
      grade: count,
      uncertaintyMax: nullable(number),
      intervalS: nullable(count),
    }),
    { maxItems: 16 },
  ),
  rules: arrayOf(rule, { maxItems: 32 }),
});

export const lawTerms = object({
  memberKinds: arrayOf(oneOf(MEMBER_KINDS)),
  conditions: arrayOf(
    object({
      id: idText,
      on: oneOf(['entry', 'exit']),
      kind: nullable(oneOf(MEMBER_KINDS)),
      requirement: oneOf(REQUIREMENTS),
      text: text(1_024),
      attestedBy: oneOf(MEMBER_KINDS),
    }),
    { maxItems: 64 },
  ),
  profiles: arrayOf(idText, { maxItems: 32 }),
  deadlock: text(4_096),
  supervisors: arrayOf(
    object({ member: text(512), sectors: arrayOf(idText), powers: arrayOf(oneOf(POWERS)) }),
    { maxItems: 64 },
  ),
  laboratories: arrayOf(object({ name: text(256), certificate: bytes(5_500) }), { maxItems: 64 }),
  examinationDays: count,
});

const thing = text(1_024);

/** Bodies of `POST /v1/law/…`. */
export const LAW_BODIES = {
  orders: object({
    action: oneOf(ORDER_ACTIONS),
    target: object({ kind: oneOf(ORDER_TARGETS), id: thing }),
    legalBasis: text(512),
    official: responsible,
    text: text(4_096),
  }),
  appeals: object({ orderId: hash, text: text(4_096), document: nullable(hash) }),
  credentials: object({
    about: text(512),
    condition: idText,
    issuedBy: text(256),
    number: text(128),
    document: hash,
    validUntilMs: nullable(timeMs),
  }),
  bindings: object({ device: urn, profile: idText }),
  taps: object({ subject: thing, place: text(256), message: text(1_024) }),
  calibrations: object(
    {
      device: urn,
      sensor: text(64),
      certificate: bytes(2_000_000),
      dueMs: { ...nullable(timeMs), default: null, description: 'where the certificate has none' },
    },
    ['dueMs'],
  ),
  claims: object(
    {
      subject: thing,
      text: text(1_024),
      speaker: responsible,
      document: { ...nullable(hash), default: null },
      attest: { type: 'boolean', default: false, description: 'refused, with the reason' },
    },
    ['document', 'attest'],
  ),
  seals: object({
    subject: thing,
    number: text(64),
    sealClass: oneOf(['I', 'S', 'H']),
    at: oneOf(['closing', 'opening']),
    photo: nullable(hash),
  }),
  filings: object({
    service: text(256),
    authority: text(256),
    number: text(128),
    filedMs: timeMs,
    url: nullable(text(512)),
    responsible,
    status: oneOf(['in force', 'ended']),
  }),
  inspections: object({
    device: urn,
    fromLeaf: count,
    untilLeaf: count,
    legalBasis: text(512),
    official: responsible,
  }),
} as const;

export const LAW_QUERIES = {
  page: object(
    {
      fromLeaf: { ...count, default: 0 },
      limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
    },
    ['fromLeaf', 'limit'],
  ),
  subject: object({ subject: thing }),
};
