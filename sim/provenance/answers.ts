import type { GatewayApi } from '../gateway-api.ts';
import { BOX_URI, GOODS, placeName } from './goods.ts';

interface Rule {
  readonly rule: string;
  readonly title: string;
  readonly responsible: { readonly name: string; readonly organisation: string };
}

interface Condition {
  readonly via: string;
  readonly device: string;
  readonly quantity: string | null;
  readonly unit: string;
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly statements: Readonly<Record<'measured' | 'observed' | 'declared', number>>;
  readonly excursions: readonly {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly max: number | null;
    readonly rules: readonly Rule[];
    readonly leaves: readonly number[];
  }[];
  readonly gaps: readonly {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly missing: number;
  }[];
}

interface TraceAnswer {
  readonly stays: readonly {
    readonly item: string;
    readonly via: string | null;
    readonly readPoint: string | null;
    readonly bizLocation: string | null;
    readonly bizStep: string | null;
    readonly fromMs: number;
    readonly class: string;
  }[];
  readonly conditions: readonly Condition[];
}

interface Handover {
  readonly timeMs: number;
  readonly state: string;
  readonly differences: readonly {
    readonly field: string;
    readonly giver: string | number | null;
    readonly receiver: string | number | null;
  }[];
}

interface Recall {
  readonly items: readonly {
    readonly item: string;
    readonly isClass: boolean;
    readonly lastSeen: { readonly readPoint: string | null } | null;
  }[];
}

interface Claims {
  readonly claims: readonly {
    readonly text: string;
    readonly speaker: { readonly name: string; readonly organisation: string };
  }[];
}

/** A question of the auditor's, and what the interface answers. */
export interface Answered {
  readonly question: string;
  readonly lines: readonly string[];
}

/** What anybody with an auditor's token gets, put into words; nothing here is known beforehand. */
export async function answers(api: GatewayApi): Promise<Answered[]> {
  const trace = await api.get<TraceAnswer>(`/v1/trace?direction=both&epc=${escaped(BOX_URI)}`);
  const own = trace.conditions.filter(({ quantity }) => quantity === 'temperature');
  const { handovers } = await api.get<{ handovers: Handover[] }>(
    `/v1/handovers?item=${escaped(GOODS.shipped.pallet.uri)}`,
  );
  const { claims } = await api.get<Claims>(`/v1/subjects/${escaped(GOODS.packedLot)}`);
  return [
    { question: 'Where was the box?', lines: placesOf(trace) },
    { question: 'Was it ever too warm?', lines: own.flatMap(warmth) },
    { question: 'Who says so?', lines: own.map(sourceWords) },
    { question: 'Which rule applied, and who answers for it?', lines: rulesOf(own) },
    {
      question: 'What is merely claimed?',
      lines: claims.map(({ text, speaker }) => {
        return `“${text}”, says ${speaker.name}, ${speaker.organisation}`;
      }),
    },
    { question: 'What is missing?', lines: own.flatMap(gapWords) },
    { question: 'Did hand-overs agree?', lines: handovers.map(handoverWords) },
  ];
}

/** Statement id of the warmest reading in what the box was in, while it was there. */
export async function warmestStatement(api: GatewayApi): Promise<string> {
  const { conditions } = await api.get<TraceAnswer>(
    `/v1/trace?direction=up&epc=${escaped(BOX_URI)}`,
  );
  const leaves = conditions.flatMap(({ excursions }) => excursions.flatMap((one) => one.leaves));
  const rows = await api.readings({ device: conditions[0]?.device ?? '' });
  const broken = rows.filter(({ leafIndex }) => leaves.includes(leafIndex));
  const [first, ...others] = broken;
  if (first === undefined) throw new Error('no statement broke a rule on the way of the box');
  return others.reduce((a, b) => (Number(b.value) > Number(a.value) ? b : a), first).statementId;
}

/** Everything that the bad lot reached, and where it was seen last. */
export async function recalled(api: GatewayApi): Promise<string[]> {
  const { items } = await api.get<Recall>(`/v1/recall?lot=${escaped(GOODS.badLot)}`);
  return items.map(({ item, lastSeen }) => {
    const where = lastSeen ? placeName(lastSeen.readPoint) : 'seen nowhere';
    return `${item}  ${where}`;
  });
}

function placesOf({ stays }: TraceAnswer): string[] {
  return stays
    .filter(({ item, readPoint }) => item === BOX_URI && readPoint !== null)
    .map(({ fromMs, bizStep, readPoint, via, class: worth }) => {
      const inside = via === null ? '' : `, inside ${via.split('/').at(-1)}`;
      return `${clock(fromMs)}  ${wordOf(bizStep)} at ${placeName(readPoint)}${inside} (${worth})`;
    });
}

function warmth({ excursions, min, max, count, unit }: Condition): string[] {
  const range = `${count} readings between ${value(min, unit)} and ${value(max, unit)}`;
  return [
    range,
    ...excursions.map((one) => {
      return `too warm from ${clock(one.fromMs)} to ${clock(one.untilMs)}: up to ${value(one.max, unit)}`;
    }),
  ];
}

function sourceWords({ device, via, statements }: Condition): string {
  const { measured, observed, declared } = statements;
  const worth = `${measured} measured, ${observed} observed, ${declared} declared`;
  return `${device} in ${via.split('/').at(-1)}, while the box was in it: of its statements ${worth}`;
}

function rulesOf(conditions: readonly Condition[]): string[] {
  const rules = conditions.flatMap(({ excursions }) => excursions.flatMap((one) => one.rules));
  const words = rules.map(({ rule, title, responsible }) => {
    return `${rule} “${title}”: ${responsible.name}, ${responsible.organisation}`;
  });
  return [...new Set(words)];
}

function gapWords({ gaps, device }: Condition): string[] {
  return gaps.map(({ fromMs, untilMs, missing }) => {
    const what = missing > 0 ? `${missing} statement(s)` : 'any reading';
    return `${what} of ${device}, between ${clock(fromMs)} and ${clock(untilMs)}`;
  });
}

function handoverWords({ timeMs, state, differences }: Handover): string {
  const words = differences.map(({ field, giver, receiver }) => {
    return `; ${field}: ${giver} by the giver, ${receiver} by the receiver`;
  });
  return `${clock(timeMs)}  ${state}${words.join('')}`;
}

const escaped = encodeURIComponent;
const clock = (ms: number) => `${new Date(ms).toISOString().slice(11, 16)} UTC`;
const wordOf = (uri: string | null) => uri?.split(/[/:-]/).at(-1) ?? 'seen';
const value = (number: number | null, unit: string) => {
  return number === null ? 'erased' : `${number} ${unit === 'Cel' ? '°C' : unit}`;
};
