// SPEC.md §10.6: evidence that an organisation meets a condition of the charter, from a document.

/** @module credential */
import { URI } from './governance.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import type { Result } from './result.ts';

/** What a charter can ask of who comes in or goes; `other` is named by the condition's own text. */
export const REQUIREMENTS = ['capital', 'licence', 'personnel', 'identity', 'other'] as const;
export type RequirementKind = (typeof REQUIREMENTS)[number];

export interface Credential {
  readonly logTimeMs: number;
  /** `iss` of the member or applicant. */
  readonly about: string;
  /** Id of the condition in the charter. */
  readonly condition: string;
  /** Who issued the document: a registry, an auditor, a ministry. */
  readonly issuedBy: string;
  /** The document's own number. */
  readonly number: string;
  /** SHA-256 of the document. */
  readonly document: Uint8Array;
  /** Log time after which it proves nothing; null for no end. */
  readonly validUntilMs: number | null;
}

export const CONDITION_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

export function encodeCredential(credential: Credential): Uint8Array {
  return encodePayload(credential.logTimeMs, [
    ['about', credential.about],
    ['condition', credential.condition],
    ['issuedBy', credential.issuedBy],
    ['number', credential.number],
    ['document', credential.document],
    ['validUntilMs', credential.validUntilMs],
  ]);
}

export function parseCredential(bytes: Uint8Array): Result<Credential> {
  const opened = openPayload(bytes, 'credential');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    about: fields.text('about', { pattern: URI }),
    condition: fields.text('condition', { pattern: CONDITION_ID }),
    issuedBy: fields.text('issuedBy', { max: 256 }),
    number: fields.text('number', { max: 128 }),
    document: fields.digest('document'),
    validUntilMs: fields.isNull('validUntilMs') ? null : fields.timeMs('validUntilMs'),
  });
}
