// SPEC.md §10.8: a declared claim under its speaker's name; it is no fact and gets no grade (DESIGN §5).

/** @module claim */
import { encodePayload, openPayload } from './governance-payload.ts';
import { SUBJECT_LENGTH_MAX } from './order.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';
import type { Result } from './result.ts';

export interface Claim {
  readonly logTimeMs: number;
  /** What it is about, which is also the statement's `sub`. */
  readonly subject: string;
  readonly text: string;
  /** Whose word it is; the member that signs passes it on and vouches for no more than that. */
  readonly speaker: Responsible;
  /** SHA-256 of a document; null for none. */
  readonly document: Uint8Array | null;
}

export function encodeClaim({ logTimeMs, subject, text, speaker, document }: Claim): Uint8Array {
  return encodePayload(logTimeMs, [
    ['subject', subject],
    ['text', text],
    ['speaker', responsibleMap(speaker)],
    ['document', document],
  ]);
}

export function parseClaim(bytes: Uint8Array): Result<Claim> {
  const opened = openPayload(bytes, 'claim');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    subject: fields.text('subject', { max: SUBJECT_LENGTH_MAX }),
    text: fields.prose('text', { max: 1_024 }),
    speaker: readResponsible(fields.map('speaker')),
    document: fields.digestOrNull('document'),
  });
}
