import {
  encodeBatch,
  type ListedRefusal,
  type Ruling,
} from '@truegrain/device-sdk/formats/batch.js';
import { encodeGrades } from '@truegrain/device-sdk/formats/grade.js';
import { MEDIA_BATCH, MEDIA_ERASURE } from '@truegrain/device-sdk/formats/media-types.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../../gateway/admit/check.ts';
import { applyBatch } from '../../../gateway/ledger/apply-batch.ts';
import { applyGovernance } from '../../../gateway/ledger/apply-governance.ts';
import type { Facts } from '../../../gateway/ledger/facts.ts';
import { gradeOf, packGrades } from '../../../gateway/ledger/grade.ts';
import {
  emptyState,
  type History,
  keyOf,
  type LedgerState,
} from '../../../gateway/ledger/state.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';
import {
  inline,
  PLAIN_GRADE,
  type SampleDevice,
  type SampleSigner,
  statementOf,
  T0_MS,
} from '../../support/sample-members.ts';

const NOTHING: History = { find: () => [] };
const PLAIN = encodeGrades([PLAIN_GRADE]);

class Rig {
  readonly ledger: SampleLedger;
  readonly state: LedgerState = emptyState();
  readonly device: SampleDevice;
  readonly gateway: SampleSigner;

  constructor(members: string[] = ['acme'], { accepted = true } = {}) {
    this.ledger = new SampleLedger({ members });
    this.gateway = this.ledger.members[0]!.gateway;
    this.device = this.ledger.device('1');
    if (accepted) {
      this.ledger.accept();
      this.ledger.register(this.device);
    }
    for (const entry of this.ledger.entries) this.govern(entry);
  }

  govern(entry: Uint8Array): void {
    const applied = applyGovernance(this.state, statementOf(entry));
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
  }

  facts(values: readonly number[] = [4], options: { sub?: string } = {}): Facts {
    const statement = statementOf(this.ledger.readings(this.device, values, options).bytes);
    const key = keyOf(this.state, this.device.key.signer.kid)!;
    return factsOf(statement, key, this.ledger.ledgerId);
  }

  /** A batch statement of the gateway; a refused one takes no number. */
  apply(
    facts: Facts[],
    changes: {
      count?: number;
      batchRoot?: Uint8Array;
      judgedAt?: number;
      logTimeMs?: number;
      grades?: Uint8Array;
      refusals?: ListedRefusal[];
      edition?: number | null;
      rulings?: Ruling[];
      by?: SampleSigner;
      iss?: string;
      sub?: string;
      type?: string;
      history?: History;
    } = {},
  ): string {
    const factsRoot = rootOf(facts.map(({ leafHash }) => leafHash));
    const {
      by = { ...this.gateway },
      iss = this.ledger.members[0]!.iss,
      type = MEDIA_BATCH,
    } = changes;
    const body = encodeBatch({
      count: changes.count ?? facts.length,
      batchRoot: changes.batchRoot ?? factsRoot,
      judgedAt: changes.judgedAt ?? this.state.size,
      logTimeMs: changes.logTimeMs ?? this.ledger.tick(),
      grades: changes.grades ?? Uint8Array.from(facts.flatMap(() => [...PLAIN])),
      refusals: changes.refusals ?? [],
      edition: changes.edition ?? null,
      rulings: changes.rulings ?? [],
    });
    const sub = changes.sub ?? this.ledger.charter.ledgerName;
    const batch = statementOf(this.ledger.sign(by, iss, sub, inline(type, body)).bytes);
    const before = structuredClone(this.state);
    const done = applyBatch(this.state, changes.history ?? NOTHING, { facts, factsRoot, batch });
    if (done.ok) Object.assign(this.gateway, { seq: batch.seq, prev: batch.id });
    else expect(this.state).toEqual(before);
    return done.ok ? 'ok' : done.code;
  }
}

describe('a batch that is as forecast', () => {
  test('moves state, streams and log time past its own leaf', () => {
    const rig = new Rig();
    const { size } = rig.state;
    const facts = [rig.facts(), rig.facts()];
    const logTimeMs = rig.ledger.tick();
    expect(rig.apply(facts, { logTimeMs })).toBe('ok');
    expect(rig.state).toMatchObject({ size: size + 3, logTimeMs });
    const { no } = keyOf(rig.state, rig.device.key.signer.kid)!;
    expect(rig.state.streams.get(no)).toMatchObject({
      maxSeq: 2,
      missing: 0,
      lastLogTimeMs: logTimeMs,
    });
    const gateway = keyOf(rig.state, rig.gateway.signer.kid)!;
    expect(rig.state.streams.get(gateway.no)).toMatchObject({ maxSeq: 1, tipId: rig.gateway.prev });
  });

  test('may list refusals alone', () => {
    const rig = new Rig();
    const refusals = [{ id: new Uint8Array(32), code: 'range' as const }];
    expect(rig.apply([], { refusals })).toBe('ok');
    expect(rig.apply([])).toBe('malformed');
  });

  test('is judged at its own position, wherever the forecast was made', () => {
    const rig = new Rig();
    expect(rig.apply([rig.facts()], { judgedAt: 0 })).toBe('ok');
    expect(rig.apply([rig.facts()], { judgedAt: rig.state.size + 1 })).toBe('stale_batch');
  });
});

describe('stale', () => {
  test('a duplicate, a broken link, a revoked key, with the old date of a time when it was good', () => {
    const rig = new Rig();
    const first = rig.facts();
    const second = rig.facts();
    expect(rig.apply([first, first])).toBe('stale_batch');
    expect(rig.apply([first])).toBe('ok');
    const history: History = {
      find: (_key, seq) => (seq === 1 ? [{ ...first, leafIndex: 2 }] : []),
    };
    expect(rig.apply([first], { history })).toBe('stale_batch');
    expect(rig.apply([{ ...second, prev: new Uint8Array(32) }])).toBe('stale_batch');
    const size = rig.ledger.revoke(rig.device);
    rig.govern(rig.ledger.entries[size]!);
    expect(rig.apply([second], { logTimeMs: rig.state.logTimeMs })).toBe('stale_batch');
  });

  test('a grade that the state does not give; the suspect flag is the gateway’s word', () => {
    const rig = new Rig();
    const facts = rig.facts();
    const grade = (change: object) => encodeGrades([{ ...PLAIN_GRADE, ...change }]);
    for (const change of [
      { origin: 3 },
      { key: 2 },
      { metrology: 2 },
      { binding: 0 },
      { late: true },
    ]) {
      expect(rig.apply([facts], { grades: grade(change) })).toBe('stale_batch');
    }
    expect(rig.apply([facts], { grades: grade({ suspectReading: true }) })).toBe('ok');
  });
});

describe('refused', () => {
  test('by a key that is no active gateway key, or under another name', () => {
    const rig = new Rig(['acme', 'bolt']);
    const facts = [rig.facts()];
    const { member, iss } = rig.ledger.members[0]!;
    expect(rig.apply(facts, { by: { ...member } })).toBe('not_allowed');
    expect(rig.apply(facts, { by: { ...rig.device.key } })).toBe('not_allowed');
    expect(rig.apply(facts, { iss: 'https://bolt.example' })).toBe('not_allowed');
    expect(rig.apply(facts, { sub: 'elsewhere' })).toBe('not_allowed');
    expect(rig.apply(facts, { iss })).toBe('ok');
  });

  test('out of the gateway’s own sequence', () => {
    const rig = new Rig();
    const facts = [rig.facts()];
    const { signer, seq, prev } = rig.gateway;
    expect(rig.apply(facts, { by: { signer, seq: seq + 1, prev: signer.kid } })).toBe('seq');
    expect(rig.apply(facts)).toBe('ok');
    expect(rig.apply([rig.facts()], { by: { signer, seq, prev } })).toBe('seq');
    expect(rig.apply([rig.facts()], { by: { signer, seq: 1, prev: signer.kid } })).toBe('seq');
  });

  test('another root or count', () => {
    const rig = new Rig();
    const facts = [rig.facts()];
    expect(rig.apply(facts, { batchRoot: new Uint8Array(32) })).toBe('batch_root');
    const grades = Uint8Array.from([...PLAIN, ...PLAIN]);
    expect(rig.apply(facts, { count: 2, grades })).toBe('batch_root');
    expect(rig.apply(facts, { grades })).toBe('malformed');
  });

  test('another content type, even around a batch', () => {
    const rig = new Rig();
    expect(rig.apply([rig.facts()], { type: MEDIA_ERASURE })).toBe('malformed');
  });

  test('log time backwards', () => {
    const rig = new Rig();
    const facts = [rig.facts()];
    expect(rig.apply(facts, { logTimeMs: rig.state.logTimeMs - 1 })).toBe('log_time');
    expect(rig.apply(facts, { logTimeMs: T0_MS + 3_600_000 })).toBe('ok');
  });

  test('more than 512 KiB', () => {
    const rig = new Rig();
    const facts = Array.from({ length: 90 }, () => ({
      ...rig.facts(),
      entry: new Uint8Array(6_000),
    }));
    expect(rig.apply(facts)).toBe('too_large');
    expect(rig.apply(facts.slice(0, 80))).toBe('ok');
  });

  test('before the founders have accepted, be it a batch of refusals', () => {
    const rig = new Rig(['acme', 'bolt'], { accepted: false });
    const refusals = [{ id: new Uint8Array(32), code: 'range' as const }];
    expect(rig.apply([], { refusals })).toBe('not_allowed');
  });
});

test('grades: what the registration gives, what caps it', () => {
  const rig = new Rig();
  const device = rig.state.devices.get(rig.device.urn)!;
  const input = {
    device,
    logTimeMs: T0_MS,
    quality: 3,
    late: false,
    forked: false,
    gapBefore: false,
    suspect: false,
    subject: 'urn:example:lot-1',
    law: null,
  };
  const hex = (changes: object) =>
    Buffer.from(packGrades([gradeOf({ ...input, ...changes })])).toString('hex');
  expect(hex({})).toBe('211100');
  expect(hex({ late: true, gapBefore: true, suspect: true, quality: 1 })).toBe('21111d');
  expect(hex({ forked: true })).toBe('000002');
  const calibration = { certificate: 'c', digest: new Uint8Array(32), dueMs: T0_MS };
  const calibrated = { ...device, sensors: [{ ...device.sensors[0]!, calibration }] };
  expect(hex({ device: calibrated })).toBe('212100');
  expect(hex({ device: calibrated, logTimeMs: T0_MS + 1 })).toBe('211120');
  const mixed = {
    ...calibrated,
    sensors: [...calibrated.sensors, { ...device.sensors[0]!, interface: 'simulated' as const }],
  };
  expect(hex({ device: mixed })).toBe('011100');
});
