import {
  encodeBatch,
  type ListedRefusal,
  type Ruling,
} from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CalibrationRecord,
  encodeCalibrationRecord,
} from '@truegrain/device-sdk/formats/calibration-record.js';
import type { LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import {
  MEDIA_BATCH,
  MEDIA_CALIBRATION,
  MEDIA_ORDER,
  MEDIA_PROPOSAL,
  MEDIA_SEAL,
  MEDIA_TAP,
} from '@truegrain/device-sdk/formats/media-types.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { encodeOrder, type Order } from '@truegrain/device-sdk/formats/order.js';
import { type Change, encodeProposal } from '@truegrain/device-sdk/formats/proposal.js';
import type { Registration } from '@truegrain/device-sdk/formats/registration.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { encodeSeal, type Seal } from '@truegrain/device-sdk/formats/seal.js';
import { encodeTap } from '@truegrain/device-sdk/formats/tap.js';
import { factsOf } from '../../gateway/admit/check.ts';
import { applyBatch, expectedGrade } from '../../gateway/ledger/apply-batch.ts';
import { applyGovernance } from '../../gateway/ledger/apply-governance.ts';
import { editionOf } from '../../gateway/ledger/batch-law.ts';
import type { Facts } from '../../gateway/ledger/facts.ts';
import { packGrades } from '../../gateway/ledger/grade.ts';
import { Judge, type Verdict } from '../../gateway/ledger/judge.ts';
import { emptyState, type History, keyOf, type LedgerState } from '../../gateway/ledger/state.ts';
import { sampleCalibration } from './sample-calibration.ts';
import { PERSON, sampleLaw } from './sample-law.ts';
import { SampleLedger } from './sample-ledger.ts';
import {
  inline,
  type SampleDevice,
  sampleCharter,
  sampleMember,
  statementOf,
} from './sample-members.ts';
import { sampleRule } from './sample-rule.ts';

const NOTHING: History = { find: () => [] };
export const LOT = 'https://id.example/01/04012345678901';

/** `law`: false for a charter from before there was any. */
export interface LawRigOptions {
  readonly law?: Partial<LawTerms> | false;
  readonly registration?: Partial<Registration>;
}

/**
 * A state moved by signed statements alone: acme with gateway and device, bolt, and board, a
 * regulator that supervises everything. One member's word carries a rule that board approves.
 */
export class LawRig {
  readonly ledger: SampleLedger;
  readonly state: LedgerState = emptyState();
  readonly device: SampleDevice;

  constructor({ law = {}, registration = {} }: LawRigOptions = {}) {
    const names = ['acme', 'bolt', 'board'];
    const { founders } = sampleCharter(
      names.map((name) => sampleMember(name)),
      2,
    );
    const board = founders[2]!.iss;
    const own = sampleLaw(board);
    const supervisors = own.supervisors.map((one) => ({ ...one, sectors: [] }));
    this.ledger = new SampleLedger({
      members: names,
      quorum: 2,
      terms: {
        founders: [...founders.slice(0, 2), { ...founders[2]!, kind: 'regulator' }],
        law: law === false ? null : { ...own, supervisors, ...law },
      },
    });
    this.ledger.accept();
    this.device = this.ledger.device('1');
    this.ledger.register(this.device, registration);
    for (const entry of this.ledger.entries) this.#govern(entry);
  }

  #govern(entry: Uint8Array): void {
    const applied = applyGovernance(this.state, statementOf(entry));
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
  }

  /** Said by the member of that place; refused, it leaves the state as it was. */
  say(by: number, contentType: string, bytes: Uint8Array, sub?: string): string {
    const { member } = this.ledger.members[by]!;
    const before = { ...member };
    const leaf = this.ledger.govern(contentType, bytes, sub, by);
    const size = this.state.size;
    const done = applyGovernance(this.state, statementOf(this.ledger.entries[leaf]!));
    if (done.ok) return 'ok';
    if (this.state.size !== size) throw new Error('a refused statement moved the state');
    this.ledger.entries.pop();
    Object.assign(member, before);
    return done.code;
  }

  /** The board proposes, so nobody else has to approve. */
  enact(change: Change): void {
    const words = { logTimeMs: this.ledger.tick(), epoch: this.state.membership?.epoch ?? 0 };
    const proposal = encodeProposal({ ...words, reason: 'agreed', change });
    const code = this.say(2, MEDIA_PROPOSAL, proposal);
    if (code !== 'ok') throw new Error(code);
  }

  rule(changes: Partial<Rule> = {}): void {
    this.enact({ kind: 'rule', rule: sampleRule(changes) });
  }

  order(action: Order['action'], kind: Order['target']['kind'], id: string, by = 2): string {
    const words = { legalBasis: 'Act, § 3', official: PERSON, text: 'So ordered.' };
    const order = { logTimeMs: this.ledger.tick(), action, target: { kind, id }, ...words };
    return this.say(by, MEDIA_ORDER, encodeOrder(order));
  }

  calibrate(changes: Partial<CalibrationRecord> = {}): string {
    const logTimeMs = this.ledger.tick();
    const record = sampleCalibration({ logTimeMs, device: this.device.urn }, changes);
    return this.say(0, MEDIA_CALIBRATION, encodeCalibrationRecord(record), record.device);
  }

  tap(counter: number, subject = LOT): string {
    const uid = new Uint8Array(7).fill(4);
    const fields = { logTimeMs: this.ledger.tick(), subject, uid, counter, place: 'dock' };
    return this.say(0, MEDIA_TAP, encodeTap(fields), subject);
  }

  seal(at: Seal['at'], changes: Partial<Seal> = {}): string {
    const seal = { subject: LOT, number: 'H-1', sealClass: 'H' as const, photo: null };
    const logTimeMs = this.ledger.tick();
    return this.say(0, MEDIA_SEAL, encodeSeal({ logTimeMs, ...seal, at, ...changes }), LOT);
  }

  facts(values: readonly number[] = [4], device = this.device): Facts {
    const statement = statementOf(this.ledger.readings(device, values).bytes);
    const key = keyOf(this.state, device.key.signer.kid)!;
    return factsOf(statement, key, this.ledger.ledgerId);
  }

  judge(facts: Facts): Verdict {
    return new Judge(this.state, NOTHING, this.state.logTimeMs + 60_000).judge(facts);
  }

  /** What its next statement would be graded: origin, key, metrology, binding, flags in hexadecimal. */
  grade(logTimeMs?: number): string {
    const { urn, key } = this.device;
    const facts = this.facts([4], { urn, key: { ...key } });
    return toHex(this.#grades([facts], logTimeMs ?? this.ledger.tick()));
  }

  #grades(facts: readonly Facts[], logTimeMs: number): Uint8Array {
    const judge = new Judge(this.state, NOTHING, logTimeMs);
    const edition = editionOf(this.state);
    const grades = facts.map((one) => {
      const verdict = judge.judge(one);
      if (verdict.kind !== 'accept') return 0;
      return expectedGrade(this.state, judge, one, { verdict, logTimeMs, claimed: 0, edition });
    });
    return packGrades(grades);
  }

  /** A batch of acme's gateway, or of another's; a refused one takes no number. */
  batch(
    facts: readonly Facts[],
    changes: {
      edition?: number | null;
      rulings?: Ruling[];
      refusals?: ListedRefusal[];
      by?: number;
    } = {},
  ): string {
    const { gateway, iss } = this.ledger.members[changes.by ?? 0]!;
    const factsRoot = rootOf(facts.map(({ leafHash }) => leafHash));
    const logTimeMs = this.ledger.tick();
    const body = encodeBatch({
      count: facts.length,
      batchRoot: factsRoot,
      judgedAt: this.state.size,
      logTimeMs,
      grades: this.#grades(facts, logTimeMs),
      refusals: changes.refusals ?? [],
      edition: changes.edition === undefined ? editionOf(this.state) : changes.edition,
      rulings: changes.rulings ?? [],
    });
    const by = { ...gateway };
    const { ledgerName } = this.ledger.charter;
    const batch = statementOf(
      this.ledger.sign(by, iss, ledgerName, inline(MEDIA_BATCH, body)).bytes,
    );
    const { size } = this.state;
    const done = applyBatch(this.state, NOTHING, { facts: [...facts], factsRoot, batch });
    if (done.ok) Object.assign(gateway, { seq: batch.seq, prev: batch.id });
    else if (this.state.size !== size) throw new Error('a refused batch moved the state');
    return done.ok ? 'ok' : done.code;
  }
}
