// JSON schemas of what the trace routes take.
import { object, text, timeMs, urn } from './schemas.ts';
import { FINDING_KINDS } from './trace-backend.ts';

const POINTS_MAX = 4_000;
const POINTS_DEFAULT = 1_000;
const URI_CHARS_MAX = 2_048;
const FINDINGS_MAX = 500;
const FINDINGS_DEFAULT = 100;
const DEPTH_MAX = 32;
const DEPTH_DEFAULT = 12;

const filter = {
  kind: { type: 'string', enum: FINDING_KINDS },
  subject: text(URI_CHARS_MAX),
  device: urn,
};
const cursor = {
  type: 'string',
  pattern: '^\\d{1,15}\\.\\d{1,5}(\\.\\d{1,16}\\.\\d{1,15}\\.\\d{1,5})?$',
};
const fromMs = { ...timeMs, description: 'from this time on, milliseconds since 1970' };
const toMs = { ...timeMs, description: 'before this time' };

export const TRACE_QUERIES = {
  trace: object(
    {
      epc: { ...text(URI_CHARS_MAX), description: 'URN or GS1 Digital Link' },
      direction: { type: 'string', enum: ['up', 'down', 'both'], default: 'both' },
      depth: { type: 'integer', minimum: 1, maximum: DEPTH_MAX, default: DEPTH_DEFAULT },
    },
    ['direction', 'depth'],
  ),
  recall: object(
    {
      lot: { ...text(URI_CHARS_MAX), description: 'URN, Digital Link, or the lot’s own text' },
      epc: text(URI_CHARS_MAX),
      device: urn,
      fromMs,
      toMs,
    },
    ['lot', 'epc', 'device', 'fromMs', 'toMs'],
  ),
  findings: object(
    {
      ...filter,
      after: cursor,
      limit: { type: 'integer', minimum: 1, maximum: FINDINGS_MAX, default: FINDINGS_DEFAULT },
      order: { type: 'string', enum: ['oldest', 'newest'], default: 'oldest' },
    },
    ['kind', 'subject', 'device', 'after', 'limit', 'order'],
  ),
  live: object({ ...filter, after: cursor }, ['kind', 'subject', 'device', 'after']),
  chart: object(
    {
      device: urn,
      subject: text(URI_CHARS_MAX),
      sensor: text(64),
      fromMs,
      toMs,
      points: { type: 'integer', minimum: 1, maximum: POINTS_MAX, default: POINTS_DEFAULT },
    },
    ['device', 'subject', 'sensor', 'fromMs', 'toMs', 'points'],
  ),
  search: object({ q: { type: 'string', maxLength: URI_CHARS_MAX } }),
};
