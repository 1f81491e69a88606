import {
  BATCH_BYTES_MAX,
  BATCH_REFUSALS_MAX,
  BATCH_RULINGS_MAX,
  BATCH_STATEMENTS_MAX,
  type Ruling,
} from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { type Pack, parsePack } from '@truegrain/device-sdk/formats/pack.js';
import {
  isListable,
  type ListableRefusalCode,
  type RefusalCode,
} from '@truegrain/device-sdk/formats/refusal.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { RuleJudge } from '../law/rule-judge.ts';
import type { RulesInForce } from '../law/rules-in-force.ts';
import { type BatchBlock, expectedGrade } from '../ledger/apply-batch.ts';
import { editionOf, leavesUnderEdition } from '../ledger/batch-law.ts';
import type { ContentVerdict, Facts } from '../ledger/facts.ts';
import { FLAG } from '../ledger/grade.ts';
import { Judge, type Verdict } from '../ledger/judge.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import { sealBatch } from '../ledger/seal-batch.ts';
import type { DeviceRecord, LedgerState } from '../ledger/state.ts';
import type { RefusedFrame } from '../store/refused-frames.ts';
import type { Checked } from './check.ts';
import type { Outcome } from './outcome.ts';
import type { RefusalQuota } from './refusal-quota.ts';

/** Room for the batch statement itself: grades, 256 refusals and its header. */
const GROUP_BYTES_SPARED = 24 * 1024;

/** By one statement; so many rules may be broken at once before the batch is full. */
const RULES_BROKEN_MAX = 64;

/** The rules in force, and who judges by them. */
export interface RoundLaw {
  readonly inForce: RulesInForce;
  readonly judge: RuleJudge;
}

type Accepted = Extract<Verdict, { kind: 'accept' }>;

/** One batch in the making. */
export class Round {
  readonly #ledger: { store: LedgerStore; state: LedgerState };
  readonly #quota: RefusalQuota;
  readonly #law: RoundLaw;
  readonly #judge: Judge;
  readonly #logTimeMs: number;
  readonly #bytesMax: number;
  readonly #statementsMax: number;
  readonly accepted: {
    facts: Facts;
    grade: number;
    content: Uint8Array;
    summary: Float64Array | null;
  }[] = [];
  readonly refused: (RefusedFrame & { code: ListableRefusalCode })[] = [];
  readonly rulings: Ruling[] = [];
  /** The code under which an id is listed here. */
  readonly #codes = new Map<string, RefusalCode>();
  readonly #refusedOf = new Map<string, number>();
  /** Rules that keep a statement out, by its id. */
  readonly #refusing = new Map<string, readonly Rule[]>();
  #bytes = 0;
  #batchLeaf = -1;

  /** `bytesMax`: room for the whole batch, where the charter gives less than the format. */
  constructor(
    ledger: { store: LedgerStore; state: LedgerState },
    parts: { quota: RefusalQuota; law: RoundLaw },
    { logTimeMs, bytesMax = BATCH_BYTES_MAX }: { logTimeMs: number; bytesMax?: number },
  ) {
    this.#ledger = ledger;
    this.#quota = parts.quota;
    this.#law = parts.law;
    this.#logTimeMs = logTimeMs;
    this.#bytesMax = Math.min(BATCH_BYTES_MAX, bytesMax) - GROUP_BYTES_SPARED;
    // The batch statement's own leaf is not judged: all of the others have one edition.
    this.#statementsMax = Math.min(BATCH_STATEMENTS_MAX, leavesUnderEdition(ledger.state));
    this.#judge = new Judge(ledger.state, ledger.store.history, logTimeMs);
  }

  /** Whether there may be no room for `next`, whatever becomes of it. */
  isFull(next: Checked): boolean {
    const entryBytes = next.authentic ? next.facts.entry.length : 0;
    return (
      this.refused.length >= BATCH_REFUSALS_MAX ||
      this.accepted.length >= this.#statementsMax ||
      this.rulings.length >= BATCH_RULINGS_MAX - RULES_BROKEN_MAX ||
      (this.#bytes > 0 && this.#bytes + entryBytes > this.#bytesMax)
    );
  }

  /** The answer of one that is accepted or was before, else why it is refused. */
  judge(
    facts: Facts,
    content: Uint8Array,
    attested: ContentVerdict,
  ): RefusalCode | (() => Outcome) {
    // First of all: what the log has is answered so, even if it would be refused today.
    if (attested.code !== null && !this.#judge.isDuplicate(facts)) return attested.code;
    const { id, sub } = facts;
    const device = this.#governed(facts);
    const mark = device && this.#judge.mark(facts.keyNo);
    const verdict = this.#judge.judge(facts);
    if (verdict.kind === 'refuse') return verdict.code;
    if (verdict.kind === 'duplicate') {
      return () => {
        const leafIndex = this.#ledger.store.leaves.find(id);
        if (leafIndex === null) throw new Error('a duplicate has its first');
        return { kind: 'duplicate', id, leafIndex, sub };
      };
    }
    if (device && !this.#keepsRules({ facts, content, attested, verdict, device })) {
      this.#judge.retract(facts, mark);
      return 'rule';
    }
    if (!device) this.#see(facts);
    const claimed = attested.suspect ? FLAG.suspect : 0;
    const grade = this.#gradeOf(facts, this.#judge, { verdict, grade: claimed });
    const at = this.accepted.length;
    this.accepted.push({ facts, grade, content, summary: attested.summary });
    this.#bytes += facts.entry.length;
    return () => {
      const leafIndex = this.#batchLeaf - this.accepted.length + at;
      return { kind: 'accepted', id, leafIndex, sub };
    };
  }

  /** The device, where a rule has a say in what it states. */
  #governed({ keyNo }: Facts): DeviceRecord | null {
    const { state } = this.#ledger;
    const device = state.devices.get(state.keys[keyNo]?.iss ?? '') ?? null;
    return device && this.#law.inForce.of(device).length > 0 ? device : null;
  }

  /** False where a rule keeps it out; what it breaks otherwise stands in the batch beside it. */
  #keepsRules(admitted: {
    facts: Facts;
    content: Uint8Array;
    attested: ContentVerdict;
    verdict: Accepted;
    device: DeviceRecord;
  }): boolean {
    const { facts, content, attested, verdict, device } = admitted;
    const { judge, inForce } = this.#law;
    const { broken, errors, isRefused } = judge.judge({
      device,
      calibrations: this.#ledger.state.membership?.law.calibrations ?? NO_LAW.calibrations,
      facts,
      late: verdict.late,
      gap: verdict.gap,
      leafIndex: this.#ledger.state.size + this.accepted.length,
      logTimeMs: this.#logTimeMs,
      summary: attested.summary,
      readPack: () => packOf(content),
    });
    for (const { rule, error } of errors) inForce.tell(rule, error);
    if (isRefused) {
      this.#refusing.set(
        toHex(facts.id),
        broken.filter(({ effect }) => effect === 'refuse'),
      );
    } else this.#rule(facts.id, broken);
    return !isRefused;
  }

  /** No rule speaks of it, but a later one may look back, and other subjects' rules look at events. */
  #see(facts: Facts): void {
    const { judge, inForce } = this.#law;
    if (inForce.isNone) return;
    const { state } = this.#ledger;
    const device = state.devices.get(state.keys[facts.keyNo]?.iss ?? '');
    const leafIndex = state.size + this.accepted.length;
    if (device) judge.see({ device, facts, leafIndex, logTimeMs: this.#logTimeMs });
  }

  #rule(id: Uint8Array, rules: readonly Rule[]): void {
    for (const { id: rule, version } of rules) this.rulings.push({ id, rule, version });
  }

  refuse(refusal: {
    facts: Facts;
    code: RefusalCode;
    device: string;
    frame: Uint8Array;
    receivedMs: number;
  }): () => Outcome {
    const { facts, code, device, frame, receivedMs } = refusal;
    const { id, seq } = facts;
    const listed = this.#ledger.store.fold.refusal(id);
    if (listed) {
      const { batchLeaf } = listed;
      return () => ({ kind: 'listed', id, code: listed.code as RefusalCode, batchLeaf });
    }
    if (!isListable(code)) return () => ({ kind: 'refused', id, code });
    const known = this.#codes.get(toHex(id));
    if (!known) {
      const ofDevice = this.#refusedOf.get(device) ?? 0;
      if (ofDevice >= this.#quota.left(device)) {
        return () => ({ kind: 'refused', id, code: 'rate_limited' });
      }
      this.#refusedOf.set(device, ofDevice + 1);
      this.#codes.set(toHex(id), code);
      if (code === 'rule') this.#rule(id, this.#refusing.get(toHex(id)) ?? []);
      this.refused.push({ id, seq, code, device, frame, receivedMs });
    }
    return () => ({ kind: 'listed', id, code: known ?? code, batchLeaf: this.#batchLeaf });
  }

  /** Streams of whose statements today's state says something else than the one judged against. */
  changedSince(): Set<number> {
    const judge = new Judge(this.#ledger.state, this.#ledger.store.history, this.#logTimeMs);
    const changed = new Set<number>();
    for (const { facts, grade } of this.accepted) {
      const verdict = judge.judge(facts);
      const isSame =
        verdict.kind === 'accept' && grade === this.#gradeOf(facts, judge, { verdict, grade });
      if (!isSame) changed.add(facts.keyNo);
    }
    return changed;
  }

  /** Of what was taken before, only the gateway's own flag is kept. */
  #gradeOf(
    facts: Facts,
    judge: Judge,
    { verdict, grade }: { verdict: Accepted; grade: number },
  ): number {
    const edition = editionOf(this.#ledger.state);
    const forecast = { verdict, logTimeMs: this.#logTimeMs, claimed: grade, edition };
    return expectedGrade(this.#ledger.state, judge, facts, forecast);
  }

  /** Nothing to put into the log. */
  isEmpty(): boolean {
    return this.accepted.length === 0 && this.refused.length === 0;
  }

  /** The batch statement over what was taken so far, and what `app.ts` judges it by. */
  seal(gateway: { signer: Signer; iss: string }): BatchBlock {
    const { accepted, refused } = this;
    const facts = accepted.map((a) => a.facts);
    const factsRoot = rootOf(facts.map(({ leafHash }) => leafHash));
    const logTimeMs = this.#logTimeMs;
    const { rulings } = this;
    const contents = { accepted, root: factsRoot, refusals: refused, logTimeMs, rulings };
    const batch = sealBatch(this.#ledger.state, gateway, contents);
    return { facts, factsRoot, batch };
  }

  /** It is in the log: its outcomes can be told. */
  committedAt(batchLeaf: number): void {
    this.#batchLeaf = batchLeaf;
    this.countRefusals();
  }

  /** Once it is in the log: a batch that failed takes nothing from anybody. */
  countRefusals(): void {
    for (const { device } of this.refused) this.#quota.take(device);
  }
}

/** Boot and gap records are no packs: no rule speaks of them. */
function packOf(content: Uint8Array): Pack | null {
  const parsed = parsePack(content);
  return parsed.ok ? parsed.value : null;
}
