// SPEC.md §4.10: a member's answer to a proposal.

/** @module answer */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, REASON_LENGTH_MAX } from './governance.ts';
import type { Result } from './result.ts';

export interface Answer {
  readonly logTimeMs: number;
  /** Statement id of the proposal. */
  readonly proposalId: Uint8Array;
  /** One rejection ends a proposal; the proposer's own takes it back. */
  readonly answer: 'approve' | 'reject';
  readonly reason: string;
  /** `changeDigest` of the text that was read; null where the member did not say. */
  readonly textDigest: Uint8Array | null;
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const { textDigest } = answer;
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', answer.logTimeMs],
      ['proposalId', answer.proposalId],
      ['answer', answer.answer],
      ['reason', answer.reason],
      ...(textDigest === null ? [] : [['textDigest', textDigest] as const]),
    ]),
  );
}

export function parseAnswer(bytes: Uint8Array): Result<Answer> {
  const opened = openFields(bytes, 'answer');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    proposalId: fields.digest('proposalId'),
    answer: fields.oneOf('answer', ['approve', 'reject']),
    reason: fields.prose('reason', { min: 0, max: REASON_LENGTH_MAX }),
    textDigest: fields.has('textDigest') ? fields.digest('textDigest') : null,
  });
}
