// What the law's routes ask of a gateway: what holds, who broke it, and what its own member says.
import type { Appeal } from '@truegrain/device-sdk/formats/appeal.js';
import type { Claim } from '@truegrain/device-sdk/formats/claim.js';
import type { Credential } from '@truegrain/device-sdk/formats/credential.js';
import type { Own } from '@truegrain/device-sdk/formats/examination.js';
import type { Filing } from '@truegrain/device-sdk/formats/filing.js';
import type { Inspection } from '@truegrain/device-sdk/formats/inspection.js';
import type { Order } from '@truegrain/device-sdk/formats/order.js';
import type { Profile } from '@truegrain/device-sdk/formats/profile.js';
import type { ProfileBinding } from '@truegrain/device-sdk/formats/profile-binding.js';
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { Seal } from '@truegrain/device-sdk/formats/seal.js';
import type { Said } from './alliance-backend.ts';
import type { Awaitable, Outcome } from './backend.ts';

type Undated<T> = Omit<T, 'logTimeMs'>;

/** A statement of the own member, dated when it is signed. */
export type LawSaying =
  | { readonly kind: 'orders'; readonly body: Undated<Order> }
  | { readonly kind: 'appeals'; readonly body: Undated<Appeal> }
  | { readonly kind: 'credentials'; readonly body: Undated<Credential> }
  | { readonly kind: 'bindings'; readonly body: Undated<ProfileBinding> }
  | { readonly kind: 'seals'; readonly body: Undated<Seal> }
  | { readonly kind: 'claims'; readonly body: Undated<Claim> }
  | { readonly kind: 'filings'; readonly body: Undated<Filing> }
  | { readonly kind: 'inspections'; readonly body: Undated<Inspection> };

/** Ids and digests in lower hex. */
export interface LawView {
  readonly edition: number;
  readonly rules: readonly RuleView[];
  readonly profiles: readonly { readonly profile: Profile; readonly leafIndex: number }[];
  readonly orders: readonly OrderView[];
  readonly filings: readonly (Undated<Filing> & {
    readonly leafIndex: number;
    readonly by: string;
  })[];
  readonly examinations: readonly ExaminationView[];
  /** Between members' newest reports on the same leaves: each is a finding. */
  readonly differences: readonly ExaminationDifference[];
  readonly overdueExaminations: readonly OverdueExamination[];
}

export interface ExaminationDifference {
  readonly size: number;
  /** Of what was seen. */
  readonly field: string;
  readonly values: readonly { readonly member: string; readonly value: string | number }[];
}

/** A whole period of log time went by without a report. */
export interface OverdueExamination {
  readonly member: string;
  readonly lastMs: number | null;
  readonly examinationDays: number;
}

export interface RuleView {
  readonly rule: Rule;
  readonly digest: string;
  readonly status: 'in force' | 'not yet' | 'suspended' | 'amended' | 'retired';
  readonly by: string;
  readonly approvedBy: readonly string[];
  readonly enactedLeaf: number;
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
  readonly pauses: readonly {
    readonly fromLeaf: number;
    readonly untilLeaf: number | null;
    readonly because: string;
  }[];
}

export interface OrderView {
  readonly id: string;
  readonly leafIndex: number;
  readonly logTimeMs: number;
  readonly by: string;
  readonly action: string;
  readonly target: { readonly kind: string; readonly id: string };
  readonly legalBasis: string;
  readonly official: Responsible;
  readonly text: string;
  readonly appeals: readonly {
    readonly id: string;
    readonly by: string;
    readonly leafIndex: number;
    readonly text: string;
    readonly document: string | null;
  }[];
  readonly liftedBy: string | null;
}

export interface ExaminationView {
  readonly by: string;
  readonly leafIndex: number;
  readonly logTimeMs: number;
  readonly size: number;
  readonly seen: Record<string, string | number>;
  readonly own: Own;
}

/** For who may see devices. */
export interface LawRegistry {
  readonly bindings: readonly { device: string; profile: string; by: string; leafIndex: number }[];
  readonly calibrations: readonly object[];
  readonly inspections: readonly object[];
  readonly suspendedDevices: readonly { device: string; order: string }[];
  readonly suspendedMembers: readonly { member: string; order: string }[];
}

/** A rule that a statement broke, with who answers for the rule. */
export interface BreachView {
  readonly statementId: string;
  /** Null where it was refused. */
  readonly leafIndex: number | null;
  readonly batchLeaf: number;
  readonly device: string | null;
  readonly subject: string | null;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly rule: string;
  readonly version: number;
  readonly title: string;
  readonly legalBasis: string;
  readonly responsible: Responsible;
  readonly effect: 'refuse' | 'report';
  /** `iss` of the gateway's member that attests it. */
  readonly attestedBy: string;
}

export interface BreachPage {
  readonly breaches: readonly BreachView[];
  /** Batch leaf from which the next page begins; null at the end. */
  readonly next: number | null;
}

/** Where a member that holds the content differs from what was attested. */
export interface DisagreementView {
  readonly id: string;
  readonly by: string;
  readonly leafIndex: number;
  readonly about: { readonly leafIndex: number; readonly statementId: string };
  readonly rule: string;
  readonly version: number;
  readonly responsible: Responsible | null;
  readonly attested: string;
  readonly found: string;
  readonly text: string;
}

export interface SubjectRecord {
  readonly subject: string;
  /** Facts by what they are worth; claims are none and are in no share. */
  readonly facts: {
    readonly measured: number;
    readonly observed: number;
    readonly declared: number;
  };
  /** Of the facts, what was measured, 0 to 1; null where there are none. */
  readonly measuredShare: number | null;
  readonly breaches: readonly BreachView[];
  readonly annotations: readonly OrderView[];
  readonly claims: readonly {
    readonly text: string;
    readonly speaker: Responsible;
    readonly passedOnBy: string;
    readonly leafIndex: number;
  }[];
  readonly notProved: readonly string[];
}

export interface LawBackend {
  view(): Awaitable<LawView | null>;
  registry(): Awaitable<LawRegistry>;
  breaches(fromLeaf: number, limit: number): Awaitable<BreachPage>;
  disagreements(): Awaitable<readonly DisagreementView[]>;
  subject(subject: string): Awaitable<SubjectRecord | null>;
  say(saying: LawSaying): Promise<Outcome<Said>>;
  /** Reads the certificate, holds it against the sensor, and records what it says. */
  calibrate(request: {
    readonly device: string;
    readonly sensor: string;
    readonly certificate: Uint8Array;
    /** Where the certificate gives no due date: the owner's. */
    readonly dueMs: number | null;
  }): Promise<Outcome<Said>>;
  /** Verifies what the tag said (SUN) with this gateway's tag keys, and records its counter. */
  tap(request: {
    readonly subject: string;
    readonly place: string;
    readonly message: string;
  }): Promise<Outcome<Said>>;
  /** The own report, now. */
  examine(): Promise<Outcome<Said>>;
}
