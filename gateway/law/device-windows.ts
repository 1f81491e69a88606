import type { DevicePlan } from './device-plan.ts';
import type { Journal } from './journal.ts';
import { anchorMsOf, ROW, ROW_FIELDS, summarise } from './pack-summary.ts';
import { windowText } from './rule-device.ts';
import type { RuleHistory } from './rule-history.ts';
import { SummaryRows } from './summary-rows.ts';
import { SensorWindow } from './window.ts';

/** What the rules of one device remember of its stream; everything of it follows from the log. */
export class DeviceWindows {
  readonly plan: DevicePlan;
  readonly windows: readonly SensorWindow[];
  /** Time and value of each sensor's newest reading; two doubles a sensor. */
  readonly last: Float64Array;
  /** Of the last statement judged by it. */
  round = 0;

  private constructor(plan: DevicePlan, windows: readonly SensorWindow[], last: Float64Array) {
    this.plan = plan;
    this.windows = windows;
    this.last = last;
  }

  /** From the log, up to the statement that ends at `untilMs`. */
  static read(plan: DevicePlan, history: RuleHistory, untilMs: number): DeviceWindows {
    const windows = plan.windows.map(({ windowS, outside }) => new SensorWindow(windowS, outside));
    const last = new Float64Array(2 * plan.device.sensors.length).fill(Number.NEGATIVE_INFINITY);
    const read = new DeviceWindows(plan, windows, last);
    if (plan.spanMs === 0) return read;
    const { device } = plan.device;
    const rows = new SummaryRows();
    for (const logged of history.packs(device, { untilMs, spanMs: plan.spanMs })) {
      const summary = summarise(logged.pack, plan.index);
      const anchorMs = anchorMsOf(logged.pack.relative ? 0 : 1, logged.logTimeMs);
      rows.show(summary, { anchorMs, intervalMs: plan.intervalMs });
      read.add(rows, null);
      read.addLast(rows, null);
    }
    return read;
  }

  /** The same stream under another plan; null where that needs what was not kept. */
  under(plan: DevicePlan): DeviceWindows | null {
    const known = new Map(this.plan.windows.map((key, no) => [windowText(key), this.windows[no]]));
    const windows = plan.windows.map((key) => known.get(windowText(key)));
    const isWhole = windows.every((window) => window !== undefined);
    const isSame = plan.device === this.plan.device && (this.plan.keepsLast || !plan.keepsLast);
    return isWhole && isSame ? new DeviceWindows(plan, windows, this.last) : null;
  }

  add(rows: SummaryRows, journal: Journal | null): void {
    const { windows } = this.plan;
    for (let no = 0; no < windows.length; no += 1) {
      const at = rows.rowOf(windows[no]?.sensor ?? -1);
      if (at >= 0) this.windows[no]?.add(rows.part(at), journal);
    }
  }

  /** Of equal times the later statement's: `last` is the newest reading in the log so far. */
  addLast(rows: SummaryRows, journal: Journal | null): void {
    if (!this.plan.keepsLast) return;
    for (let at = 0; at < rows.summary.length; at += ROW_FIELDS) {
      const { summary, anchorMs } = rows.part(at);
      const place = 2 * (summary[at + ROW.sensor] as number);
      const lastMs = (summary[at + ROW.lastMs] as number) + anchorMs;
      if (lastMs < (this.last[place] as number)) continue;
      journal?.keep(this.last, place, 2);
      this.last[place] = lastMs;
      this.last[place + 1] = summary[at + ROW.lastValue] as number;
    }
  }
}
