import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { type CoseKey, coseKeyMap } from '@truegrain/device-sdk/formats/cose-key.js';
import { parseErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { encodeFrame, FRAME_BYTES_MAX } from '@truegrain/device-sdk/formats/frame.js';
import { responsibleWords } from '@truegrain/device-sdk/formats/law-words.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { encodeEntryBundle, tileWidth } from '@truegrain/device-sdk/formats/tiles.js';
import type { Outcome } from './admit/outcome.ts';
import type {
  Backend,
  GovernanceLeaf,
  Health,
  LookupAnswer,
  PublishedKey,
  Refused,
  StatementView,
  SubmitAnswer,
} from './http/backend.ts';
import { governanceKind } from './ledger/apply-governance.ts';
import type { Ledger } from './ledger/ledger.ts';
import { liveTimes } from './ledger/log-time.ts';
import type { KeyRecord } from './ledger/state.ts';
import type { Pipeline } from './pipeline.ts';
import { retentionRefusal } from './retention.ts';

export type Reads = Pick<Backend, 'devices' | 'device' | 'completeness' | 'readings'>;
export type Writes = Pick<Backend, 'createEnrolment' | 'register' | 'rotate' | 'revoke' | 'erase'>;

const BUSY_RETRY_AFTER_S = 2;

/** What HTTP asks, answered from one ledger: the log and its proofs here, the rest by its parts. */
export class LedgerBackend implements Backend {
  readonly #ledger: Ledger;
  readonly #pipeline: Pipeline;
  readonly #evidence: (leafIndex: number) => Uint8Array | null;
  readonly #nowMs: () => number;
  readonly #onGovernance: (keys: readonly KeyRecord[]) => void;
  readonly alliance: Backend['alliance'];
  readonly law: Backend['law'];
  readonly filing: Backend['filing'];
  readonly epcis: Backend['epcis'];
  readonly handovers: Backend['handovers'];
  readonly standing: Backend['standing'];
  readonly trace: Backend['trace'];
  readonly devices: Backend['devices'];
  readonly device: Backend['device'];
  readonly completeness: Backend['completeness'];
  readonly readings: Backend['readings'];
  readonly createEnrolment: Backend['createEnrolment'];
  readonly register: Backend['register'];
  readonly rotate: Backend['rotate'];
  readonly revoke: Backend['revoke'];
  readonly erase: Backend['erase'];

  constructor(parts: {
    ledger: Ledger;
    pipeline: Pipeline;
    reads: Reads;
    writes: Writes;
    alliance: Backend['alliance'];
    law: Backend['law'];
    filing: Backend['filing'];
    epcis: Backend['epcis'];
    handovers: Backend['handovers'];
    standing: Backend['standing'];
    trace: Backend['trace'];
    evidence: (leafIndex: number) => Uint8Array | null;
    nowMs: () => number;
    /** After COMMIT: keys registered, retired or revoked at this door. */
    onGovernance: (keys: readonly KeyRecord[]) => void;
  }) {
    const { reads, writes } = parts;
    this.#ledger = parts.ledger;
    this.#pipeline = parts.pipeline;
    this.#evidence = parts.evidence;
    this.#nowMs = parts.nowMs;
    this.#onGovernance = parts.onGovernance;
    this.alliance = parts.alliance;
    this.law = parts.law;
    this.filing = parts.filing;
    this.epcis = parts.epcis;
    this.handovers = parts.handovers;
    this.standing = parts.standing;
    this.trace = parts.trace;
    this.devices = () => reads.devices();
    this.device = (urn) => reads.device(urn);
    this.completeness = (urn) => reads.completeness(urn);
    this.readings = (query) => reads.readings(query);
    this.createEnrolment = (spec) => writes.createEnrolment(spec);
    this.register = (request) => writes.register(request);
    this.rotate = (request) => writes.rotate(request);
    this.revoke = (urn, kid, reason) => writes.revoke(urn, kid, reason);
    this.erase = (ids, basis, reason) => writes.erase(ids, basis, reason);
  }

  origin(): string {
    return this.#pipeline.origin;
  }

  ledgerId(): Uint8Array {
    const { ledgerId } = this.#ledger.state;
    if (!ledgerId) throw new Error('no charter');
    return ledgerId;
  }

  entriesPublic(): boolean {
    return this.#ledger.state.charter?.publicEntries ?? false;
  }

  checkpoint(): string | null {
    return this.#pipeline.anchor.newest?.note ?? null;
  }

  /** Only what the newest checkpoint covers: a tile beyond it could still be refused to the world. */
  tile(level: number, index: number, width: number): Uint8Array | null {
    if (width > tileWidth({ level, index, size: this.#anchoredSize() })) return null;
    const hashes = this.#ledger.store.tiles.get(level, index);
    return hashes && hashes.length >= width * 32 ? hashes.subarray(0, width * 32) : null;
  }

  entryBundle(index: number, width: number): Uint8Array | null {
    if (width > tileWidth({ level: 0, index, size: this.#anchoredSize() })) return null;
    return encodeEntryBundle(this.#ledger.store.leaves.entries(index * 256, index * 256 + width));
  }

  keySet(): PublishedKey[] {
    return this.#ledger.state.keys
      .filter((record) => record.role === 'log')
      .map(({ kid, key }) => ({ kid, coseKey: withKid(key, kid) }));
  }

  async submit(statement: Uint8Array, content: Uint8Array | null): Promise<SubmitAnswer> {
    const parsed = parseStatement(statement);
    if (!parsed.ok) {
      const code = parsed.code === 'crit' ? 'crit' : 'malformed';
      return { state: 'refused', code, detail: `${parsed.code}: ${parsed.detail}` };
    }
    if (governanceKind(parsed.value)) return this.#submitGovernance(parsed.value);
    if (!content) {
      const detail = 'send the content beside its statement: this gateway judges units and ranges';
      return { state: 'refused', code: 'content_missing', detail };
    }
    if (statement.length + content.length + 16 > FRAME_BYTES_MAX) {
      return {
        state: 'refused',
        code: 'too_large',
        detail: `a frame has at most ${FRAME_BYTES_MAX} bytes`,
      };
    }
    if (this.#pipeline.intake.trouble) return { state: 'busy', retryAfterS: BUSY_RETRY_AFTER_S };
    const frame = encodeFrame({ statement, content });
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#pipeline.intake.submit(frame, null, resolve);
    });
    return this.#submitAnswer(outcome, parsed.value.id);
  }

  lookup(id: Uint8Array): LookupAnswer {
    const leafIndex = this.#ledger.store.leaves.find(id);
    if (leafIndex === null) {
      const refusal = this.#ledger.store.fold.refusal(id);
      if (refusal) return { state: 'refused', code: refusal.code };
      return { state: this.#pipeline.intake.holds(id) ? 'running' : 'unknown' };
    }
    const receipt = this.#receipt(leafIndex);
    return receipt ? { state: 'receipted', receipt, leafIndex } : { state: 'running' };
  }

  statement(id: Uint8Array): StatementView | null {
    const { store, state } = this.#ledger;
    const leafIndex = store.leaves.find(id);
    const entry = leafIndex === null ? null : store.leaves.entry(leafIndex);
    if (leafIndex === null || !entry) return null;
    const content = store.leaves.content(leafIndex);
    const erased = state.erased.has(toHex(id));
    return { leafIndex, entry, content, erased, receivedMs: store.logTimeOf(leafIndex) };
  }

  evidence(id: Uint8Array): Uint8Array | null {
    const leafIndex = this.#ledger.store.leaves.find(id);
    return leafIndex === null ? null : this.evidenceAt(leafIndex);
  }

  evidenceAt(leafIndex: number): Uint8Array | null {
    return leafIndex >= this.#anchoredSize() ? null : this.#evidence(leafIndex);
  }

  statementIdAt(leafIndex: number): Uint8Array | null {
    const entry = this.#ledger.store.leaves.entry(leafIndex);
    const statement = entry ? parseStatement(entry) : null;
    return statement?.ok ? statement.value.id : null;
  }

  governance(fromLeaf: number, limit: number): GovernanceLeaf[] {
    return this.#ledger.store.fold.governanceFrom(fromLeaf, limit);
  }

  governanceLeaf(id: Uint8Array): GovernanceLeaf | null {
    const leafIndex = this.#ledger.store.leaves.find(id);
    if (leafIndex === null) return null;
    const [leaf] = this.#ledger.store.fold.governanceFrom(leafIndex, 1);
    return leaf?.leafIndex === leafIndex ? leaf : null;
  }

  health(): Health {
    const { trouble } = this.#pipeline.intake;
    return {
      ok: trouble === null,
      size: this.#ledger.state.size,
      committed: this.#ledger.state.size,
      anchoredSize: this.#anchoredSize(),
      oldestUnanchoredMs: this.#pipeline.unanchoredSinceMs(),
      details: {
        trouble,
        devices: this.#ledger.state.devices.size,
        garbageSamples: this.#pipeline.garbage.count,
        logTimeMs: this.#ledger.state.logTimeMs,
      },
    };
  }

  metrics(): Promise<string> {
    return this.#pipeline.metrics.registry.metrics();
  }

  #anchoredSize(): number {
    return this.#pipeline.anchor.newest?.size ?? 0;
  }

  #receipt(leafIndex: number): Uint8Array | null {
    const anchored = this.#pipeline.anchor.newest;
    const entry = this.#ledger.store.leaves.entry(leafIndex);
    if (!anchored || leafIndex >= anchored.size || !entry) return null;
    const statement = parseStatement(entry);
    if (!statement.ok) throw new Error(`leaf ${leafIndex}: ${statement.code}`);
    return this.#pipeline.issuer.issue(anchored, { index: leafIndex, sub: statement.value.sub });
  }

  async #submitGovernance(statement: Statement): Promise<SubmitAnswer> {
    if (this.#ledger.store.leaves.find(statement.id) !== null) return this.#known(statement.id);
    const retained = this.#retained(statement);
    if (retained) return { state: 'refused', code: retained.code, detail: retained.detail };
    try {
      const live = liveTimes(this.#ledger.state, this.#nowMs());
      const applied = await this.#ledger.govern(() => statement, live);
      if (!applied.ok && applied.code === 'pending') {
        return { state: 'busy', retryAfterS: BUSY_RETRY_AFTER_S };
      }
      if (!applied.ok) return { state: 'refused', code: applied.code, detail: applied.detail };
      this.#onGovernance(applied.value.keys);
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      return { state: 'busy', retryAfterS: BUSY_RETRY_AFTER_S };
    }
    return { state: 'accepted', id: statement.id };
  }

  /** An erasure is held to the retention term at this door too. */
  #retained(statement: Statement): Refused | null {
    if (governanceKind(statement) !== 'erasure') return null;
    const erasure = parseErasure(statement.payloadBytes);
    if (!erasure.ok) return null;
    const presentMs = Math.max(this.#nowMs(), this.#ledger.state.logTimeMs);
    for (const id of erasure.value.ids) {
      const refusal = retentionRefusal(this.#ledger, id, presentMs);
      if (refusal) return refusal;
    }
    return null;
  }

  #submitAnswer(outcome: Outcome, id: Uint8Array): SubmitAnswer {
    if (outcome.kind === 'queued') return { state: 'accepted', id };
    if (outcome.kind === 'accepted' || outcome.kind === 'duplicate') return this.#known(id);
    return { state: 'refused', code: outcome.code, detail: this.#refusalWords(outcome.code, id) };
  }

  /** A rule that keeps a statement out has a name, and somebody who answers for it. */
  #refusalWords(code: string, id: Uint8Array): string {
    const { store, state } = this.#ledger;
    const rules = code === 'rule' ? store.fold.rulingsOf(id) : [];
    const words = rules.map(({ rule, version }) => {
      const key = ruleKey({ id: rule, version });
      const named = state.membership?.law.rules.get(key)?.rule;
      return named
        ? `${key}: ${named.title}; responsible: ${responsibleWords(named.responsible)}`
        : key;
    });
    return [`statement ${toHex(id)}`, ...words].join('; ');
  }

  #known(id: Uint8Array): SubmitAnswer {
    const found = this.lookup(id);
    return found.state === 'receipted'
      ? { state: 'receipted', id, receipt: found.receipt }
      : { state: 'accepted', id };
  }
}

function withKid(key: CoseKey, kid: Uint8Array): Uint8Array {
  return encodeCbor(new Map([...coseKeyMap(key), [2, kid]]));
}

function isDiskTrouble(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(FULL|IOERR|BUSY)/.test(code);
}
