import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Law, NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { type Pack, parsePack } from '@truegrain/device-sdk/formats/pack.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { FLAG } from '../ledger/grade.ts';
import { LedgerStore } from '../ledger/ledger-store.ts';
import type { DeviceRecord, KeyRecord } from '../ledger/state.ts';
import { type Db, openDatabase } from '../store/database.ts';
import { BatchHeads } from './batch-heads.ts';
import { summarise } from './pack-summary.ts';
import { deviceIndex } from './rule-device.ts';
import type { RuleFault } from './rule-fault.ts';
import { RuleJudge } from './rule-judge.ts';
import { type CompiledRule, compileRules } from './rule-set.ts';
import { logBefore, StoreHistory } from './store-history.ts';
import { summaryWords } from './summary-words.ts';
import {
  mostBroken,
  TRIAL_EXAMPLES_MAX,
  type TrialCount,
  type TrialExample,
  type TrialPart,
  type TrialProgress,
  type TrialResult,
} from './trial-result.ts';

/** Every window of every device is kept: what the trial refuses is not in the log to read again. */
const TRIAL_WINDOWS_MAX = 131_072;
const PROGRESS_EVERY = 5_000;

interface Row {
  leafIndex: number;
  keyNo: number;
  seq: number;
  firstMs: number;
  lastMs: number;
  grade: number;
  batchLeaf: number;
  sub: string;
  content: Uint8Array | null;
}

const START_SQL = 'SELECT leaf_index FROM pack ORDER BY leaf_index DESC LIMIT 1 OFFSET ?';
const COUNT_SQL = 'SELECT count(*) FROM pack WHERE leaf_index >= ?';
/** One walk over three tables in the order of the log. */
const ROWS_SQL = `SELECT pack.leaf_index AS leafIndex, key_no AS keyNo, seq, first_ms AS firstMs,
  last_ms AS lastMs, grade, batch_leaf AS batchLeaf, sub, content.bytes AS content
  FROM pack JOIN subject ON subject.no = subject_no
  LEFT JOIN content ON content.leaf_index = pack.leaf_index
  WHERE pack.leaf_index >= ? ORDER BY pack.leaf_index`;

/** Judges the newest statements of a store by rules that are not in force, as though they had been. */
export function runTrial(
  wish: TrialPart,
  onProgress: (progress: TrialProgress) => void,
): Result<TrialResult, RuleFault> {
  const compiled = compileRules(wish.rules);
  if (!compiled.ok) return compiled;
  const db = openDatabase(wish.file, { readonly: true });
  try {
    const trial = new Trial(db, compiled.value, wish);
    return { ok: true, value: trial.run(onProgress) };
  } finally {
    db.close();
  }
}

class Trial {
  readonly #db: Db;
  readonly #store: LedgerStore;
  readonly #keys: readonly KeyRecord[];
  readonly #devices: ReadonlyMap<string, DeviceRecord>;
  /** The newest ones: what came before them, a trial knows by the registration. */
  readonly #calibrations: Law['calibrations'];
  /** Of this part. */
  readonly #governed: ReadonlySet<string>;
  readonly #judge: RuleJudge;
  readonly #batches: BatchHeads;
  readonly #readsQuality: boolean;
  readonly #start: number;
  readonly #counts = new Map<string, { judged: number; broken: number }>();
  readonly #examples: TrialExample[] = [];
  #statements = 0;
  #skipped = 0;
  #broken = 0;
  #errors = 0;
  #firstError: string | null = null;

  constructor(db: Db, rules: readonly CompiledRule[], wish: TrialPart) {
    this.#db = db;
    this.#store = new LedgerStore(db);
    const { keys, devices, membership } = this.#store.loadState();
    this.#calibrations = (membership?.law ?? NO_LAW).calibrations;
    this.#keys = keys;
    this.#devices = devices;
    const { part, parts } = wish;
    const asked = wish.devices ?? [...devices.keys()];
    this.#governed = new Set(
      asked.filter((urn) => (devices.get(urn)?.registrationLeaf ?? 0) % parts === part),
    );
    this.#batches = new BatchHeads(this.#store.leaves);
    this.#readsQuality = rules.some(({ needs }) => needs.statement);
    const skip = Math.max(0, wish.statementsMax - 1);
    this.#start = (db.prepare(START_SQL).pluck().get(skip) as number | undefined) ?? 0;
    const before = logBefore(this.#start);
    const history = new StoreHistory(this.#store, () => keys, { horizon: () => before });
    const windowsMax = TRIAL_WINDOWS_MAX;
    this.#judge = new RuleJudge({ history, rulesFor: () => rules, windowsMax });
  }

  run(onProgress: (progress: TrialProgress) => void): TrialResult {
    const total = this.#db.prepare(COUNT_SQL).pluck().get(this.#start) as number;
    const startedMs = performance.now();
    onProgress({ done: 0, total });
    for (const row of this.#db.prepare(ROWS_SQL).iterate(this.#start) as Iterable<Row>) {
      this.#statements += 1;
      this.#take(row);
      if (this.#statements % PROGRESS_EVERY === 0) onProgress({ done: this.#statements, total });
    }
    onProgress({ done: total, total });
    return this.#result(performance.now() - startedMs);
  }

  #take(row: Row): void {
    const device = this.#devices.get(this.#keys[row.keyNo]?.iss ?? '');
    if (!device || !this.#governed.has(device.device)) return;
    if (row.content === null) {
      this.#skipped += 1;
      return;
    }
    const pack = parsePack(row.content);
    // A boot or gap record: no rule speaks of it.
    if (!pack.ok) return;
    this.#judgePack(row, device, pack.value);
  }

  #judgePack(row: Row, device: DeviceRecord, pack: Pack): void {
    const summary = summarise(pack, deviceIndex(device));
    const { broken, errors } = this.#judge.judge({
      device,
      calibrations: this.#calibrations,
      facts: { sub: row.sub, seq: row.seq, quality: this.#qualityOf(row, pack), ...timesOf(pack) },
      late: (row.grade & FLAG.late) !== 0,
      gap: (row.grade & FLAG.gapBefore) !== 0,
      leafIndex: row.leafIndex,
      logTimeMs: pack.relative ? row.lastMs : this.#batches.at(row.batchLeaf).logTimeMs,
      summary,
      readPack: () => pack,
    });
    this.#judge.adopt();
    const count = this.#counts.get(device.device) ?? { judged: 0, broken: 0 };
    this.#counts.set(device.device, count);
    count.judged += 1;
    this.#errors += errors.length > 0 ? 1 : 0;
    this.#firstError ??= errors[0] ? `${ruleKey(errors[0].rule)}: ${errors[0].error}` : null;
    if (broken.length === 0) return;
    count.broken += 1;
    this.#broken += 1;
    if (this.#examples.length < TRIAL_EXAMPLES_MAX) {
      this.#examples.push(this.#example(row, device, { summary, broken }));
    }
  }

  /** The read model has no quality: an expression that may ask costs a look at the entry. */
  #qualityOf({ leafIndex }: Row, { relative }: Pack): number {
    if (relative) return 0;
    if (!this.#readsQuality) return 1;
    return this.#statementAt(leafIndex).device?.quality ?? 0;
  }

  #statementAt(leafIndex: number) {
    const entry = this.#store.leaves.entry(leafIndex);
    const parsed = entry ? parseStatement(entry) : null;
    if (!parsed?.ok) throw new Error(`leaf ${leafIndex}: ${parsed?.code ?? 'missing'}`);
    return parsed.value;
  }

  #example(
    row: Row,
    device: DeviceRecord,
    { summary, broken }: { summary: Float64Array; broken: readonly Rule[] },
  ): TrialExample {
    return {
      statementId: toHex(this.#statementAt(row.leafIndex).id),
      leafIndex: row.leafIndex,
      device: device.device,
      subject: row.sub,
      firstMs: row.firstMs,
      lastMs: row.lastMs,
      rules: broken.map(ruleKey),
      values: summaryWords(summary, device),
    };
  }

  #result(elapsedMs: number): TrialResult {
    const perDevice = Array.from(
      this.#counts,
      ([device, count]): TrialCount => ({ device, ...count }),
    );
    perDevice.sort(mostBroken);
    const judged = perDevice.reduce((sum, count) => sum + count.judged, 0);
    return {
      statements: this.#statements,
      judged,
      skipped: this.#skipped,
      broken: this.#broken,
      errors: this.#errors,
      perDevice,
      examples: this.#examples,
      firstError: this.#firstError,
      microsecondsPerFrame: judged === 0 ? 0 : (elapsedMs * 1000) / judged,
    };
  }
}

function timesOf({ firstMs, lastMs }: Pack): { firstMs: number | null; lastMs: number | null } {
  return { firstMs, lastMs };
}
