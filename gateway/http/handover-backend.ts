import type { Awaitable, Outcome } from './backend.ts';

/** One side's half, as its device signed it; null where it said nothing of a thing. */
export interface HandoverHalfView {
  readonly device: string;
  readonly timeMs: number;
  readonly leafIndex: number;
  /** 64 hex digits; `/v1/statements/…/evidence` proves it. */
  readonly statementId: string;
  readonly role: 'giver' | 'receiver' | null;
  readonly seal: string | null;
  readonly number: string | null;
  readonly count: number | null;
  readonly counterpart: string | null;
  /** What the goods went through by this device's sensors, and over which time. */
  readonly condition: {
    readonly sinceS: number;
    readonly faults: number | null;
    readonly sensors: readonly {
      readonly sensor: string;
      readonly unit: string;
      readonly min: number | null;
      readonly max: number | null;
    }[];
  } | null;
}

export interface HandoverView {
  readonly item: string;
  readonly timeMs: number;
  /** `open`: the other half may still come. */
  readonly state: 'agreed' | 'differs' | 'open' | 'missing';
  readonly agrees: boolean;
  readonly giver: HandoverHalfView | null;
  readonly receiver: HandoverHalfView | null;
  readonly differences: readonly {
    readonly field: string;
    readonly giver: string | number | null;
    readonly receiver: string | number | null;
  }[];
}

export interface HandoversQuery {
  /** A thing's URI; absent: of all things. */
  readonly item?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly cursor?: string;
  readonly limit: number;
}

export interface HandoverBackend {
  /** By the time of the earlier half. `bad_cursor` where the cursor is none of ours. */
  handovers(
    query: HandoversQuery,
  ): Awaitable<Outcome<{ handovers: readonly HandoverView[]; next: string | null }>>;
}
