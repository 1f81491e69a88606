import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import type { AllianceBackend } from '../../gateway/http/alliance-backend.ts';
import type {
  Backend,
  DeviceView,
  EnrolmentSpec,
  GovernanceLeaf,
  LookupAnswer,
  Reading,
  ReadingsQuery,
  RegisterRequest,
  RotateRequest,
  SubmitAnswer,
} from '../../gateway/http/backend.ts';
import type { FilingBackend } from '../../gateway/http/filing-backend.ts';
import type { HandoverBackend } from '../../gateway/http/handover-backend.ts';
import type { LawBackend } from '../../gateway/http/law-backend.ts';
import type { TraceBackend } from '../../gateway/http/trace-backend.ts';
import { FakeEpcis, fakeSubscriptions } from './fake-epcis.ts';

export const bytes32 = (fill: number) => new Uint8Array(32).fill(fill);

export const DEVICE = 'urn:dev:mac:0024befffe804ff1';
export const KID = bytes32(0xfb);
export const RECEIPTED = bytes32(1);
export const RUNNING = bytes32(2);
export const REFUSED = bytes32(3);
export const CHARTER = bytes32(4);
export const REGISTRATION = bytes32(5);
export const RECEIPT = new Uint8Array([0xd2, 0x84, 1, 2, 3]);
export const EVIDENCE = new Uint8Array([0xa1, 1, 1]);

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** No members here; the routes' own tests have a real ledger behind them. */
class FakeAlliance implements AllianceBackend {
  view() {
    return null;
  }
  own() {
    return { grants: [], node: null };
  }
  preview() {
    return NO_MEMBERS;
  }
  async propose() {
    return NO_MEMBERS;
  }
  async answer() {
    return NO_MEMBERS;
  }
  async except() {
    return NO_MEMBERS;
  }
  async depart() {
    return NO_MEMBERS;
  }
  async grant() {
    return NO_MEMBERS;
  }
}

/** No law either. */
class FakeLaw implements LawBackend {
  view() {
    return null;
  }
  registry() {
    return {
      bindings: [],
      calibrations: [],
      inspections: [],
      suspendedDevices: [],
      suspendedMembers: [],
    };
  }
  breaches() {
    return { breaches: [], next: null };
  }
  disagreements() {
    return [];
  }
  subject() {
    return null;
  }
  async say() {
    return NO_MEMBERS;
  }
  async calibrate() {
    return NO_MEMBERS;
  }
  async tap() {
    return NO_MEMBERS;
  }
  async examine() {
    return NO_MEMBERS;
  }
}

/** Nothing is known of anything. */
class FakeTrace implements TraceBackend {
  recall() {
    return NO_MEMBERS;
  }
  signRecall() {
    return new Uint8Array();
  }
  findings() {
    return { ok: true as const, value: { findings: [], next: null, end: '0.0' } };
  }
  onCommitted() {
    return () => {};
  }
  trace() {
    return NO_MEMBERS;
  }
  chart() {
    return NO_MEMBERS;
  }
  search() {
    return [];
  }
}

const NO_MEMBERS = { ok: false as const, code: 'not_found', detail: 'no members' };

/** A gateway in memory: fixed answers, knobs for the rest, and a record of what it was asked. */
export class FakeBackend implements Backend {
  alliance: AllianceBackend = new FakeAlliance();
  law: LawBackend = new FakeLaw();
  filing: FilingBackend = { sheet: () => null };
  epcis = new FakeEpcis();
  standing = fakeSubscriptions(this.epcis);
  /** What is under a checkpoint: events at a higher position have no evidence yet. */
  anchoredSize = Number.POSITIVE_INFINITY;
  handovers: HandoverBackend = {
    handovers: () => ({ ok: true, value: { handovers: [], next: null } }),
  };
  trace: TraceBackend = new FakeTrace();
  open = false;
  note: string | null = 'ledger.example/00\n1\nAAAA\n\n— ledger.example/00 AAAA\n';
  answer: SubmitAnswer = { state: 'accepted', id: RUNNING };
  submitted: { statement: Uint8Array; content: Uint8Array | null }[] = [];
  readingsTotal = 25;
  readingOf: (i: number) => Partial<Reading> = () => ({});
  pagesServed = 0;
  failAfterPages = Number.POSITIVE_INFINITY;
  queries: ReadingsQuery[] = [];
  registered: RegisterRequest[] = [];
  rotated: RotateRequest[] = [];
  revoked: { urn: string; kid: Uint8Array | null }[] = [];
  erased: (readonly Uint8Array[])[] = [];
  enrolments: EnrolmentSpec[] = [];
  healthy = true;
  bug: Error | null = null;

  origin() {
    return 'ledger.example/00';
  }
  ledgerId() {
    return bytes32(9);
  }
  entriesPublic() {
    return this.open;
  }
  checkpoint() {
    if (this.bug !== null) throw this.bug;
    return this.note;
  }
  tile(level: number, index: number, width: number) {
    return level === 0 && index <= 1_234_067 ? new Uint8Array(32 * width) : null;
  }
  entryBundle(index: number, width: number) {
    return index === 0 ? new Uint8Array([0, 1, width & 0xff]) : null;
  }
  keySet() {
    const coseKey = encodeCbor(
      new Map<number, number | Uint8Array>([
        [1, 1],
        [2, KID],
        [-1, 6],
        [-2, bytes32(7)],
      ]),
    );
    return [{ kid: KID, coseKey }];
  }
  async submit(statement: Uint8Array, content: Uint8Array | null) {
    this.submitted.push({ statement, content });
    return this.answer;
  }
  lookup(id: Uint8Array): LookupAnswer {
    if (same(id, RECEIPTED)) return { state: 'receipted', receipt: RECEIPT, leafIndex: 7 };
    if (same(id, RUNNING)) return { state: 'running' };
    if (same(id, REFUSED)) return { state: 'refused', code: 'fork' };
    return { state: 'unknown' };
  }
  statement(id: Uint8Array) {
    if (![RECEIPTED, CHARTER, REGISTRATION].some((known) => same(id, known))) return null;
    const [entry, content] = [new Uint8Array([0xd2]), new Uint8Array([0x81])];
    return { leafIndex: 7, entry, content, erased: false, receivedMs: 1_700_000_000_000 };
  }
  evidence(id: Uint8Array) {
    return this.statement(id) === null ? null : EVIDENCE;
  }
  evidenceAt(leafIndex: number) {
    return leafIndex < this.anchoredSize ? EVIDENCE : null;
  }
  statementIdAt(leafIndex: number) {
    return bytes32(leafIndex);
  }
  devices() {
    return [deviceFixture()];
  }
  device(urn: string) {
    return urn === DEVICE ? deviceFixture() : null;
  }
  completeness(urn: string) {
    if (urn !== DEVICE) return null;
    return {
      device: DEVICE,
      summary: ['complete from seq 1 to 90; nothing known after 2026-01-01T00:00:00Z'],
      streams: deviceFixture().streams,
      nothingKnownAfterMs: 1_767_225_600_000,
      silent: null,
    };
  }
  async readings(query: ReadingsQuery) {
    this.queries.push(query);
    if (this.pagesServed >= this.failAfterPages) throw new Error('SELECT secret FROM disk');
    const start = query.cursor === undefined ? 0 : Number(query.cursor);
    if (!Number.isSafeInteger(start)) {
      return { ok: false as const, code: 'bad_cursor', detail: 'The cursor is not ours.' };
    }
    this.pagesServed += 1;
    const end = Math.min(start + query.limit, this.readingsTotal);
    const rows = Array.from({ length: Math.max(0, end - start) }, (_, i) =>
      this.#reading(start + i),
    );
    return { ok: true as const, value: { rows, next: end < this.readingsTotal ? `${end}` : null } };
  }
  #reading(i: number): Reading {
    return {
      timeMs: 1_700_000_000_000 + i,
      device: DEVICE,
      subject: 'https://id.example/01/09520123456788/10/ABC',
      name: `${DEVICE}:t`,
      unit: 'Cel',
      value: i / 2,
      statementId: RECEIPTED,
      leafIndex: 7,
      seq: i + 1,
      flags: [],
      ...this.readingOf(i),
    };
  }
  async createEnrolment(spec: EnrolmentSpec) {
    this.enrolments.push(spec);
    return { ok: true as const, value: { token: 'once', expiresMs: 1_700_000_000_000 } };
  }
  async register(request: RegisterRequest) {
    this.registered.push(request);
    if (request.enrolmentToken !== 'once') {
      return { ok: false as const, code: 'enrolment_token', detail: 'unknown, used or expired' };
    }
    const value = {
      device: request.device,
      kid: KID,
      id: REGISTRATION,
      leafIndex: 8,
      logTimeMs: 1_700_000_000_000,
      ledgerId: bytes32(9),
      origin: this.origin(),
      policy: 'quorum none\n',
      mqtt: { url: null, username: request.device, password: 'p' },
    };
    return { ok: true as const, value };
  }
  async rotate(request: RotateRequest) {
    this.rotated.push(request);
    return { ok: true as const, value: { leafIndex: 9, id: bytes32(10) } };
  }
  async revoke(urn: string, kid: Uint8Array | null) {
    this.revoked.push({ urn, kid });
    if (urn !== DEVICE) return { ok: false as const, code: 'not_found', detail: 'no such device' };
    return { ok: true as const, value: { leafIndex: 10, id: bytes32(11) } };
  }
  async erase(ids: readonly Uint8Array[]) {
    this.erased.push(ids);
    if (ids.some((id) => same(id, CHARTER))) {
      return { ok: false as const, code: 'retained', detail: 'under retention' };
    }
    return { ok: true as const, value: { leafIndex: 11, id: bytes32(12) } };
  }
  governance(fromLeaf: number, limit: number) {
    return LEAVES.filter(({ leafIndex }) => leafIndex >= fromLeaf).slice(0, limit);
  }
  governanceLeaf(id: Uint8Array) {
    return LEAVES.find((leaf) => same(leaf.id, id)) ?? null;
  }
  health() {
    const oldestUnanchoredMs = null;
    const details = { mode: 'solo' };
    const sizes = { size: 12, committed: 12, anchoredSize: 12 };
    return { ok: this.healthy, ...sizes, oldestUnanchoredMs, details };
  }
  async metrics() {
    return '# HELP tg_size leaves\ntg_size 12\n';
  }
}

const LEAVES: GovernanceLeaf[] = [
  { kind: 'charter', leafIndex: 0, id: CHARTER, logTimeMs: 1 },
  { kind: 'registration', leafIndex: 1, id: REGISTRATION, logTimeMs: 2 },
];

function deviceFixture(): DeviceView {
  return {
    urn: DEVICE,
    owner: 'https://owner.example',
    status: 'active',
    keys: [{ kid: KID, status: 'active', fromLeaf: 1, untilLeaf: null }],
    sensors: [
      {
        name: 't',
        quantity: 'temperature',
        unit: 'Cel',
        min: -40,
        max: 85,
        resolution: 0.1,
        interface: 'simulated',
        calibration: { certificate: 'C-1', digest: bytes32(6), dueMs: 1_800_000_000_000 },
      },
    ],
    subjects: null,
    binding: 'none',
    keyLevel: 'file',
    reportingIntervalS: 60,
    streams: [{ kid: KID, from: 1, to: 90, gaps: [], lastSeenMs: 1_767_225_600_000 }],
    registrationLeaf: 1,
  };
}
