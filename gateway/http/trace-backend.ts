// What the trace, recall, findings, chart and search routes ask of a gateway.
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import type { Awaitable, Outcome } from './backend.ts';

/** What a fact is worth (DESIGN §5). */
export type FactClass = 'measured' | 'observed' | 'declared';

/** A rule, and who answers for it. */
export interface RuleView {
  /** `id@version`. */
  readonly rule: string;
  readonly title: string;
  readonly responsible: Responsible;
}

/** Readings beyond a limit or against a rule; bounds are null where the content was erased. */
export interface Excursion {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly rules: readonly RuleView[];
  /** Statements of which their batch says that they broke one of these rules; not all of very many. */
  readonly leaves: readonly number[];
}

/** Between two statements; `missing` numbers are not in the log, 0 where the device was silent. */
export interface Gap {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly missing: number;
}

export interface Limits {
  readonly min: number | null;
  readonly max: number | null;
  readonly rules: readonly RuleView[];
}

export interface ChartQuery {
  readonly device?: string;
  readonly subject?: string;
  /** The first of them where none is named. */
  readonly sensor?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly points: number;
}

export interface Chart {
  readonly sensor: string;
  readonly quantity: string | null;
  readonly unit: string;
  readonly sensors: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** `[ms, min, max, mean, count]`, in order; least and greatest of every reading are kept. */
  readonly points: readonly (readonly [number, number, number, number, number])[];
  readonly limits: Limits | null;
  readonly gaps: readonly Gap[];
  readonly excursions: readonly Excursion[];
  /** Readings shown. */
  readonly total: number;
}

export interface SearchResult {
  readonly kind: 'item' | 'lot' | 'product' | 'device' | 'statement' | 'block' | 'place';
  readonly id: string;
  readonly label: string;
}

/** A thing, a class (a lot, a product) or a transaction. */
export interface TraceNode {
  readonly item: string;
  readonly isClass: boolean;
  /** Negative: where the thing asked for comes from. Positive: what became of it. */
  readonly depth: number;
}

export interface TraceEdge {
  /** Container, input, lot or transaction. */
  readonly from: string;
  readonly to: string;
  readonly kind: 'contains' | 'carries' | 'becomes' | 'lot' | 'transaction';
  readonly fromMs: number;
  /** Null: as far as the log knows, still so. */
  readonly untilMs: number | null;
  readonly eventIds: readonly string[];
  /** Of the event that began it. */
  readonly leafIndex: number;
  readonly class: FactClass;
  readonly recordedBy: string;
}

export interface TraceStay {
  readonly item: string;
  /** What the event named, where that was not the thing itself. */
  readonly via: string | null;
  readonly readPoint: string | null;
  readonly bizLocation: string | null;
  readonly bizStep: string | null;
  readonly disposition: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly eventId: string;
  readonly leafIndex: number;
  readonly class: FactClass;
}

export interface TraceConditions {
  readonly item: string;
  /** Whose readings these are: the thing itself, or what it was in. */
  readonly via: string;
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string | null;
  readonly unit: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** USP <1079.2>, in the unit of the readings; null where it is no temperature's. */
  readonly meanKinetic: number | null;
  readonly excursions: readonly Excursion[];
  readonly gaps: readonly Gap[];
  /** Statements whose contents were erased or are not kept here. */
  readonly unreadable: number;
  readonly isTruncated: boolean;
  /** What the statements behind it are worth, by their number; `class` is the least of them. */
  readonly statements: Readonly<Record<FactClass, number>>;
  readonly class: FactClass;
}

export const FINDING_KINDS = [
  'excursion',
  'gap',
  'fork',
  'calibration_overdue',
  'route_deviation',
  'dwell',
  'handover_missing',
  'handover_differs',
  'aggregation_cycle',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

export interface TraceFinding {
  readonly kind: FindingKind;
  readonly subject: string | null;
  readonly device: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  /** One plain sentence. */
  readonly text: string;
  readonly leafIndex: number | null;
  readonly rule: RuleView | null;
}

export interface TraceQuery {
  readonly epc: string;
  readonly direction: 'up' | 'down' | 'both';
  readonly depth: number;
}

export interface Trace {
  readonly item: string;
  readonly direction: TraceQuery['direction'];
  /** Bounds were met: what is shown is true, and not all. */
  readonly isTruncated: boolean;
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
  readonly stays: readonly TraceStay[];
  readonly conditions: readonly TraceConditions[];
  readonly findings: readonly TraceFinding[];
}

/** A bad lot, a bad thing, or what a device measured the conditions of. */
export type RecallBasis =
  | { readonly kind: 'lot' | 'epc'; readonly item: string }
  | {
      readonly kind: 'device';
      readonly device: string;
      readonly fromMs: number;
      readonly toMs: number;
    };

export interface RecallItem {
  readonly item: string;
  readonly isClass: boolean;
  readonly depth: number;
  /** What leads to it; none for what was bad itself. */
  readonly why: readonly TraceEdge[];
  /** Where it is, as far as the log knows; null: it was seen nowhere. */
  readonly lastSeen: TraceStay | null;
}

export interface RecallReport {
  readonly type: 'recall';
  readonly basis: RecallBasis;
  readonly ledger: { readonly id: string; readonly origin: string; readonly size: number };
  readonly by: string;
  readonly generatedMs: number;
  readonly items: readonly RecallItem[];
  readonly isTruncated: boolean;
  readonly findings: readonly TraceFinding[];
  readonly notProved: readonly string[];
}

export type RecallQuery =
  | { readonly lot: string }
  | { readonly epc: string }
  | { readonly device: string; readonly fromMs: number; readonly toMs: number };

export interface FindingsQuery {
  readonly kind?: FindingKind;
  readonly subject?: string;
  readonly device?: string;
  readonly after?: string;
  readonly limit: number;
  /** Absent: the oldest first. */
  readonly order?: 'oldest' | 'newest';
}

/** As a feed has it: `id` is the same whenever it is told, `cursor` is the place behind it. */
export interface FeedFinding extends TraceFinding {
  readonly id: string;
  readonly cursor: string;
}

/** In the order in which the log came to know them; `next` continues there, null at its end. */
export interface FindingsPage {
  readonly findings: readonly FeedFinding[];
  readonly next: string | null;
  /** Where the next one will be, whatever is asked for now. */
  readonly end: string;
}

export interface TraceBackend {
  /** `not_found` for a lot or thing of which nothing is known; `ambiguous_lot` where several are. */
  recall(query: RecallQuery): Awaitable<Outcome<RecallReport>>;
  /** COSE_Sign1 by the member's log key over these bytes of the report. */
  signRecall(report: RecallReport, bytes: Uint8Array): Awaitable<Uint8Array>;
  findings(query: FindingsQuery): Awaitable<Outcome<FindingsPage>>;
  /** After COMMIT; the answer takes the listener away. */
  onCommitted(listener: () => void): () => void;
  /** `not_found` where no event and no reading is of this thing. */
  trace(query: TraceQuery): Awaitable<Outcome<Trace>>;
  /** `not_found` where no reading is of this device or subject, or none by this sensor. */
  chart(query: ChartQuery): Awaitable<Outcome<Chart>>;
  search(text: string): Awaitable<readonly SearchResult[]>;
}
