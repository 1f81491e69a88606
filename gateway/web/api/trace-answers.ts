// Answers of the trace interface (/v1/trace, /v1/chart, /v1/findings, /v1/search); times are ms since 1970.
import type {
  Chart,
  FindingsPage as Page,
  SearchResult,
  TraceConditions,
  TraceFinding,
} from '../../http/trace-backend.ts';

export type {
  Excursion,
  FactClass,
  Gap,
  RuleView,
  Trace,
  TraceEdge,
  TraceNode,
  TraceStay,
} from '../../http/trace-backend.ts';

export type TraceCondition = TraceConditions;
export type Finding = TraceFinding;
export type FindingsPage = Pick<Page, 'next'> & { readonly findings: readonly Finding[] };
export type ChartData = Chart;
export type ChartPoint = Chart['points'][number];
export type Found = SearchResult;
