import type { JudgedFacts, ShownWindow } from './device-plan.ts';
import type { DeviceWindows } from './device-windows.ts';
import type { JudgedStatement } from './judged-statement.ts';
import { ROW } from './pack-summary.ts';
import type { RuleEvent } from './rule-input.ts';
import { StatementVariables } from './statement-variables.ts';
import type { SummaryRows } from './summary-rows.ts';
import type { WindowSums } from './window.ts';

/**
 * The statement that is being judged, as its device's rules see it. One object for all statements:
 * rules that share a window add it up once, and native rules make no garbage.
 */
export class CurrentStatement implements JudgedFacts {
  readonly #rows: SummaryRows;
  readonly #eventsOf: (subject: string) => readonly RuleEvent[];
  #statement: JudgedStatement | null = null;
  #kept: DeviceWindows | null = null;
  #variables: StatementVariables | null = null;
  /** By window; of this statement where the stamp is its own. */
  readonly #sums: (WindowSums | null)[] = [];
  readonly #stamps: number[] = [];
  #stamp = 0;

  constructor(rows: SummaryRows, eventsOf: (subject: string) => readonly RuleEvent[]) {
    this.#rows = rows;
    this.#eventsOf = eventsOf;
  }

  /** Its summary is shown in the rows, and it is in the windows. */
  start(statement: JudgedStatement, kept: DeviceWindows): void {
    this.#statement = statement;
    this.#kept = kept;
    this.#variables = null;
    this.#stamp += 1;
  }

  get summary(): Float64Array {
    return this.#rows.summary;
  }

  rowOf(sensor: number): number {
    return this.#rows.rowOf(sensor);
  }

  sums(no: number, at: number): WindowSums | null {
    if (this.#stamps[no] === this.#stamp) return this.#sums[no] ?? null;
    const { summary, anchorMs } = this.#rows.part(at);
    const lastMs = (summary[at + ROW.lastMs] as number) + anchorMs;
    const sums = this.#kept?.windows[no]?.sums(lastMs) ?? null;
    this.#stamps[no] = this.#stamp;
    this.#sums[no] = sums;
    return sums;
  }

  alone(no: number, at: number): WindowSums {
    const window = this.#kept?.windows[no];
    if (!window) throw new Error(`no window ${no}`);
    return window.alone(this.#rows.part(at));
  }

  variables(windows: readonly ShownWindow[]): StatementVariables {
    const statement = this.#statement;
    const kept = this.#kept;
    if (!statement || !kept) throw new Error('no statement is judged');
    const events = () => this.#eventsOf(statement.facts.sub);
    const sources = { statement, rows: this.#rows, kept, events };
    this.#variables ??= new StatementVariables(sources);
    return this.#variables.showing(windows);
  }
}
