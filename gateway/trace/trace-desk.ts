import type { Outcome } from '../http/backend.ts';
import type {
  Chart,
  ChartQuery,
  FindingsPage,
  FindingsQuery,
  RecallQuery,
  RecallReport,
  SearchResult,
  Trace,
  TraceBackend,
  TraceQuery,
} from '../http/trace-backend.ts';
import type { ReadContext } from '../reads/read-context.ts';
import { FindingLeaves } from '../store/finding-leaves.ts';
import { TraceTables } from '../store/trace-tables.ts';
import { chart } from './chart.ts';
import { type FeedContext, findings } from './findings.ts';
import { type Reporter, recallReport, signedRecall } from './recall-report.ts';
import type { RouteConfig } from './route-config.ts';
import { search } from './search.ts';
import { trace } from './trace.ts';

/** The trace side of the HTTP interface over one ledger. */
export class TraceDesk implements TraceBackend {
  readonly #context: FeedContext;
  readonly #reporter: Reporter;
  readonly #routes: readonly RouteConfig[];
  readonly onCommitted: TraceBackend['onCommitted'];

  constructor(options: {
    reads: ReadContext;
    reporter: Reporter;
    routes: readonly RouteConfig[];
    onCommitted: TraceBackend['onCommitted'];
  }) {
    const { reads, reporter, routes, onCommitted } = options;
    const { db } = reads.store;
    const findingLeaves = new FindingLeaves(db);
    this.#context = { ...reads, tables: new TraceTables(db), findingLeaves };
    this.#reporter = reporter;
    this.#routes = routes;
    this.onCommitted = onCommitted;
  }

  trace(query: TraceQuery): Outcome<Trace> {
    return trace(this.#context, query, this.#routes);
  }

  recall(query: RecallQuery): Outcome<RecallReport> {
    return recallReport(this.#context, query, this.#reporter);
  }

  signRecall(report: RecallReport, bytes: Uint8Array): Uint8Array {
    return signedRecall(report, bytes, this.#reporter);
  }

  findings(query: FindingsQuery): Outcome<FindingsPage> {
    return findings(this.#context, query, this.#routes);
  }

  chart(query: ChartQuery): Outcome<Chart> {
    return chart(this.#context, query);
  }

  search(text: string): SearchResult[] {
    return search(this.#context, text);
  }
}
