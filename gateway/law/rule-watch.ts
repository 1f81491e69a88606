import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { parseRuleFinding, type RuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { FLAG } from '../ledger/grade.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { DeviceRecord, LedgerState } from '../ledger/state.ts';
import type { Query } from '../store/database.ts';
import { type BatchHead, BatchHeads } from './batch-heads.ts';
import { LAST_BACK_MS } from './device-plan.ts';
import { isCalibratedSince, type JudgedStatement } from './judged-statement.ts';
import { summarise } from './pack-summary.ts';
import { deviceIndex } from './rule-device.ts';
import { type Judgement, RuleJudge } from './rule-judge.ts';
import type { CompiledRule, RuleNeeds } from './rule-set.ts';
import { RulesAt } from './rules-at.ts';
import { type Horizon, logBefore, StoreHistory } from './store-history.ts';
import { summaryWords } from './summary-words.ts';
import { WatchedDevice } from './watched-device.ts';

/** What this member found otherwise than a gateway attested, ready to be signed. */
export type WatchFinding = Omit<RuleFinding, 'logTimeMs'>;

/** Leaves back from the tip that are examined after a start, and again when contents come late. */
export const WATCH_LEAVES_MAX = 20_000;
/** A content usually comes seconds after its block: so long, by the log's time, the device waits. */
export const CONTENT_WAIT_MS = 600_000;
const LEAVES_A_READ = 256;
const MISSING_LOOKED_FOR = 256;
const TEXT_LENGTH_MAX = 1_024;

const NEW_SQL = `SELECT leaf_index AS leafIndex, key_no AS keyNo FROM pack
  WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ${LEAVES_A_READ}`;
const ROW_SQL = `SELECT pack.leaf_index AS leafIndex, last_ms AS lastMs, grade, batch_leaf AS batchLeaf,
  content.bytes AS content FROM pack LEFT JOIN content USING (leaf_index) WHERE leaf_index = ?`;

interface Row {
  leafIndex: number;
  lastMs: number;
  grade: number;
  batchLeaf: number;
  content: Uint8Array | null;
}

/**
 * Recomputes what other organisations' gateways attested under the rules, of every statement whose
 * content is held here, and tells each difference once. Does a little at a time and has no timers:
 * `step` is called after blocks. Where it is, it keeps in memory; what is in the log as this
 * member's finding is not told again.
 */
export class RuleWatch {
  readonly #store: LedgerStore;
  readonly #state: () => LedgerState;
  readonly #iss: string;
  readonly #onFinding: (finding: WatchFinding) => void;
  readonly #monotonicMs: () => number;
  readonly #leavesMax: number;
  readonly #newRows: Query;
  readonly #row: Query;
  readonly #isHeld: Query;
  readonly #batches: BatchHeads;
  readonly #rulesAt = new RulesAt();
  readonly #judge: RuleJudge;
  readonly #devices = new Map<string, WatchedDevice>();
  /** Devices with statements to examine that do not wait for a content. */
  readonly #ready = new Set<WatchedDevice>();
  /** Leaves passed over because their content is not here. */
  readonly #missing = new Map<number, WatchedDevice>();
  #lookedFor: Iterator<[number, WatchedDevice]> | null = null;
  readonly #told = new Set<string>();
  #cursor: number;
  #forgetAt: number;
  /** Of the statement at hand. */
  #rules: readonly CompiledRule[] = [];
  #horizon: Horizon = logBefore(0);

  constructor(options: {
    store: LedgerStore;
    state: () => LedgerState;
    /** This member: of its own gateway's word it has nothing to find. */
    iss: string;
    onFinding: (finding: WatchFinding) => void;
    monotonicMs?: () => number;
    leavesMax?: number;
  }) {
    const { store } = options;
    this.#store = store;
    this.#state = options.state;
    this.#iss = options.iss;
    this.#onFinding = options.onFinding;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#leavesMax = options.leavesMax ?? WATCH_LEAVES_MAX;
    this.#newRows = store.db.prepare(NEW_SQL);
    this.#row = store.db.prepare(ROW_SQL);
    this.#isHeld = store.db.prepare('SELECT 1 FROM content WHERE leaf_index = ?').pluck();
    this.#batches = new BatchHeads(store.leaves);
    const history = new StoreHistory(store, () => this.#state().keys, {
      horizon: () => this.#horizon,
      onMissing: (device, lastMs) => this.#miss(this.#watched(device), lastMs),
    });
    this.#judge = new RuleJudge({ history, rulesFor: () => this.#rules });
    const { size } = options.state();
    this.#cursor = Math.max(0, size - this.#leavesMax);
    this.#forgetAt = size + this.#leavesMax;
    this.#readTold(size);
  }

  /** Works for about `msMax`; at least one statement. True where there is more to do at once. */
  step(msMax: number): boolean {
    const untilMs = this.#monotonicMs() + msMax;
    this.#lookForContents();
    for (const device of this.#devices.values()) if (device.head !== null) this.#ready.add(device);
    for (;;) {
      if (!this.#takeNew() && !this.#examineNext()) return false;
      if (this.#monotonicMs() >= untilMs) return true;
    }
  }

  #readTold(size: number): void {
    for (const leafIndex of this.#store.fold.leavesOfKinds(['rule-finding'], size)) {
      const statement = this.#statementAt(leafIndex);
      if (statement.iss !== this.#iss) continue;
      const finding = parseRuleFinding(statement.payloadBytes);
      if (finding.ok) this.#told.add(toldKey(finding.value));
    }
  }

  /** Device statements committed since, in the order of the log. */
  #takeNew(): boolean {
    const rows = this.#newRows.all(this.#cursor) as { leafIndex: number; keyNo: number }[];
    const { keys } = this.#state();
    for (const { leafIndex, keyNo } of rows) {
      const device = this.#watched(keys[keyNo]?.iss ?? '');
      device.add(leafIndex);
      this.#ready.add(device);
      this.#cursor = leafIndex + 1;
    }
    if (this.#cursor >= this.#forgetAt) this.#forgetOld();
    return rows.length > 0;
  }

  #forgetOld(): void {
    const below = this.#cursor - this.#leavesMax;
    for (const [urn, device] of this.#devices) {
      device.forgetBelow(below);
      if (device.isEmpty) this.#devices.delete(urn);
    }
    for (const leafIndex of this.#missing.keys()) {
      if (leafIndex < below) this.#missing.delete(leafIndex);
    }
    this.#forgetAt = this.#cursor + this.#leavesMax;
  }

  #watched(urn: string): WatchedDevice {
    const known = this.#devices.get(urn) ?? new WatchedDevice(urn);
    this.#devices.set(urn, known);
    return known;
  }

  #miss(device: WatchedDevice, lastMs: number): void {
    device.missingMs = Math.max(device.missingMs, lastMs);
  }

  /** Contents that came after all: their devices are examined again from there on. */
  #lookForContents(): void {
    for (let looks = 0; looks < MISSING_LOOKED_FOR; looks += 1) {
      this.#lookedFor ??= this.#missing.entries();
      const next = this.#lookedFor.next();
      if (next.done) {
        this.#lookedFor = null;
        return;
      }
      const [leafIndex, device] = next.value;
      if (this.#isHeld.get(leafIndex) === undefined) continue;
      this.#missing.delete(leafIndex);
      if (device.rewind(leafIndex)) this.#judge.forget(device.urn);
    }
  }

  /** One statement of the device whose turn it is; false where none has any. */
  #examineNext(): boolean {
    const [device] = this.#ready;
    if (device === undefined) return false;
    this.#ready.delete(device);
    // At the end of the line again, if it goes on: no device has to wait for all of another's.
    if (this.#examineHead(device) && device.head !== null) this.#ready.add(device);
    return true;
  }

  /** False where the device waits for the content of its next statement. */
  #examineHead(watched: WatchedDevice): boolean {
    const leafIndex = watched.head;
    const row = leafIndex === null ? undefined : (this.#row.get(leafIndex) as Row | undefined);
    if (row === undefined) return false;
    const batch = this.#batches.at(row.batchLeaf);
    const isAwaited = this.#state().logTimeMs - batch.logTimeMs < CONTENT_WAIT_MS;
    if (row.content === null && isAwaited && batch.iss !== this.#iss) return false;
    this.#enterBatch(watched, row.batchLeaf, batch);
    if (row.content === null) {
      this.#missing.set(row.leafIndex, watched);
      this.#miss(watched, row.lastMs);
    } else this.#examine(watched, { ...row, content: row.content }, batch);
    watched.advance();
    return true;
  }

  /** Windows hold what the batch was judged against: no statement that came in between (SPEC §10). */
  #enterBatch(watched: WatchedDevice, batchLeaf: number, { judgedAt }: BatchHead): void {
    if (watched.batchLeaf === batchLeaf) return;
    const isHoled = watched.before >= judgedAt;
    if (isHoled || watched.isHoled) this.#judge.forget(watched.urn);
    watched.batchLeaf = batchLeaf;
    watched.isHoled = isHoled;
  }

  #examine(watched: WatchedDevice, row: Row & { content: Uint8Array }, batch: BatchHead): void {
    const { devices, membership } = this.#state();
    const device = devices.get(watched.urn);
    // Registered anew since: with which sensors it was judged is not in the state any more.
    const isKnown = device !== undefined && device.registrationLeaf < batch.firstLeaf;
    const rules =
      isKnown && membership ? this.#rulesAt.of(membership.law, watched.urn, batch.firstLeaf) : [];
    if (!device || rules.length === 0 || batch.iss === this.#iss) {
      // The next foreign one reads it from the log.
      this.#judge.forget(watched.urn);
      return;
    }
    const statement = this.#judged(row, device, batch);
    if (statement === null) return;
    this.#rules = rules;
    const { firstLeaf: unseenTo, judgedAt: unseenFrom } = batch;
    this.#horizon = { beforeLeaf: row.leafIndex, unseenFrom, unseenTo };
    const judgement = this.#judge.judge(statement);
    // Each one a round of its own: what stands before it in its batch, the horizon shows.
    this.#judge.adopt();
    const isRecalibrated = isCalibratedSince(statement, batch.judgedAt);
    this.#compare(watched, { ...statement, isRecalibrated }, judgement);
  }

  /** Null for boot and gap records. */
  #judged(
    { leafIndex, grade, content }: Row & { content: Uint8Array },
    device: DeviceRecord,
    { logTimeMs }: BatchHead,
  ): (JudgedStatement & { id: Uint8Array; summary: Float64Array }) | null {
    const pack = parsePack(content);
    if (!pack.ok) return null;
    const { id, sub, seq, device: claims } = this.#statementAt(leafIndex);
    const { firstMs, lastMs } = pack.value;
    return {
      id,
      device,
      calibrations: this.#state().membership?.law.calibrations ?? NO_LAW.calibrations,
      facts: { sub, seq, quality: claims?.quality ?? 0, firstMs, lastMs },
      late: (grade & FLAG.late) !== 0,
      gap: (grade & FLAG.gapBefore) !== 0,
      leafIndex,
      logTimeMs,
      summary: summarise(pack.value, deviceIndex(device)),
      readPack: () => pack.value,
    };
  }

  #compare(
    watched: WatchedDevice,
    statement: JudgedStatement & {
      id: Uint8Array;
      summary: Float64Array;
      isRecalibrated: boolean;
    },
    { broken, errors }: Judgement,
  ): void {
    const { id, leafIndex, device, summary } = statement;
    const rulings = this.#store.fold.rulingsOf(id);
    const endMs = statement.facts.lastMs ?? statement.logTimeMs;
    for (const { rule, needs } of this.#rules) {
      if (needs.registration && statement.isRecalibrated) continue;
      // A window with a pack that is not here says nothing of what the gateway saw.
      if (watched.missingMs >= endMs - reachMs(needs, device)) continue;
      const key = ruleKey(rule);
      const attested = rulings.some((one) => ruleKey({ ...one, id: one.rule }) === key);
      const error = errors.find((one) => ruleKey(one.rule) === key)?.error ?? null;
      const isBroken = broken.some((one) => ruleKey(one) === key);
      const found = error !== null ? 'error' : isBroken ? 'broken' : 'kept';
      const said = attested ? 'broken' : 'kept';
      // Of a rule that fails a gateway attests nothing, which reads as kept.
      if (found === said || (found === 'error' && !attested)) continue;
      const of = { rule: rule.id, version: rule.version, leafIndex, statementId: id };
      const text = textOf({ key, said, found, error, values: summaryWords(summary, device) });
      this.#tell({ ...of, attested: said, found, text });
    }
  }

  #tell(finding: WatchFinding): void {
    const key = toldKey(finding);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#onFinding(finding);
  }

  #statementAt(leafIndex: number): Statement {
    const entry = this.#store.leaves.entry(leafIndex);
    const parsed = entry ? parseStatement(entry) : null;
    if (!parsed?.ok) throw new Error(`leaf ${leafIndex}: ${parsed?.code ?? 'missing'}`);
    return parsed.value;
  }
}

/** How far before its last reading a statement's verdict looks; nothing can be missing of itself. */
function reachMs(
  { windowS, last }: RuleNeeds,
  { reportingIntervalS }: JudgedStatement['device'],
): number {
  const windowMs = windowS > 0 ? (windowS + reportingIntervalS) * 1_000 : Number.NEGATIVE_INFINITY;
  return Math.max(windowMs, last ? LAST_BACK_MS : Number.NEGATIVE_INFINITY);
}

function toldKey({ statementId, rule, version }: WatchFinding): string {
  return `${toHex(statementId)} ${ruleKey({ id: rule, version })}`;
}

function textOf(of: {
  key: string;
  said: string;
  found: string;
  error: string | null;
  values: readonly string[];
}): string {
  const why = of.error === null ? '' : ` (${of.error})`;
  const values = of.values.length === 0 ? 'no numbers' : of.values.join(', ');
  const text = `${of.key}: attested ${of.said}, recomputed ${of.found}${why}; ${values}.`;
  return text.slice(0, TEXT_LENGTH_MAX);
}
