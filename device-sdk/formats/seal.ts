// SPEC.md §10.7: the number of an ISO 17712 seal, read when it closes and when it opens a thing.

/** @module seal */
import { encodePayload, openPayload } from './governance-payload.ts';
import { SUBJECT_LENGTH_MAX } from './order.ts';
import type { Result } from './result.ts';

export interface Seal {
  readonly logTimeMs: number;
  /** The thing, which is also the statement's `sub`. */
  readonly subject: string;
  readonly number: string;
  /** Indicative, security, high security (ISO 17712 §5). */
  readonly sealClass: 'I' | 'S' | 'H';
  readonly at: 'closing' | 'opening';
  /** SHA-256 of a photograph; null for none. */
  readonly photo: Uint8Array | null;
}

export function encodeSeal(seal: Seal): Uint8Array {
  return encodePayload(seal.logTimeMs, [
    ['subject', seal.subject],
    ['number', seal.number],
    ['sealClass', seal.sealClass],
    ['at', seal.at],
    ['photo', seal.photo],
  ]);
}

export function parseSeal(bytes: Uint8Array): Result<Seal> {
  const opened = openPayload(bytes, 'seal');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    subject: fields.text('subject', { max: SUBJECT_LENGTH_MAX }),
    number: fields.text('number', { max: 64, pattern: /^[A-Z0-9-]+$/ }),
    sealClass: fields.oneOf('sealClass', ['I', 'S', 'H']),
    at: fields.oneOf('at', ['closing', 'opening']),
    photo: fields.digestOrNull('photo'),
  });
}
