// What the filing routes ask of a gateway: the data sheet that an authority is given (CAC Order 3).
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import type { Awaitable } from './backend.ts';

/** Ids and digests in lower hex. Generated from the log alone: two members show the same ledger. */
export interface FilingSheet {
  readonly service: {
    readonly ledger: string;
    readonly ledgerId: string;
    readonly origin: string;
    readonly charterId: string;
    /** What it is for, by the charter. */
    readonly purpose: string;
    readonly startedMs: number | null;
    /** Leaves that this sheet is about. */
    readonly size: number;
    readonly logTimeMs: number;
    readonly retentionDays: number;
    readonly disclosure: 'open' | 'sealed';
    readonly profiles: readonly string[];
  };
  /** The member that files: the one whose gateway made the sheet. Null where it is none any more. */
  readonly operator: FiledMember | null;
  readonly nodes: readonly FiledMember[];
  readonly persons: readonly FiledPerson[];
  readonly rules: readonly FiledRule[];
  readonly supervisors: readonly FiledSupervisor[];
  readonly filings: readonly FiledNumber[];
  /** Of the filings in force, for the foot of a page; null where there is none. */
  readonly numberLine: string | null;
  readonly orders: readonly FiledOrder[];
  readonly duties: readonly FiledDuty[];
  readonly changes: {
    /** Leaves after this one; null for all since the charter. */
    readonly sinceLeaf: number | null;
    readonly entries: readonly FiledChange[];
  };
  readonly notes: readonly string[];
}

export interface FiledMember {
  readonly iss: string;
  readonly name: string;
  readonly kind: string;
  readonly legalId: {
    readonly scheme: string;
    readonly value: string;
    /** SHA-256 of the document shown; null where none was. */
    readonly evidence: string | null;
  };
  readonly validates: boolean;
  readonly door: string | null;
  readonly engine: string | null;
  readonly publicUrl: string | null;
  readonly sinceLeaf: number;
}

export interface FiledPerson extends Responsible {
  /** What they answer for. */
  readonly answersFor: readonly string[];
}

export interface FiledRule {
  readonly rule: string;
  readonly title: string;
  readonly status: string;
  readonly profile: string | null;
  readonly legalBasis: string;
  readonly responsible: Responsible;
  readonly digest: string;
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
}

export interface FiledSupervisor {
  readonly member: string;
  readonly name: string;
  /** None for all. */
  readonly sectors: readonly string[];
  readonly powers: readonly string[];
}

export interface FiledNumber {
  readonly number: string;
  readonly authority: string;
  readonly service: string;
  readonly status: string;
  readonly filedMs: number;
  readonly url: string | null;
  readonly responsible: Responsible;
  readonly by: string;
  readonly leafIndex: number;
}

export interface FiledOrder {
  readonly leafIndex: number;
  readonly action: string;
  readonly target: string;
  readonly legalBasis: string;
  readonly by: string;
  readonly appeals: number;
  readonly lifted: boolean;
}

/** A duty of whoever runs the service, and what in the log answers it. */
export interface FiledDuty {
  readonly duty: string;
  readonly here: string;
}

export interface FiledChange {
  readonly leafIndex: number;
  readonly timeMs: number | null;
  /** Kind of the statement that brought it, and `iss` of who signed that. */
  readonly kind: string | null;
  readonly by: string | null;
  readonly text: string;
}

export interface FilingBackend {
  /** Null before there is a charter. */
  sheet(sinceLeaf: number | null): Awaitable<FilingSheet | null>;
}
