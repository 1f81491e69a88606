// What the HTTP interface asks of a gateway. gateway.ts implements it; tests use a fake.

import type { AllianceBackend } from './alliance-backend.ts';
import type { EpcisBackend, StandingQueries } from './epcis-backend.ts';
import type { FilingBackend } from './filing-backend.ts';
import type { HandoverBackend } from './handover-backend.ts';
import type { LawBackend } from './law-backend.ts';
import type { TraceBackend } from './trace-backend.ts';

/** SQLite answers at once, PostgreSQL later: every read may be either. */
export type Awaitable<T> = T | Promise<T>;

/** A refusal is a value: `code` is a key of the registry in problem.ts (or a refusal code). */
export interface Refused {
  readonly ok: false;
  readonly code: string;
  readonly detail: string;
}
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refused;

export type SubmitAnswer =
  | { readonly state: 'refused'; readonly code: string; readonly detail: string }
  | { readonly state: 'accepted'; readonly id: Uint8Array }
  | { readonly state: 'receipted'; readonly id: Uint8Array; readonly receipt: Uint8Array }
  /** The inbox is full or the gateway is still starting; nothing was stored. */
  | { readonly state: 'busy'; readonly retryAfterS: number };

export type LookupAnswer =
  | { readonly state: 'unknown' }
  | { readonly state: 'running' }
  | { readonly state: 'refused'; readonly code: string }
  | { readonly state: 'receipted'; readonly receipt: Uint8Array; readonly leafIndex: number };

/** `coseKey` is an encoded COSE_Key map with its kid (label 2). */
export interface PublishedKey {
  readonly kid: Uint8Array;
  readonly coseKey: Uint8Array;
}

export interface StatementView {
  readonly leafIndex: number;
  readonly entry: Uint8Array;
  readonly content: Uint8Array | null;
  readonly erased: boolean;
  readonly receivedMs: number | null;
}

export interface SensorSpec {
  readonly name: string;
  readonly quantity: string;
  /** Null for a sensor of texts or switches, which has no limits and no resolution either. */
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly resolution: number | null;
  readonly interface: string;
  readonly calibration: {
    readonly certificate: string;
    readonly digest: Uint8Array;
    readonly dueMs: number;
  } | null;
  /** As on the instrument's plate: what a calibration certificate has to name. */
  readonly serial?: string | undefined;
}

export interface GapView {
  readonly from: number;
  readonly to: number;
  readonly explained: boolean;
  readonly reason: string | null;
}

export interface StreamView {
  readonly kid: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly gaps: readonly GapView[];
  readonly lastSeenMs: number | null;
}

export interface DeviceKeyView {
  readonly kid: Uint8Array;
  readonly status: 'active' | 'retired' | 'revoked';
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
}

export interface DeviceView {
  readonly urn: string;
  readonly owner: string;
  readonly status: 'active' | 'revoked';
  readonly keys: readonly DeviceKeyView[];
  readonly sensors: readonly SensorSpec[];
  readonly subjects: readonly string[] | null;
  readonly binding: string;
  readonly keyLevel: string;
  readonly reportingIntervalS: number;
  readonly streams: readonly StreamView[];
  readonly registrationLeaf: number;
}

export interface CompletenessView {
  readonly device: string;
  /** One sentence a stream, e.g. "complete from seq 1 to 90; nothing known after …". */
  readonly summary: readonly string[];
  readonly streams: readonly StreamView[];
  readonly nothingKnownAfterMs: number | null;
  /** Silence beyond the registered interval; null while the device reports as it should. */
  readonly silent: { readonly sinceMs: number; readonly intervalS: number } | null;
}

export interface ReadingsQuery {
  readonly device?: string;
  readonly subject?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly cursor?: string;
  readonly limit: number;
}

export interface Reading {
  readonly timeMs: number | null;
  readonly device: string;
  readonly subject: string;
  readonly name: string;
  readonly unit: string | null;
  readonly value: number | string | boolean | null;
  readonly statementId: Uint8Array;
  readonly leafIndex: number;
  readonly seq: number;
  readonly flags: readonly string[];
}

/** `next` continues after the last row whatever was appended meanwhile; null = the end. */
export interface ReadingsPage {
  readonly rows: readonly Reading[];
  readonly next: string | null;
}

export interface EnrolmentSpec {
  readonly device: string;
  readonly reportingIntervalS: number;
  readonly sensors: readonly SensorSpec[];
  readonly subjects: readonly string[] | null;
  readonly binding: string;
  readonly keyLevel: string;
  readonly validForS: number;
}

export interface RegisterRequest {
  readonly enrolmentToken: string;
  readonly device: string;
  readonly coseKey: Uint8Array;
  readonly proof: Uint8Array;
  readonly buildDateS: number | null;
}

/** What a device must know to start; `policy` is C2SP tlog-policy text it pins. */
export interface Registered {
  readonly device: string;
  readonly kid: Uint8Array;
  readonly id: Uint8Array;
  readonly leafIndex: number;
  readonly logTimeMs: number;
  readonly ledgerId: Uint8Array;
  readonly origin: string;
  readonly policy: string | null;
  readonly mqtt: {
    readonly url: string | null;
    readonly username: string;
    readonly password: string;
  } | null;
}

/** `proofOld` null = forced by the operator; the HTTP side allows that to deviceAdmin only. */
export interface RotateRequest {
  readonly device: string;
  readonly oldKid: Uint8Array;
  readonly newKey: Uint8Array;
  readonly proofNew: Uint8Array;
  readonly proofOld: Uint8Array | null;
  readonly reason: string;
}

export interface Logged {
  readonly leafIndex: number;
  readonly id: Uint8Array;
}

export interface GovernanceLeaf {
  readonly kind: string;
  readonly leafIndex: number;
  readonly id: Uint8Array;
  readonly logTimeMs: number;
}

export interface Health {
  readonly ok: boolean;
  readonly size: number;
  readonly committed: number;
  readonly anchoredSize: number;
  readonly oldestUnanchoredMs: number | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Backend {
  origin(): string;
  ledgerId(): Uint8Array;
  /** True where the charter opens device entries to the public. */
  entriesPublic(): boolean;
  /** Signed note text of the newest checkpoint, null before the first. */
  checkpoint(): Awaitable<string | null>;
  /** `width` 256 = the full tile; null when the log does not hold exactly this tile. */
  tile(level: number, index: number, width: number): Awaitable<Uint8Array | null>;
  entryBundle(index: number, width: number): Awaitable<Uint8Array | null>;
  /** Log and receipt keys, the retired ones too. */
  keySet(): Awaitable<readonly PublishedKey[]>;

  submit(statement: Uint8Array, content: Uint8Array | null): Promise<SubmitAnswer>;
  lookup(id: Uint8Array): Awaitable<LookupAnswer>;
  statement(id: Uint8Array): Awaitable<StatementView | null>;
  evidence(id: Uint8Array): Awaitable<Uint8Array | null>;
  /** The same by position; null before the first checkpoint over it. */
  evidenceAt(leafIndex: number): Awaitable<Uint8Array | null>;
  statementIdAt(leafIndex: number): Awaitable<Uint8Array | null>;

  devices(): Awaitable<readonly DeviceView[]>;
  device(urn: string): Awaitable<DeviceView | null>;
  completeness(urn: string): Awaitable<CompletenessView | null>;
  readings(query: ReadingsQuery): Awaitable<Outcome<ReadingsPage>>;

  createEnrolment(spec: EnrolmentSpec): Promise<Outcome<{ token: string; expiresMs: number }>>;
  register(request: RegisterRequest): Promise<Outcome<Registered>>;
  rotate(request: RotateRequest): Promise<Outcome<Logged>>;
  revoke(urn: string, kid: Uint8Array | null, reason: string): Promise<Outcome<Logged>>;
  erase(ids: readonly Uint8Array[], basis: string, reason: string): Promise<Outcome<Logged>>;

  /** Governance leaves from `fromLeaf` on, ascending, at most `limit`. */
  governance(fromLeaf: number, limit: number): Awaitable<readonly GovernanceLeaf[]>;
  /** The governance leaf with this statement id; null for any other statement. */
  governanceLeaf(id: Uint8Array): Awaitable<GovernanceLeaf | null>;

  /** Who keeps the ledger; in a solo ledger one member, who may become several. */
  readonly alliance: AllianceBackend;
  /** What holds on it, and for whom. */
  readonly law: LawBackend;
  /** What an authority is told of it. */
  readonly filing: FilingBackend;
  readonly handovers: HandoverBackend;

  /** Events of the supply chain, captured into the log. */
  readonly epcis: EpcisBackend;
  /** What its clients ask of them again and again. */
  readonly standing: StandingQueries;
  /** What became of things, and under which conditions. */
  readonly trace: TraceBackend;

  health(): Awaitable<Health>;
  /** Prometheus text exposition. */
  metrics(): Promise<string>;
}
