import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Excursion, RuleView } from '../http/trace-backend.ts';
import { statementAt } from '../reads/breaches.ts';
import type { TimeRange } from '../reads/pack-walk.ts';
import type { ReadContext } from '../reads/read-context.ts';
import { partsOfPack, type SensorSums } from '../store/sensor-sums.ts';
import { isAbout, type RuleLimit, ruleView } from './limits.ts';
import type { Source } from './sources.ts';

/** Statements that broke a rule, looked at for one answer. */
const RULED_READ_MAX = 2_000;
/** Of one excursion; the first are enough to take the proof along. */
const LEAVES_TOLD_MAX = 32;

/** One rule broken over one stretch. */
interface Mark {
  fromMs: number;
  untilMs: number;
  min: number | null;
  max: number | null;
  rule: RuleView;
  leaves: readonly number[];
}

type Stretch = Pick<SensorSums, 'firstMs' | 'lastMs' | 'min' | 'max'>;

/**
 * What the log says was broken, and what lies beyond the limits in force now; one rule's stretches
 * are one where no more than `joinMs` is between them.
 */
export function excursionsOf(
  context: ReadContext,
  of: {
    sources: readonly Source[];
    quantity: string | null;
    range: TimeRange;
    stretches: readonly Stretch[];
    limits: readonly RuleLimit[];
    joinMs: number;
  },
): Excursion[] {
  const marks = [
    ...broken(of.limits).flatMap((limit) => beyond(of.stretches, limit)),
    ...of.sources.flatMap((source) => ruled(context, source, of)),
  ];
  return together(joined(marks, of.joinMs));
}

/**
 * A window rule allows some time outside its bounds: whether it was broken its batch says. Only where
 * no range is set do the bounds tell that something was outside at all.
 */
function broken(limits: readonly RuleLimit[]): readonly RuleLimit[] {
  const ranges = limits.filter(({ isWindow }) => !isWindow);
  return ranges.length > 0 ? ranges : limits;
}

function beyond(stretches: readonly Stretch[], limit: RuleLimit): Mark[] {
  return stretches.flatMap(({ firstMs, lastMs, min, max }) => {
    const isLow = limit.min !== null && min < limit.min;
    const isHigh = limit.max !== null && max > limit.max;
    if (!isLow && !isHigh) return [];
    return [{ fromMs: firstMs, untilMs: lastMs, min, max, rule: limit.rule, leaves: [] }];
  });
}

/** A gateway's word in the batch; what the sensor said is shown where the content is kept. */
function ruled(
  context: ReadContext,
  { series, subjectNo }: Source,
  { quantity, range }: { quantity: string | null; range: TimeRange },
): Mark[] {
  const { store, state } = context;
  const rules = state().membership?.law.rules;
  const leaves = store.ruledPacks.leavesOf(series.keyNo, { ...range, limit: RULED_READ_MAX });
  return leaves.flatMap((leafIndex) => {
    const row = store.packs.row(leafIndex);
    const statement = row ? statementAt(context, leafIndex) : null;
    if (!row || !statement || (subjectNo !== null && row.subjectNo !== subjectNo)) return [];
    const content = store.leaves.content(leafIndex);
    const pack = content ? parsePack(content) : null;
    const parts = pack?.ok ? partsOfPack(pack.value, row.firstMs, range) : [];
    const sums = parts.find(({ sensor }) => sensor === series.sensor)?.sums;
    return store.fold.rulingsOf(statement.id).flatMap(({ rule: id, version }) => {
      const record = rules?.get(ruleKey({ id, version }));
      if (!record || !isAbout(record.rule, quantity)) return [];
      // Erased: the time is the statement's, the values are nobody's any more.
      if (content && !sums) return [];
      return [
        {
          fromMs: sums?.firstMs ?? row.firstMs,
          untilMs: sums?.lastMs ?? row.lastMs,
          min: sums?.min ?? null,
          max: sums?.max ?? null,
          rule: ruleView(record.rule),
          leaves: [leafIndex],
        },
      ];
    });
  });
}

function joined(marks: readonly Mark[], joinMs: number): Mark[] {
  const open = new Map<string, Mark>();
  const out: Mark[] = [];
  for (const mark of [...marks].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = open.get(mark.rule.rule);
    if (last && mark.fromMs - last.untilMs <= joinMs) {
      last.untilMs = Math.max(last.untilMs, mark.untilMs);
      last.min = least(last.min, mark.min);
      last.max = greatest(last.max, mark.max);
      last.leaves = both(last.leaves, mark.leaves);
      continue;
    }
    const own = { ...mark };
    open.set(mark.rule.rule, own);
    out.push(own);
  }
  return out;
}

/** Rules broken over the same stretch are told together. */
function together(marks: readonly Mark[]): Excursion[] {
  const byStretch = new Map<string, Mark & { rules: RuleView[] }>();
  for (const mark of marks) {
    const key = `${mark.fromMs} ${mark.untilMs}`;
    const same = byStretch.get(key);
    if (!same) byStretch.set(key, { ...mark, rules: [mark.rule] });
    else {
      same.rules.push(mark.rule);
      same.min = least(same.min, mark.min);
      same.max = greatest(same.max, mark.max);
      same.leaves = both(same.leaves, mark.leaves);
    }
  }
  return [...byStretch.values()].map(({ fromMs, untilMs, min, max, rules, leaves }) => {
    return { fromMs, untilMs, min, max, rules, leaves: leaves.slice(0, LEAVES_TOLD_MAX) };
  });
}

const both = (a: readonly number[], b: readonly number[]) =>
  [...new Set([...a, ...b])].sort((x, y) => x - y);

const least = (a: number | null, b: number | null) =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const greatest = (a: number | null, b: number | null) =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
