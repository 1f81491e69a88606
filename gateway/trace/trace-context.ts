import type { ReadContext } from '../reads/read-context.ts';
import type { TraceTables } from '../store/trace-tables.ts';

/** What trace, recall, findings, chart and search read. */
export interface TraceContext extends ReadContext {
  readonly tables: TraceTables;
}
