import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_LAW } from '../../device-sdk/formats/law-state.ts';
import type { Pack } from '../../device-sdk/formats/pack.ts';
import { sensorTable } from '../../device-sdk/formats/pack-check.ts';
import type { Rule, RuleExample } from '../../device-sdk/formats/rule.ts';
import type { RuleCheck } from '../../device-sdk/formats/rule-check.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import type { JudgedStatement } from '../../gateway/law/judged-statement.ts';
import { sensorIndex, summarise } from '../../gateway/law/pack-summary.ts';
import type { RuleDevice } from '../../gateway/law/rule-device.ts';
import { NO_HISTORY } from '../../gateway/law/rule-history.ts';
import { RuleJudge } from '../../gateway/law/rule-judge.ts';
import { compileRules } from '../../gateway/law/rule-set.ts';
import { runTrialInThread } from '../../gateway/law/trial.ts';
import { openTokens } from '../../gateway/tokens.ts';
import { type Bench, quantile, type Row, row } from './bench.ts';
import { createBenchLedger, framesFile, writeFrames } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';
import { play } from './play.ts';
import { benchStore } from './stores.ts';

const DEVICES = 100;
const READINGS_A_FRAME = 10;
/** Statements of a batch of a busy gateway. */
const STATEMENTS_A_ROUND = 500;
const LEAST_MS = 2_000;
const RULES = 20;
const STATEMENTS = 1_000_000;
const TRIAL_LIMIT_S = 60;
const INGEST_FRAMES = 60_000;
/** Threads load and the compiler warms up: proposing rules gives a gateway time for that, no rules none. */
const WARM_UP_FRAMES = 30_000;
const INGEST_TURNS = 7;
/** Rules may cost 15 % of the throughput. */
const INGEST_SHARE_LEAST = 0.85;

const TEMPERATURE = { quantity: 'air temperature', unit: 'Cel' } as const;

/** Two lengths, five aggregates: what a profile for medicines asks. */
export const WINDOW_CHECKS: readonly RuleCheck[] = [
  windowCheck(3_600, 'mean', 8),
  windowCheck(3_600, 'max', 12),
  windowCheck(86_400, 'mkt', 8),
  windowCheck(86_400, 'outsideS', 3_600),
  windowCheck(86_400, 'count', 10_000_000),
];

/** The same, but that at least one reading has to be in the window: an example can break it. */
const INGEST_CHECKS: readonly RuleCheck[] = WINDOW_CHECKS.map((check) =>
  check.kind === 'window' && check.aggregate === 'count' ? { ...check, min: 2, max: null } : check,
);

function windowCheck(
  windowS: number,
  aggregate: Extract<RuleCheck, { kind: 'window' }>['aggregate'],
  max: number,
): RuleCheck {
  const outside = aggregate === 'outsideS' ? { min: 2, max: 8 } : null;
  return { kind: 'window', ...TEMPERATURE, windowS, aggregate, outside, min: null, max };
}

export function benchRules(checks: readonly RuleCheck[]): Rule[] {
  return checks.map((check, i) => ({
    id: `bench-${i}`,
    version: 1,
    title: 'Bench',
    text: 'Bench',
    legalBasis: 'Bench',
    profile: null,
    responsible: { name: 'B. Ench', organisation: 'Bench', contact: 'mailto:bench@bench.example' },
    fromLeaf: null,
    effect: 'report',
    check,
    examples: [],
  }));
}

function nativeChecks(): RuleCheck[] {
  return Array.from({ length: RULES }, (_, i): RuleCheck => {
    const window = WINDOW_CHECKS[i % 10];
    return window ?? { kind: 'range', ...TEMPERATURE, min: -30 - i, max: 60 + i };
  });
}

const EXPRESSIONS = [
  'readings.all(r, r.quantity != "air temperature" || r.value <= 60.0)',
  'statement.quality >= 1 && !statement.gap',
  '!has(last.temperature) || readings[0].value - last.temperature.value < 50.0',
  'registration.sensors.all(s, registration.sensors[s].unit == "Cel")',
  'readings.filter(r, r.value > 50).size() <= 3',
] as const;

function celChecks(): RuleCheck[] {
  return Array.from({ length: RULES }, (_, i) => ({
    kind: 'cel' as const,
    expression: EXPRESSIONS[i % EXPRESSIONS.length] ?? 'true',
    windowS: null,
  }));
}

function benchDevice(i: number): RuleDevice {
  return {
    device: `urn:dev:ops:32473-bench-${i}`,
    owner: 'https://bench.example',
    keyLevel: 'file',
    binding: 'none',
    reportingIntervalS: 60,
    sensors: [
      {
        name: 'temperature',
        ...TEMPERATURE,
        min: -40,
        max: 85,
        resolution: 0.1,
        interface: 'simulated',
        calibration: null,
      },
    ],
  };
}

function packAt(endMs: number, turn: number): Pack {
  const records = Array.from({ length: READINGS_A_FRAME }, (_, i) => ({
    name: 'temperature',
    kind: 'reading' as const,
    sensor: 'temperature',
    unit: 'Cel',
    value: Math.round((4 + Math.sin(turn + i)) * 10) / 10,
    timeMs: endMs - (READINGS_A_FRAME - 1 - i) * 1_000,
  }));
  const firstMs = endMs - (READINGS_A_FRAME - 1) * 1_000;
  const baseName = 'urn:dev:ops:32473-bench:';
  return { baseName, salt: new Uint8Array(16), relative: false, records, firstMs, lastMs: endMs };
}

/** µs a frame of judging alone; the checking threads have made the summaries. */
function microsecondsPerFrame(checks: readonly RuleCheck[]): number {
  const compiled = compileRules(benchRules(checks));
  if (!compiled.ok) throw new Error(compiled.detail);
  const judge = new RuleJudge({ history: NO_HISTORY, rulesFor: () => compiled.value });
  const devices = Array.from({ length: DEVICES }, (_, i) => benchDevice(i));
  const index = sensorIndex(sensorTable(benchDevice(0).sensors));
  let judged = 0;
  let spentMs = 0;
  while (spentMs < LEAST_MS) {
    const round = Array.from({ length: STATEMENTS_A_ROUND }, (_, i): JudgedStatement => {
      const turn = Math.floor((judged + i) / DEVICES);
      const pack = packAt(1_790_000_000_000 + turn * 10_000, turn);
      const { firstMs, lastMs } = pack;
      const device = devices[i % DEVICES] as RuleDevice;
      return {
        device,
        calibrations: NO_LAW.calibrations,
        facts: { sub: device.device, seq: judged + i, quality: 3, firstMs, lastMs },
        late: false,
        gap: false,
        leafIndex: judged + i,
        logTimeMs: lastMs ?? 0,
        summary: summarise(pack, index),
        readPack: () => pack,
      };
    });
    const startedMs = performance.now();
    for (const statement of round) judge.judge(statement);
    judge.adopt();
    spentMs += performance.now() - startedMs;
    judged += STATEMENTS_A_ROUND;
  }
  return (spentMs * 1_000) / judged;
}

async function judging(): Promise<Row[]> {
  const windows = microsecondsPerFrame(WINDOW_CHECKS);
  const native = microsecondsPerFrame(nativeChecks());
  const cel = microsecondsPerFrame(celChecks());
  return [
    row('rules-5-windows', windows, 'µs/frame'),
    row('rules-20-native', native / RULES, 'µs/rule·frame'),
    row('rules-20-cel', cel / RULES, 'µs/rule·frame'),
  ];
}

/** What a member waits for before it approves: a new rule over a million statements. */
async function trial(): Promise<Row[]> {
  const file = dataFolder(benchStore(STATEMENTS)).ledger;
  const checks = [WINDOW_CHECKS[3], celChecks()[0]].filter((check) => check !== undefined);
  const rows: Row[] = [];
  for (const [i, check] of checks.entries()) {
    const startedMs = performance.now();
    const rules = benchRules([check]);
    const wish = { file, rules, devices: null, statementsMax: STATEMENTS };
    const result = await runTrialInThread(wish);
    if (!result.ok || result.value.judged !== STATEMENTS) throw new Error(JSON.stringify(result));
    const seconds = (performance.now() - startedMs) / 1_000;
    rows.push(row(`rules-trial-${i === 0 ? 'native' : 'cel'}`, seconds, 's', TRIAL_LIMIT_S));
  }
  return rows;
}

async function proposeRule(gateway: GatewayProcess, token: string, rule: Rule): Promise<void> {
  const answer = await fetch(new URL('/v1/alliance/proposals', gateway.httpUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ change: { kind: 'rule', rule }, reason: 'Bench', epoch: null }),
  });
  if (answer.status !== 201) throw new Error(`${rule.id}: ${answer.status} ${await answer.text()}`);
}

interface Ingested {
  readonly framesPerSecond: number;
  /** Of the gateway's process, µs a frame. */
  readonly cpu: number;
}

/** Through the public door; in a solo ledger who proposes a rule has agreed to it. */
async function ingested(checks: readonly RuleCheck[]): Promise<Ingested> {
  const data = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  try {
    const ledger = createBenchLedger(data, -8, DEVICES);
    const warmUp = join(data, 'warm-up.bin');
    writeFrames(warmUp, ledger, WARM_UP_FRAMES);
    writeFrames(framesFile(data), ledger, INGEST_FRAMES);
    const { token } = openTokens(dataFolder(data).tokens).add({ roles: ['operator'] });
    const gateway = await GatewayProcess.start(data);
    try {
      for (const rule of benchRules(checks)) {
        await proposeRule(gateway, token, { ...rule, examples: examplesOf(rule.check) });
      }
      const unlimited = { perSecond: 0, receipts: false };
      await play(gateway.mqttPort, warmUp, unlimited);
      const before = gateway.cpuSeconds;
      const { perSecond } = await play(gateway.mqttPort, framesFile(data), unlimited);
      const cpu = ((gateway.cpuSeconds - before) * 1e6) / INGEST_FRAMES;
      return { framesPerSecond: perSecond, cpu };
    } finally {
      await gateway.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** One that keeps the check and one that breaks it, as every rule has. */
function examplesOf(check: RuleCheck): RuleExample[] {
  const of = { sensor: 'temperature', ...TEMPERATURE };
  const isCount = check.kind === 'window' && check.aggregate === 'count';
  const [good, bad] = isCount ? [[4, 4], [4]] : [[4], [60, 60]];
  return (['kept', 'broken'] as const).map((verdict) => ({
    text: verdict,
    verdict,
    readings: (verdict === 'kept' ? good : bad).map((value, i) => ({
      ...of,
      atS: i * 3_600,
      value,
    })),
    context: null,
  }));
}

/**
 * Five windows a stream, with and without, in one run. A shared machine is a tenth faster or slower
 * from minute to minute, so each pair runs back to back, the order changes from pair to pair, and
 * the median of the pairs' ratios counts.
 */
async function ingest(): Promise<Row[]> {
  const pairs: { without: Ingested; withRules: Ingested }[] = [];
  for (let turn = 0; turn < INGEST_TURNS; turn += 1) {
    const checks = [[], INGEST_CHECKS];
    if (turn % 2 === 1) checks.reverse();
    const [first, second] = [await ingested(checks[0] ?? []), await ingested(checks[1] ?? [])];
    const [without, withRules] = turn % 2 === 1 ? [second, first] : [first, second];
    pairs.push({ without, withRules });
  }
  const middle = (values: readonly number[]) => quantile(values, 0.5);
  const rate = middle(pairs.map((pair) => pair.without.framesPerSecond));
  const rateRules = middle(pairs.map((pair) => pair.withRules.framesPerSecond));
  const shares = pairs.map((pair) => pair.withRules.framesPerSecond / pair.without.framesPerSecond);
  const cpuShares = pairs.map((pair) => pair.without.cpu / pair.withRules.cpu);
  return [
    row('rules-ingest-without', rate, 'frames/s'),
    row('rules-ingest-5-windows', rateRules, 'frames/s', rate),
    row('rules-ingest-share', middle(shares), 'share kept', INGEST_SHARE_LEAST),
    row('rules-ingest-share-least', Math.min(...shares), 'share kept'),
    row('rules-ingest-share-most', Math.max(...shares), 'share kept'),
    row('rules-ingest-cpu-without', middle(pairs.map(({ without }) => without.cpu)), 'µs/frame'),
    row('rules-ingest-cpu-5-windows', middle(pairs.map((p) => p.withRules.cpu)), 'µs/frame'),
    row('rules-ingest-cpu-share', middle(cpuShares), 'share kept', INGEST_SHARE_LEAST),
  ];
}

export const rules: Bench[] = [
  { name: 'rules-judging', run: judging },
  { name: 'rules-trial', run: trial },
  { name: 'rules-ingest', run: ingest },
];
