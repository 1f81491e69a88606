// SPEC.md §10.11: the record of a filing with an authority (in China: CAC Order 3, art. 11 to 14).

/** @module filing */
import { encodePayload, openPayload } from './governance-payload.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';
import type { Result } from './result.ts';

export interface Filing {
  readonly logTimeMs: number;
  readonly service: string;
  readonly authority: string;
  /** As the authority gave it out; shown on every public page. */
  readonly number: string;
  readonly filedMs: number;
  /** Where the public looks it up; null for nowhere. */
  readonly url: string | null;
  readonly responsible: Responsible;
  readonly status: 'in force' | 'ended';
}

export function encodeFiling(filing: Filing): Uint8Array {
  return encodePayload(filing.logTimeMs, [
    ['service', filing.service],
    ['authority', filing.authority],
    ['number', filing.number],
    ['filedMs', filing.filedMs],
    ['url', filing.url],
    ['responsible', responsibleMap(filing.responsible)],
    ['status', filing.status],
  ]);
}

export function parseFiling(bytes: Uint8Array): Result<Filing> {
  const opened = openPayload(bytes, 'filing');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    service: fields.text('service', { max: 256 }),
    authority: fields.text('authority', { max: 256 }),
    number: fields.text('number', { max: 128 }),
    filedMs: fields.timeMs('filedMs'),
    url: fields.textOrNull('url', { max: 512, pattern: /^https:\/\/[!-~]+$/ }),
    responsible: readResponsible(fields.map('responsible')),
    status: fields.oneOf('status', ['in force', 'ended']),
  });
}
