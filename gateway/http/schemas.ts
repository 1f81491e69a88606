// JSON schemas of inputs and answers; the OpenAPI document is made from them.

export const object = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
export const arrayOf = (items: unknown, limits: Record<string, number> = {}) => ({
  type: 'array',
  items,
  ...limits,
});
export const nullable = (schema: Record<string, unknown>) => ({
  anyOf: [schema, { type: 'null' }],
});

export const hash = {
  type: 'string',
  pattern: '^[0-9a-f]{64}$',
  description: '32 bytes, lower-case hex',
};
/** 43 characters of base64url are 32 bytes; the caps keep a body within its limit. */
export const bytes = (maxLength: number) => ({
  type: 'string',
  pattern: '^[A-Za-z0-9_-]*$',
  maxLength,
  description: 'base64url, unpadded',
});
export const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });
export const urn = {
  type: 'string',
  pattern: '^urn:dev:[!-~]{1,192}$',
  description: 'device URN (RFC 9039)',
};
export const timeMs = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
export const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const flag = { type: 'boolean' };

const calibration = object({ certificate: text(200), digest: hash, dueMs: timeMs });
const sensor = object(
  {
    name: { type: 'string', pattern: '^[A-Za-z0-9\\-:./_]{1,64}$' },
    quantity: text(64),
    unit: nullable(text(16)),
    min: nullable({ type: 'number' }),
    max: nullable({ type: 'number' }),
    resolution: nullable({ type: 'number', exclusiveMinimum: 0 }),
    interface: text(32),
    calibration: nullable(calibration),
    serial: { ...text(64), description: 'of the instrument, as on its plate' },
  },
  ['serial'],
);

export const PARAMS = {
  id: object({ id: hash }),
  urn: object({ urn: { type: 'string', minLength: 1, maxLength: 255 } }),
};

export const READINGS_LIMIT_MAX = 1_000;
export const READINGS_LIMIT_DEFAULT = 100;

export const QUERIES = {
  readings: object(
    {
      device: urn,
      subject: text(2_048),
      fromMs: { ...timeMs, description: 'from this time on, milliseconds since 1970' },
      toMs: { ...timeMs, description: 'before this time' },
      cursor: { type: 'string', minLength: 1, maxLength: 512 },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: READINGS_LIMIT_MAX,
        description: 'rows in one page (format=page)',
      },
      format: {
        type: 'string',
        enum: ['page', 'array', 'csv', 'parquet'],
        description: 'page: one page and `next`; the others: the whole range as one stream',
      },
    },
    ['device', 'subject', 'fromMs', 'toMs', 'cursor', 'limit', 'format'],
  ),
  qr: object(
    { epc: { ...text(2_048), description: 'GS1 Digital Link or EPC URN of the thing' } },
    [],
  ),
  handovers: object(
    {
      item: { ...text(2_048), description: 'URI of a thing; without it, hand-overs of all things' },
      fromMs: { ...timeMs, description: 'whose earlier half is from this time on' },
      toMs: { ...timeMs, description: 'and before this time' },
      cursor: { type: 'string', minLength: 1, maxLength: 512 },
      limit: { type: 'integer', minimum: 1, maximum: 500 },
    },
    ['item', 'fromMs', 'toMs', 'cursor', 'limit'],
  ),
  governance: object(
    {
      fromLeaf: { ...count, default: 0 },
      limit: { ...count, minimum: 1, maximum: 500, default: 100 },
    },
    ['fromLeaf', 'limit'],
  ),
};

export const BODIES = {
  enrolment: object(
    {
      device: urn,
      reportingIntervalS: { type: 'integer', minimum: 1, maximum: 31_536_000 },
      sensors: arrayOf(sensor, { minItems: 1, maxItems: 64 }),
      subjects: nullable(arrayOf(text(2_048), { maxItems: 64 })),
      binding: text(32),
      keyLevel: text(32),
      validForS: { type: 'integer', minimum: 60, maximum: 2_592_000, default: 86_400 },
    },
    ['subjects', 'binding', 'keyLevel', 'validForS'],
  ),
  enrol: object(
    {
      enrolmentToken: text(200),
      device: urn,
      coseKey: bytes(1_000),
      proof: bytes(4_000),
      buildDateS: nullable(count),
    },
    ['buildDateS'],
  ),
  rotation: object(
    {
      oldKid: hash,
      newKey: bytes(1_000),
      proofNew: bytes(4_000),
      proofOld: nullable(bytes(4_000)),
      reason: text(1_000),
    },
    ['proofOld'],
  ),
  revocation: object({ kid: nullable(hash), reason: text(1_000) }, ['kid']),
  erasure: object({
    ids: arrayOf(hash, { minItems: 1, maxItems: 500 }),
    basis: text(1_000),
    reason: text(1_000),
  }),
};

const gap = object({ from: count, to: count, explained: flag, reason: nullable(text(1_000)) });
const stream = object({
  kid: hash,
  from: count,
  to: count,
  gaps: arrayOf(gap),
  lastSeenMs: nullable(timeMs),
});
const device = object({
  urn,
  owner: text(8_192),
  status: { type: 'string', enum: ['active', 'revoked'] },
  keys: arrayOf(
    object({
      kid: hash,
      status: { type: 'string', enum: ['active', 'retired', 'revoked'] },
      fromLeaf: count,
      untilLeaf: nullable(count),
    }),
  ),
  sensors: arrayOf(sensor),
  subjects: nullable(arrayOf(text(2_048))),
  binding: text(32),
  keyLevel: text(32),
  reportingIntervalS: count,
  streams: arrayOf(stream),
  registrationLeaf: count,
});
const reading = object({
  timeMs: nullable(timeMs),
  device: urn,
  subject: text(8_192),
  name: text(128),
  unit: nullable(text(16)),
  value: { type: ['number', 'string', 'boolean', 'null'] },
  statementId: hash,
  leafIndex: count,
  seq: count,
  flags: arrayOf(text(32)),
});
const governanceLeaf = object({ kind: text(32), leafIndex: count, id: hash, logTimeMs: timeMs });
const mqtt = object({ url: nullable(text(2_048)), username: text(255), password: text(255) });

/** Documentation only: answers are written by JSON.stringify, never filtered by these. */
export const ANSWERS = {
  devices: object({ devices: arrayOf(device) }),
  device,
  completeness: object({
    device: urn,
    summary: arrayOf(text(1_000)),
    streams: arrayOf(stream),
    nothingKnownAfterMs: nullable(timeMs),
    silent: nullable(object({ sinceMs: timeMs, intervalS: count })),
  }),
  readings: object({ rows: arrayOf(reading), next: nullable(text(512)) }),
  statement: object({
    id: hash,
    leafIndex: count,
    entry: bytes(90_000),
    content: nullable(bytes(400_000)),
    erased: flag,
    receivedMs: nullable(timeMs),
  }),
  enrolment: object({
    token: text(200),
    expiresMs: timeMs,
    ledgerId: hash,
    origin: text(512),
  }),
  registered: object({
    device: urn,
    kid: hash,
    id: hash,
    leafIndex: count,
    logTimeMs: timeMs,
    ledgerId: hash,
    origin: text(512),
    policy: nullable(text(65_536)),
    mqtt: nullable(mqtt),
  }),
  logged: object({ leafIndex: count, id: hash }),
  governance: object({ leaves: arrayOf(governanceLeaf), next: nullable(count) }),
  health: object(
    {
      ok: flag,
      size: count,
      committed: count,
      anchoredSize: count,
      oldestUnanchoredMs: nullable(timeMs),
      details: { type: 'object', additionalProperties: true },
    },
    ['size', 'committed', 'anchoredSize', 'oldestUnanchoredMs', 'details'],
  ),
};
