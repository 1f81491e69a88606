// What a check of an evidence file says: plain data, JSON as it is (DESIGN §4, §9).

import type { MemberKind } from './governance.ts';
/** @module evidence-report */
import type { Grade } from './grade.ts';
import type { LawEffectKind } from './membership-effect.ts';

/** Every check has one name; a failed one is found by it in tests, logs and other languages. */
export type CheckId =
  | 'file'
  | 'entries'
  | 'charter'
  | 'charter-signature'
  | 'acceptances'
  | 'membership'
  | 'ledger-id'
  | 'origin'
  | 'checkpoint'
  | 'note-signatures'
  | 'log-signature'
  | 'quorum'
  | 'inclusion'
  | 'own-ledger'
  | 'registration'
  | 'possession'
  | 'rotation'
  | 'revocation'
  | 'device-key'
  | 'statement-signature'
  | 'key-in-force'
  | 'subject'
  | 'statement-kind'
  | 'batch'
  | 'batch-covers'
  | 'batch-root'
  | 'grade'
  | 'rules'
  | 'content-digest'
  | 'content-form'
  | 'content-claims'
  | 'content-limits';

export interface Check {
  readonly id: CheckId;
  readonly ok: boolean;
  readonly text: string;
}

export type Verdict = 'verified' | 'self-consistent' | 'failed';
/** Where the belief in the log comes from; a policy beside a ledger id counts as policy. */
export type TrustKind = 'policy' | 'ledger-id' | 'none';

export interface MemberReport {
  readonly iss: string;
  readonly name: string;
  readonly kind: MemberKind;
  readonly legalId: string | null;
  /** It showed evidence of who it is: only such members count as distinct organisations. */
  readonly evidenced: boolean;
}

export interface LedgerReport {
  readonly id: string;
  readonly origin: string;
  readonly mode: 'solo' | 'alliance';
  /** At the checkpoint's size. */
  readonly members: readonly MemberReport[];
  /** How many changes of members, keys and terms the file shows. */
  readonly epoch: number;
  /** Where less than all members signed a change; the leaf at which it took effect. */
  readonly exceptions: readonly ExceptionReport[];
  readonly responsible: string;
  readonly size: number;
  readonly root: string;
  /** Cosigners that count, with the time (seconds since 1970) at which they say they saw the tree. */
  readonly cosigners: readonly CosignerReport[];
}

export interface CosignerReport {
  readonly name: string;
  /** Name of the member whose cosigning key it is; null for a witness from elsewhere. */
  readonly member: string | null;
  readonly timeSeconds: number;
}

export interface ExceptionReport {
  readonly kind: 'silent' | 'departure' | 'expulsion';
  readonly member: string;
  readonly leafIndex: number;
}

export type StatementKind =
  | 'readings'
  | 'boot'
  | 'gap'
  | 'event'
  | 'other-content'
  | 'charter'
  | 'acceptance'
  | 'registration'
  | 'rotation'
  | 'revocation'
  | 'erasure'
  | 'proposal'
  | 'answer'
  | 'exception'
  | 'departure'
  | 'endpoint'
  | 'grant'
  | LawEffectKind
  | 'batch';

export interface StatementReport {
  readonly id: string;
  readonly kind: StatementKind;
  readonly leafIndex: number;
  readonly issuer: string;
  readonly subject: string;
  readonly iatS: number;
  readonly seq: number;
  readonly kid: string;
  /** Digest of the content; null for an inline payload. */
  readonly digest: string | null;
  readonly contentType: string;
  readonly device: DeviceReport | null;
}

export interface DeviceReport {
  readonly owner: string;
  readonly registeredAtLeaf: number;
  readonly keyLevel: string;
  readonly binding: string;
  readonly clock: { readonly quality: number; readonly errorMs: number | null };
  readonly records: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** The key was ended by a leaf after the statement, which changes nothing about it. */
  readonly keyEnded: { readonly how: 'retired' | 'revoked'; readonly leaf: number } | null;
}

export interface ReadingReport {
  readonly name: string;
  readonly kind: string;
  readonly unit: string | null;
  /** A byte string as lower-case hex. */
  readonly value: number | string | boolean;
  /** ms since 1970; where `relative`, ms before the pack was closed. */
  readonly timeMs: number;
}

export interface ContentReport {
  readonly disclosed: boolean;
  readonly relative: boolean;
  readonly readings: readonly ReadingReport[];
  /** Boot and gap records, field by field. */
  readonly record: Readonly<Record<string, number | string | null>> | null;
  /** JSON text of a captured EPCIS event. */
  readonly event: string | null;
}

export interface GradeReport extends Grade {
  /** Measured, observed or declared (DESIGN §5), after the caps of its flags. */
  readonly fact: 'measured' | 'observed' | 'declared';
  readonly gateway: string;
  readonly batchLeaf: number;
  /** When the gateway's organisation says it accepted the statement, log time. */
  readonly acceptedMs: number;
  /** What the statement was held to, in the order in which it came into force. */
  readonly rules: readonly RuleReport[];
}

export interface RuleReport {
  /** `id@version`. */
  readonly rule: string;
  readonly title: string;
  /** Person, organisation and contact. */
  readonly responsible: string;
  /** By the word of the gateway's organisation. */
  readonly broken: boolean;
}

export interface Report {
  readonly verdict: Verdict;
  readonly trust: TrustKind;
  readonly checks: readonly Check[];
  readonly proved: readonly string[];
  readonly notProved: readonly string[];
  /** Null where the verdict is `failed`: what did not hold is not shown as if it did. */
  readonly ledger: LedgerReport | null;
  readonly statement: StatementReport | null;
  readonly content: ContentReport | null;
  readonly grade: GradeReport | null;
}

/** Collects checks in the order they are made. */
export class Findings {
  readonly checks: Check[] = [];

  /** `claim` is a sentence that is true when `ok`; `why` says what stands against it. */
  check(id: CheckId, ok: boolean, claim: string, why = ''): boolean {
    const text = ok ? claim : `Not so: ${claim}${why === '' ? '' : ` (${why})`}`;
    this.checks.push({ id, ok, text });
    return ok;
  }

  get ok(): boolean {
    return this.checks.every((check) => check.ok);
  }
}
