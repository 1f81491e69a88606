import { encodeAnswer } from '../../device-sdk/formats/answer.ts';
import { encodeCalibrationRecord } from '../../device-sdk/formats/calibration-record.ts';
import { makeEnrolmentProof } from '../../device-sdk/formats/enrolment.ts';
import {
  MEDIA_ANSWER,
  MEDIA_CALIBRATION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
  MEDIA_REGISTRATION,
  MEDIA_TAP,
} from '../../device-sdk/formats/media-types.ts';
import { encodeOrder, type Order } from '../../device-sdk/formats/order.ts';
import { encodeProfileBinding } from '../../device-sdk/formats/profile-binding.ts';
import { type Change, encodeProposal } from '../../device-sdk/formats/proposal.ts';
import { encodeRegistration } from '../../device-sdk/formats/registration.ts';
import { encodeTap } from '../../device-sdk/formats/tap.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { Replay } from '../../gateway/ledger/replay.ts';
import { signGovernance } from '../../gateway/ledger/sign-governance.ts';
import { foundingEntries } from '../support/four-books.ts';
import { PERSON, sampleProfile } from '../support/sample-law.ts';
import { type SampleMember, sampleCharter, sampleMember } from '../support/sample-members.ts';
import { sampleRule } from '../support/sample-rule.ts';
import { fixedSigner, T0_MS, TEMPERATURE_SPEC } from '../support/solo-ledger.ts';
import { type Bench, type Row, row } from './bench.ts';

const STATEMENTS = 10_000;
const LIMIT_S = 5;
/** Few: whether a new key is of prime order costs each registration milliseconds, law or none. */
const DEVICES = 100;
const PROFILE = 'pharma';

/** A log of the law alone, as long as its members like to write; each entry was taken by the fold. */
class LawLog {
  readonly entries: Uint8Array[] = [];
  readonly #replay = new Replay({ history: { find: () => [] }, native: nativeVerify });
  readonly #members: SampleMember[];
  #logTimeMs = T0_MS;

  constructor() {
    this.#members = ['acme', 'bolt', 'crane', 'board'].map((name) => {
      const signer = fixedSigner(`${name} member`);
      return { ...sampleMember(name), member: { signer, seq: 0, prev: null } };
    });
    const charter = sampleCharter(this.#members, 3);
    const founders = charter.founders.map((founder) =>
      founder.name === 'board' ? { ...founder, kind: 'regulator' as const } : founder,
    );
    const entries = foundingEntries(this.#members, { ...charter, founders, ruleApprovals: 3 });
    for (const entry of entries) this.#push(entry);
  }

  get logTimeMs(): number {
    return this.#logTimeMs;
  }

  get ledgerId(): Uint8Array | null {
    return this.#replay.state.ledgerId;
  }

  /** The `i`-th member by name; the fourth is the board. */
  iss(i: number): string {
    return this.#members[i]?.iss ?? '';
  }

  say(by: number, contentType: string, bytes: Uint8Array, sub?: string): Uint8Array {
    const member = this.#members[by];
    if (!member) throw new Error(`no member ${by}`);
    const contents = { contentType, bytes, logTimeMs: this.#logTimeMs, ...(sub && { sub }) };
    const signer = { signer: member.member.signer, iss: member.iss };
    const { entry, id } = signGovernance(this.#replay.state, signer, contents);
    this.#push(entry);
    this.#logTimeMs += 1_000;
    return id;
  }

  /** Proposed by one participant, carried by the other two and the board. */
  enact(change: Change): void {
    const { logTimeMs } = this;
    const proposal = encodeProposal({ logTimeMs, epoch: 0, reason: 'bench', change });
    const proposalId = this.say(0, MEDIA_PROPOSAL, proposal);
    for (const by of [1, 3]) {
      const answer = { logTimeMs: this.logTimeMs, proposalId, answer: 'approve' as const };
      this.say(by, MEDIA_ANSWER, encodeAnswer({ ...answer, reason: '', textDigest: null }));
    }
  }

  #push(entry: Uint8Array): void {
    const pushed = this.#replay.push(entry);
    if (pushed.kind !== 'applied') throw new Error(JSON.stringify(pushed));
    this.entries.push(entry);
  }
}

const urn = (i: number) => `urn:dev:ops:32473-tg1-law${i}`;

function register(log: LawLog, i: number): void {
  const { logTimeMs, ledgerId } = log;
  const signer = fixedSigner(`law device ${i}`);
  const bytes = encodeRegistration({
    logTimeMs,
    device: urn(i),
    key: signer.key,
    proof: makeEnrolmentProof(signer, { device: urn(i), token: null, ledgerId }),
    owner: log.iss(i % 3),
    keyLevel: 'file',
    reportingIntervalS: 600,
    buildDateS: 0,
    sensors: [{ ...(TEMPERATURE_SPEC as never as object), serial: `SN-${i}` } as never],
    binding: 'none',
    subjects: null,
  });
  log.say(i % 3, MEDIA_REGISTRATION, bytes, urn(i));
}

function bind(log: LawLog, i: number): void {
  const bytes = encodeProfileBinding({
    logTimeMs: log.logTimeMs,
    device: urn(i),
    profile: PROFILE,
  });
  log.say(i % 3, MEDIA_PROFILE_BINDING, bytes, urn(i));
}

function order(log: LawLog, action: Order['action'], target: Order['target']): void {
  const words = { legalBasis: 'Act, § 3', official: PERSON, text: 'So ordered.' };
  log.say(3, MEDIA_ORDER, encodeOrder({ logTimeMs: log.logTimeMs, action, target, ...words }));
}

function calibrate(log: LawLog, i: number): void {
  const { logTimeMs } = log;
  const bytes = encodeCalibrationRecord({
    logTimeMs,
    device: urn(i),
    sensor: 'temp',
    certificate: `LAB-${i}`,
    digest: new Uint8Array(32).fill(i),
    serial: `SN-${i}`,
    laboratory: 'Laboratory',
    signature: 'verified',
    unit: 'Cel',
    min: -40,
    max: 85,
    uncertainty: 0.1,
    coverageFactor: 2,
    performedMs: T0_MS - 1,
    dueMs: T0_MS + 1,
  });
  log.say(i % 3, MEDIA_CALIBRATION, bytes, urn(i));
}

function tap(log: LawLog, i: number): void {
  const uid = new Uint8Array(7).fill(i & 255).fill(i >> 8, 0, 2);
  const subject = `https://id.example/lot-${i}`;
  const { logTimeMs } = log;
  const bytes = encodeTap({ logTimeMs, subject, uid, counter: i, place: 'dock' });
  log.say(i % 3, MEDIA_TAP, bytes, subject);
}

/** Registrations, then bindings, orders, rules with their answers, calibrations and taps by turns. */
function lawLog(statements: number): Uint8Array[] {
  const log = new LawLog();
  log.enact({ kind: 'profile', profile: sampleProfile() });
  for (let i = 0; i < DEVICES; i += 1) register(log, i);
  for (let i = 0; log.entries.length < statements; i += 1) {
    const device = i % DEVICES;
    bind(log, device);
    if (i % 2 === 0) bind(log, (device + 1) % DEVICES);
    order(log, 'suspend', { kind: 'device', id: urn(device) });
    order(log, 'reinstate', { kind: 'device', id: urn(device) });
    order(log, 'annotate', { kind: 'subject', id: `https://id.example/lot-${i}` });
    calibrate(log, device);
    tap(log, i);
    if (i % 3 === 0) log.enact({ kind: 'rule', rule: sampleRule({ id: `rule-${i}` }) });
  }
  return log.entries;
}

/** Every statement read, its signature verified and the whole law folded again, from the entries. */
async function run(): Promise<Row[]> {
  useNodeCrypto();
  const entries = lawLog(STATEMENTS);
  const started = performance.now();
  const replay = new Replay({ history: { find: () => [] }, native: nativeVerify });
  for (const entry of entries) {
    const pushed = replay.push(entry);
    if (pushed.kind !== 'applied') throw new Error(JSON.stringify(pushed));
  }
  const seconds = (performance.now() - started) / 1_000;
  return [row(`law-replay-${entries.length}`, seconds, 's', LIMIT_S)];
}

export const lawReplay: Bench[] = [{ name: 'law-replay', run }];
