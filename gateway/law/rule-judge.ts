import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { type DevicePlan, planOf } from './device-plan.ts';
import { DeviceWindows } from './device-windows.ts';
import { Journal } from './journal.ts';
import { CurrentStatement } from './judged-facts.ts';
import type { JudgedStatement } from './judged-statement.ts';
import { anchorMsOf, summarise } from './pack-summary.ts';
import type { RuleDevice } from './rule-device.ts';
import type { RuleHistory } from './rule-history.ts';
import type { RuleEvent } from './rule-input.ts';
import type { CompiledRule } from './rule-set.ts';
import { SummaryRows } from './summary-rows.ts';
import { EVENTS_SEEN_MAX } from './variables.ts';

/** 3.6 KB each: 60 MB. Beyond it those of the devices longest silent are read again when needed. */
export const WINDOWS_KEPT_MAX = 16_384;

export interface Judgement {
  readonly broken: readonly Rule[];
  /** Rules that said nothing: what can't be judged is reported and refuses no data. */
  readonly errors: readonly { readonly rule: Rule; readonly error: string }[];
  /** One of the broken rules keeps the statement out; windows know nothing of it. */
  readonly isRefused: boolean;
}

export type SeenStatement = Pick<JudgedStatement, 'leafIndex' | 'logTimeMs'> & {
  readonly device: Pick<RuleDevice, 'device'>;
  readonly facts: Pick<JudgedStatement['facts'], 'sub' | 'seq' | 'firstMs' | 'lastMs'>;
};

const KEPT: Judgement = { broken: [], errors: [], isRefused: false };

/**
 * Judges statements by the rules in force, in the order in which they will stand in the log. What a
 * round adds to the windows stands after `adopt()`, which follows COMMIT, and is gone after `drop()`.
 */
export class RuleJudge {
  readonly #history: RuleHistory;
  readonly #rulesFor: (device: RuleDevice) => readonly CompiledRule[];
  readonly #windowsMax: number;
  readonly #devices = new Map<string, DeviceWindows>();
  readonly #journal = new Journal();
  readonly #rows = new SummaryRows();
  readonly #current = new CurrentStatement(this.#rows, (subject) => this.#events(subject));
  /** Admitted in this round: the history does not have them yet. */
  #fresh: { readonly subject: string; readonly event: RuleEvent }[] = [];
  #windowCount = 0;
  #round = 1;

  constructor(options: {
    history: RuleHistory;
    /** In force at the leaf judged; the same array as long as they are the same. */
    rulesFor: (device: RuleDevice) => readonly CompiledRule[];
    windowsMax?: number;
  }) {
    this.#history = options.history;
    this.#rulesFor = options.rulesFor;
    this.#windowsMax = options.windowsMax ?? WINDOWS_KEPT_MAX;
  }

  judge(statement: JudgedStatement): Judgement {
    const rules = this.#rulesFor(statement.device);
    if (rules.length === 0) {
      this.see(statement);
      return KEPT;
    }
    const judgement = this.#judgeBy(rules, statement);
    if (!judgement.isRefused) this.#remember(statement);
    return judgement;
  }

  /**
   * A statement that no rule governs is an event of its subject all the same, and windows from the
   * time before a rule's pause lack it.
   */
  see(statement: SeenStatement): void {
    this.forget(statement.device.device);
    this.#remember(statement);
  }

  /** The round is committed. */
  adopt(): void {
    this.#journal.clear();
    this.#endRound();
  }

  /** The round is not committed: nothing of it was. */
  drop(): void {
    this.#journal.undo(0);
    this.#endRound();
  }

  /** Somebody else's block has statements of the device, or contents of it came or went. */
  forget(device: string): void {
    const known = this.#devices.get(device);
    if (known === undefined) return;
    this.#devices.delete(device);
    this.#windowCount -= weightOf(known);
  }

  #judgeBy(rules: readonly CompiledRule[], statement: JudgedStatement): Judgement {
    const { device, facts, logTimeMs } = statement;
    const kept = this.#windowsOf(device, rules, facts.lastMs ?? logTimeMs);
    const summary = statement.summary ?? summaryOf(kept.plan, statement);
    if (summary === null) return KEPT;
    const rows = this.#rows;
    const anchorMs = anchorMsOf(facts.quality, logTimeMs);
    rows.show(summary, { anchorMs, intervalMs: kept.plan.intervalMs });
    const before = this.#journal.length;
    kept.add(rows, this.#journal);
    const judgement = this.#ask(kept, statement);
    if (judgement.isRefused) this.#journal.undo(before);
    else kept.addLast(rows, this.#journal);
    return judgement;
  }

  #ask(kept: DeviceWindows, statement: JudgedStatement): Judgement {
    this.#current.start(statement, kept);
    let judgement: { broken: Rule[]; errors: { rule: Rule; error: string }[] } | null = null;
    for (const { rule, judge } of kept.plan.bound) {
      const verdict = judge(this.#current);
      if (verdict === 'kept') continue;
      judgement ??= { broken: [], errors: [] };
      if (verdict === 'broken') judgement.broken.push(rule);
      else judgement.errors.push({ rule, error: verdict.error });
    }
    if (judgement === null) return KEPT;
    return { ...judgement, isRefused: judgement.broken.some(({ effect }) => effect === 'refuse') };
  }

  #windowsOf(device: RuleDevice, rules: readonly CompiledRule[], untilMs: number): DeviceWindows {
    const known = this.#devices.get(device.device);
    if (known && known.plan.rules === rules && known.plan.device === device) {
      known.round = this.#round;
      return known;
    }
    const plan = planOf(device, rules);
    const windows = known?.under(plan) ?? DeviceWindows.read(plan, this.#history, untilMs);
    windows.round = this.#round;
    this.#devices.set(device.device, windows);
    this.#windowCount += weightOf(windows) - (known ? weightOf(known) : 0);
    return windows;
  }

  #remember({ device, facts, leafIndex, logTimeMs }: SeenStatement): void {
    const event = {
      device: device.device,
      leaf: leafIndex,
      seq: facts.seq,
      firstMs: facts.firstMs ?? logTimeMs,
      lastMs: facts.lastMs ?? logTimeMs,
    };
    this.#fresh.push({ subject: facts.sub, event });
  }

  /** Those of this round and those of the log, in one order. */
  #events(subject: string): readonly RuleEvent[] {
    const fresh = this.#fresh.filter((each) => each.subject === subject);
    const all = [
      ...fresh.map(({ event }) => event),
      ...this.#history.events(subject, EVENTS_SEEN_MAX),
    ];
    all.sort((a, b) => b.firstMs - a.firstMs || b.leaf - a.leaf);
    return all.slice(0, EVENTS_SEEN_MAX);
  }

  /** Between rounds alone: what an unfinished round added is nowhere else. */
  #endRound(): void {
    this.#fresh = [];
    this.#round += 1;
    if (this.#windowCount <= this.#windowsMax) return;
    const oldest = [...this.#devices].sort(([, a], [, b]) => a.round - b.round);
    for (const [device] of oldest) {
      // Some room more than needed: the order is not made anew for every batch.
      if (this.#windowCount <= (this.#windowsMax * 3) / 4) return;
      this.forget(device);
    }
  }
}

/** A device without windows still takes a place. */
function weightOf({ windows }: DeviceWindows): number {
  return windows.length + 1;
}

function summaryOf(plan: DevicePlan, { readPack }: JudgedStatement): Float64Array | null {
  const pack = readPack();
  return pack === null ? null : summarise(pack, plan.index);
}
