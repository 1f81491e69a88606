// Answers of the trace interface (/v1/trace, /v1/chart, /v1/findings, /v1/search); times are ms since 1970.

/** measured, observed or declared: computed from evidence, never said by oneself. */
export type FactClass = 'measured' | 'observed' | 'declared';
export type EdgeKind = 'contains' | 'carries' | 'becomes' | 'lot' | 'transaction';

export interface TraceNode {
  readonly item: string;
  /** A class of things (a lot), not one thing. */
  readonly isClass: boolean;
  /** Below 0: where it comes from; above: what became of it. */
  readonly depth: number;
}

export interface TraceEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly eventIds: readonly string[];
  readonly leafIndex: number;
  readonly class: FactClass;
  readonly recordedBy: string;
}

export interface TraceStay {
  readonly item: string;
  /** What it was in; null for the thing itself. */
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

export interface RuleName {
  /** `id@version`. */
  readonly rule: string;
  readonly title: string;
  readonly responsible: {
    readonly name: string;
    readonly organisation: string;
    readonly contact: string;
  };
}

/** Bounds are null where the content was erased. */
export interface Excursion {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly rules: readonly RuleName[];
}

export interface Gap {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly missing: number;
}

export interface TraceCondition {
  readonly item: string;
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
  /** Statements whose contents were erased or are not kept by this gateway. */
  readonly unreadable: number;
  readonly isTruncated: boolean;
  readonly class: FactClass;
}

export interface Finding {
  readonly kind: string;
  readonly subject: string | null;
  readonly device: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  /** One plain sentence. */
  readonly text: string;
  readonly leafIndex: number | null;
  readonly rule: RuleName | null;
}

export interface Trace {
  readonly item: string;
  readonly direction: 'up' | 'down' | 'both';
  readonly isTruncated: boolean;
  readonly nodes: readonly TraceNode[];
  readonly edges: readonly TraceEdge[];
  readonly stays: readonly TraceStay[];
  readonly conditions: readonly TraceCondition[];
  readonly findings: readonly Finding[];
}

export interface FindingsPage {
  readonly findings: readonly Finding[];
  readonly next: string | null;
}

/** ms, min, max, mean, count. */
export type ChartPoint = readonly [number, number, number, number, number];

export interface ChartData {
  readonly sensor: string;
  /** All that can be asked for. */
  readonly sensors: readonly string[];
  readonly unit: string;
  readonly quantity: string | null;
  readonly points: readonly ChartPoint[];
  readonly limits: {
    readonly min: number | null;
    readonly max: number | null;
    readonly rules: readonly RuleName[];
  } | null;
  readonly gaps: readonly Gap[];
  readonly excursions: readonly Excursion[];
  /** Readings behind the points. */
  readonly total: number;
}

export type FoundKind = 'item' | 'lot' | 'product' | 'device' | 'statement' | 'block' | 'place';

export interface Found {
  readonly kind: FoundKind;
  readonly id: string;
  readonly label: string;
}
