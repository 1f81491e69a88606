import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Admission, AdmissionHooks } from './admit/admission.ts';
import { nativeVerify } from './admit/native-verify.ts';
import type { Outcome } from './admit/outcome.ts';
import type { RoundLaw } from './admit/round.ts';
import type { Anchor, Anchored } from './anchor/anchor.ts';
import { type Anchorage, type OpenAnchorOptions, openAnchor } from './anchor/open-anchor.ts';
import { GarbageRing } from './garbage.ts';
import type { MemberSigners } from './keys.ts';
import { RuleJudge } from './law/rule-judge.ts';
import { type OnRuleTrouble, RulesInForce } from './law/rules-in-force.ts';
import { StoreHistory } from './law/store-history.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { KeyRecord } from './ledger/state.ts';
import { Proofs } from './log/proofs.ts';
import { Metrics } from './metrics.ts';
import { Delivery, type Downlinks } from './receipts/deliver.ts';
import { ReceiptIssuer } from './receipts/issue.ts';

export interface PipelineOptions {
  ledger: Ledger;
  signers: MemberSigners;
  iss: string;
  cosignerName: string;
  /** The signed tip beside the store, then its copies on other disks. */
  tipFiles: readonly string[];
  anchorIntervalMs: number;
  /** Frames' way into this ledger. */
  openAdmission: (hooks: AdmissionHooks) => Admission;
  nowMs: () => number;
  downlinks: Downlinks;
  /** Whom to ask for cosignatures, and for what this member signed before; a solo ledger asks nobody. */
  cosigners?: Pick<OpenAnchorOptions, 'peers' | 'ownKeys' | 'answersNeeded' | 'onPeerTrouble'>;
  onTrouble: (error: Error) => void;
  /** A bug: the process must stop, and what was not acknowledged comes again. */
  onFailure: (error: Error) => void;
  /** A rule that this gateway can't run, or that says nothing of a statement. */
  onRuleTrouble: OnRuleTrouble;
}

/**
 * Frame → checked → judged → accepted and committed (one COMMIT in solo mode) → anchored →
 * receipted: the stages of DESIGN §3 in the order in which a reading meets them.
 */
export class Pipeline {
  readonly metrics = new Metrics();
  readonly garbage = new GarbageRing();
  readonly proofs: Proofs;
  readonly issuer: ReceiptIssuer;
  /** Everything that signs for this member. */
  readonly anchorage: Anchorage;
  readonly anchor: Anchor;
  readonly origin: string;
  readonly signers: MemberSigners;
  readonly iss: string;
  readonly intake: Admission;
  readonly law: RoundLaw;
  readonly #options: PipelineOptions;
  readonly #ledger: Ledger;
  readonly #delivery: Delivery;
  readonly #listeners = new Set<() => void>();
  #anchorTimer: NodeJS.Timeout | null = null;
  #lastAnchorMs = 0;
  #anchorCostMs = 0;
  #unanchoredSinceMs: number | null = null;
  #closed = false;

  constructor(options: PipelineOptions) {
    const { ledger, signers, iss } = options;
    const { charter, ledgerId } = ledger.state;
    if (!charter || !ledgerId) throw new Error('the ledger has no charter');
    this.#options = options;
    this.signers = signers;
    this.iss = iss;
    this.#ledger = ledger;
    this.origin = `${charter.ledgerName}/${toHex(ledgerId)}`;
    this.proofs = new Proofs((level, index) => ledger.store.tiles.get(level, index));
    const { origin, proofs } = this;
    this.issuer = new ReceiptIssuer({ log: signers.log, origin, proofs, nowMs: options.nowMs });
    this.anchorage = openAnchor({
      ...options.cosigners,
      db: ledger.store.db,
      origin,
      log: signers.log,
      cosigner: { name: options.cosignerName, signer: signers.cosigner },
      tipFiles: options.tipFiles,
      size: () => ledger.state.size,
      proofs,
      policy: (size) => policyOf(ledger, origin, size),
      native: nativeVerify,
      nowMs: options.nowMs,
      onAnchored: (anchored) => this.#anchored(anchored),
      onTrouble: (error) => this.#anchorTrouble(error),
    });
    this.anchor = this.anchorage.anchor;
    this.#delivery = new Delivery({
      issuer: this.issuer,
      batch: (leafIndex) => this.#batchAt(leafIndex),
      onReceipt: () => this.metrics.receipted.inc(),
    });
    const state = () => ledger.state;
    const inForce = new RulesInForce({ state, onTrouble: options.onRuleTrouble });
    const history = new StoreHistory(ledger.store, () => ledger.state.keys);
    const judge = new RuleJudge({ history, rulesFor: (device) => inForce.of(device) });
    this.law = { inForce, judge };
    this.intake = options.openAdmission({
      law: this.law,
      onCommitted: () => this.committed(),
      onTrouble: (error) => {
        this.metrics.troubles.inc();
        options.onTrouble(error);
      },
      onGarbage: (code, frame) => this.garbage.add(code, frame, options.nowMs()),
      onFailure: options.onFailure,
    });
    this.intake.pool.setLedger(ledgerId);
    for (const key of ledger.state.keys) this.#announce(key);
  }

  /** Signs what was committed and not anchored when the last run ended. */
  start(): void {
    const refusal = this.anchor.refusal();
    // An alliance's node gets what it lacks from the others; a solo ledger has nobody to ask.
    const isWaiting = refusal === 'behind_signed_tip' && this.#options.cosigners !== undefined;
    if (refusal && !isWaiting) throw new SignedTipError(refusal);
    if (this.anchor.newest?.size !== this.#ledger.state.size) this.#anchorNow();
  }

  /** A frame from a device's own connection; `done` lets the PUBACK go, after COMMIT. */
  deviceFrame(device: string, frame: Uint8Array, done: () => void): void {
    this.intake.submit(frame, device, (outcome) => {
      done();
      this.#answer(device, outcome);
    });
  }

  /** A frame that was queued has its place in the log now, or its refusal has. */
  settled(device: string, outcome: Outcome): void {
    this.#answer(device, outcome);
  }

  /** Keys registered, retired or revoked by a governance statement just committed. */
  keysChanged(keys: readonly KeyRecord[]): void {
    for (const key of keys) this.#announce(key);
    this.committed();
  }

  /** After COMMIT; the answer takes the listener away. */
  onCommitted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  committed(): void {
    for (const listener of this.#listeners) listener();
    this.#unanchoredSinceMs ??= this.#options.nowMs();
    if (this.#anchorTimer) return;
    const sinceMs = this.#options.nowMs() - this.#lastAnchorMs;
    const { anchorIntervalMs } = this.#options;
    // A clock set back must not put off the next checkpoint until it has caught up.
    const pauseMs = Math.max(anchorIntervalMs, this.#anchorCostMs * ANCHOR_PAUSE_COSTS);
    const waitMs = sinceMs < 0 ? pauseMs : Math.max(0, pauseMs - sinceMs);
    this.#anchorTimer = setTimeout(() => this.#anchorNow(), waitMs);
  }

  unanchoredSinceMs(): number | null {
    return this.#unanchoredSinceMs;
  }

  async close(): Promise<void> {
    await this.intake.close();
    this.#closed = true;
    if (this.#anchorTimer) this.#anchorNow();
    await this.anchor.close();
  }

  #anchorNow(): void {
    if (this.#anchorTimer) clearTimeout(this.#anchorTimer);
    this.#anchorTimer = null;
    const stop = this.metrics.commitSeconds.startTimer();
    const { newest } = this.anchor;
    try {
      const { size } = this.#ledger.state;
      // Frames that came again may ask for receipts where nothing new was committed.
      if (newest?.size === size) this.#anchored(newest);
      else this.anchor.anchor({ size, root: this.#ledger.root() });
    } catch (error) {
      // A full disk: what is committed stays so, receipts wait, the next try signs a larger tree.
      if (!(error instanceof Error)) throw error;
      this.#anchorTrouble(error);
      // What ends now is anchored at the next start.
      if (!this.#closed) this.#anchorTimer = setTimeout(() => this.#anchorNow(), RETRY_AFTER_MS);
      return;
    }
    this.#anchorCostMs = stop() * 1000;
    this.#lastAnchorMs = this.#options.nowMs();
  }

  #anchored(anchored: Anchored): void {
    const isAll = anchored.size === this.#ledger.state.size;
    this.#unanchoredSinceMs = isAll ? null : this.#lastAnchorMs;
    this.#delivery.deliver(anchored, this.#options.downlinks);
  }

  #anchorTrouble(error: Error): void {
    this.metrics.troubles.inc();
    this.#options.onTrouble(error);
  }

  #answer(device: string, outcome: Outcome): void {
    const { downlinks } = this.#options;
    this.#count(outcome);
    if (!downlinks.isListening(device)) return;
    if (outcome.kind === 'queued') {
      downlinks.publishDown(device, encodeDownlink({ kind: 'accepted', id: outcome.id }));
    } else if (outcome.kind === 'accepted' || outcome.kind === 'duplicate') {
      const { id, leafIndex, sub } = outcome;
      downlinks.publishDown(device, encodeDownlink({ kind: 'accepted', id }));
      this.#delivery.oweReceipt({ device, id, leafIndex, sub });
    } else if (outcome.kind === 'listed') {
      const { id, code, batchLeaf } = outcome;
      this.#delivery.oweRefusal({ device, id, code, batchLeaf });
    } else if (outcome.id) {
      const { id, code } = outcome;
      downlinks.publishDown(device, encodeDownlink({ kind: 'refused', id, code, batch: null }));
    }
    // What was anchored before its frame came again has no anchor to wait for.
    if (outcome.kind === 'duplicate' || outcome.kind === 'listed') this.committed();
  }

  #count(outcome: Outcome): void {
    // A queued one is counted when its block settles it.
    if (outcome.kind === 'queued') return;
    if (outcome.kind === 'accepted') this.metrics.accepted.inc();
    else if (outcome.kind === 'duplicate') this.metrics.duplicates.inc();
    else
      this.metrics.refused.inc({ code: outcome.code, listed: String(outcome.kind === 'listed') });
  }

  /** Retired and revoked keys stay known: what they sign is refused by name, not as garbage. */
  #announce(key: KeyRecord): void {
    if (key.role !== 'device') return;
    const device = this.#ledger.state.devices.get(key.iss);
    if (!device) return;
    const sensors = sensorTable(device.sensors);
    const { no, iss } = key;
    const captures = device.sensors.some((sensor) => sensor.interface === 'capture');
    this.intake.pool.setKey(toHex(key.kid), { no, key: key.key, iss, sensors, captures });
  }

  #batchAt(leafIndex: number): { entry: Uint8Array; sub: string } | null {
    const entry = this.#ledger.store.leaves.entry(leafIndex);
    const parsed = entry ? parseStatement(entry) : null;
    return entry && parsed?.ok ? { entry, sub: parsed.value.sub } : null;
  }
}

/** Who may sign and cosign this ledger's checkpoints now. */
function policyOf({ state }: Pick<Ledger, 'state'>, origin: string, size: number): Policy {
  if (!state.membership) throw new Error('no charter');
  return policyOfMembership(state.membership, origin, { size });
}

const RETRY_AFTER_MS = 1_000;
/** A slow disk gets fewer checkpoints, so that signing them takes at most a sixth of the time. */
const ANCHOR_PAUSE_COSTS = 5;

/** The store does not extend what this member has signed: signing on would be a second history. */
export class SignedTipError extends Error {
  readonly code: 'behind_signed_tip' | 'forked_from_signed_tip';
  constructor(code: 'behind_signed_tip' | 'forked_from_signed_tip') {
    super(
      code === 'behind_signed_tip'
        ? 'the store is older than the newest checkpoint this member signed (restored from a backup?); it signs nothing until it holds every leaf of that checkpoint'
        : 'the store contradicts the newest checkpoint this member signed; it signs nothing',
    );
    this.code = code;
  }
}
