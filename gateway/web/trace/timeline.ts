// All that happened to a thing, in one order: stays, containments, excursions, gaps.
import type { FactClass, RuleView, Trace, TraceEdge, TraceStay } from '../api/trace-answers.ts';
import { lastPart } from '../format.ts';

export type Happening =
  | {
      readonly kind: 'stay';
      readonly atMs: number;
      readonly untilMs: number | null;
      readonly item: string;
      readonly via: string | null;
      readonly place: string | null;
      readonly step: string | null;
      readonly class: FactClass;
      readonly leafIndex: number;
    }
  | {
      readonly kind: TraceEdge['kind'];
      readonly atMs: number;
      readonly untilMs: number | null;
      readonly from: string;
      readonly to: string;
      readonly recordedBy: string;
      readonly class: FactClass;
      readonly leafIndex: number;
    }
  | {
      readonly kind: 'excursion';
      readonly atMs: number;
      readonly untilMs: number;
      readonly device: string;
      readonly via: string;
      readonly min: number | null;
      readonly max: number | null;
      readonly unit: string | null;
      readonly rules: readonly RuleView[];
      readonly leaves: readonly number[];
    }
  | {
      readonly kind: 'gap';
      readonly atMs: number;
      readonly untilMs: number;
      readonly device: string;
      readonly missing: number;
    };

/** An event that only reports readings tells of no place: what they say is in the conditions. */
function isSeen({ readPoint, bizLocation, bizStep }: TraceStay): boolean {
  const isReport = bizStep !== null && lastPart(bizStep) === 'sensor_reporting';
  return !isReport || readPoint !== null || bizLocation !== null;
}

/** Earliest first; at one time, things move before they are measured. */
export function timelineOf(trace: Trace): Happening[] {
  const stays = trace.stays.filter(isSeen).map((stay): Happening => {
    const { item, via, fromMs: atMs, untilMs, leafIndex, bizStep: step } = stay;
    const place = stay.readPoint ?? stay.bizLocation;
    return { kind: 'stay', atMs, untilMs, item, via, place, step, class: stay.class, leafIndex };
  });
  const edges = trace.edges.map((edge): Happening => {
    const { kind, fromMs: atMs, untilMs, from, to, recordedBy, leafIndex } = edge;
    return { kind, atMs, untilMs, from, to, recordedBy, class: edge.class, leafIndex };
  });
  const conditions = trace.conditions.flatMap((condition): Happening[] => {
    const { device, via, unit, excursions, gaps } = condition;
    return [
      ...excursions.map(({ fromMs: atMs, ...excursion }): Happening => {
        return { kind: 'excursion', atMs, device, via, unit, ...excursion };
      }),
      ...gaps.map(({ fromMs: atMs, untilMs, missing }): Happening => {
        return { kind: 'gap', atMs, untilMs, device, missing };
      }),
    ];
  });
  return [...stays, ...edges, ...conditions].sort((a, b) => a.atMs - b.atMs);
}
