import { encodeAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCharter } from '@truegrain/device-sdk/formats/charter.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { encodeErasure } from '@truegrain/device-sdk/formats/erasure.js';
import {
  MEDIA_ACCEPTANCE,
  MEDIA_BATCH,
  MEDIA_CHARTER,
  MEDIA_ERASURE,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
} from '@truegrain/device-sdk/formats/media-types.js';
import { encodeRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { encodeRotation } from '@truegrain/device-sdk/formats/rotation.js';
import { describe, expect, test } from 'vitest';
import { applyGovernance } from '../../../gateway/ledger/apply-governance.ts';
import { liveTimes } from '../../../gateway/ledger/log-time.ts';
import { emptyState, type LedgerState } from '../../../gateway/ledger/state.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';
import { inline, sampleSigner, statementOf, stream } from '../../support/sample-members.ts';

/** The log's entries applied one by one; `next` is how the last of them was answered. */
function applied(ledger: SampleLedger, state: LedgerState = emptyState()): LedgerState {
  for (const entry of ledger.entries.slice(state.size)) {
    const done = applyGovernance(state, statementOf(entry));
    if (!done.ok) throw new Error(`leaf ${state.size}: ${done.code}: ${done.detail}`);
  }
  return state;
}

/** Answers the newest entry, which must leave the state alone; then takes it back. */
function refusalOf(ledger: SampleLedger, state: LedgerState): string {
  const before = structuredClone(state);
  const { member } = ledger.members[0]!;
  const done = applyGovernance(state, statementOf(ledger.entries.pop()!));
  expect(state).toEqual(before);
  // A refused statement took a number of the sample's own count: give it back.
  const tip = state.streams.get(state.keyByKid.get(toHex(member.signer.kid))?.no ?? -1);
  Object.assign(member, { seq: tip?.maxSeq ?? 0, prev: tip?.tipId ?? null });
  return done.ok ? 'ok' : done.code;
}

describe('charter', () => {
  test('leaf 0 names the ledger and registers every key of its founders', () => {
    const ledger = new SampleLedger({ members: ['acme', 'bolt'] });
    const state = applied(ledger);
    expect(state).toMatchObject({
      size: 1,
      ledgerId: ledger.ledgerId,
      charterId: ledger.charterId,
    });
    expect(state.keys.map(({ role }) => role)).toEqual(
      [1, 2].flatMap(() => ['member', 'log', 'cosigner', 'node', 'gateway']),
    );
    expect([...state.awaiting]).toEqual(['https://bolt.example']);
  });

  test('is signed by the convener’s member key', () => {
    const forged = new SampleLedger({ charterBy: sampleSigner('stranger') });
    expect(refusalOf(forged, emptyState())).toBe('not_allowed');
    const ledger = new SampleLedger();
    const entry = ledger.entries[0]!.slice();
    entry[entry.length - 1]! ^= 1;
    const done = applyGovernance(emptyState(), statementOf(entry));
    expect(done).toMatchObject({ ok: false, code: 'bad_signature' });
  });

  test('comes once, and first', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    ledger.govern(MEDIA_CHARTER, encodeCharter(ledger.charter));
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    ledger.register(ledger.device('1'));
    expect(refusalOf(ledger, emptyState())).toBe('not_a_member');
  });
});

describe('acceptances', () => {
  test('nothing else is valid until the last of them', () => {
    const ledger = new SampleLedger({ members: ['acme', 'bolt', 'corn'] });
    const state = applied(ledger);
    const device = ledger.device('1');
    ledger.register(device);
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    ledger.accept('bolt');
    applied(ledger, state);
    ledger.register(device);
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    ledger.accept('corn');
    ledger.register(device);
    applied(ledger, state);
    expect(state).toMatchObject({ size: 4, awaiting: new Set() });
    expect(state.devices.size).toBe(1);
  });

  test('of another charter, of the convener, twice', () => {
    const ledger = new SampleLedger({ members: ['acme', 'bolt'] });
    const state = applied(ledger);
    const accept = (charterId: Uint8Array, by = 0) =>
      ledger.govern(
        MEDIA_ACCEPTANCE,
        encodeAcceptance({ logTimeMs: ledger.tick(), charterId }),
        undefined,
        by,
      );
    accept(ledger.charterId);
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    const bolt = ledger.members[1]!.member;
    const fresh = { ...bolt };
    accept(new Uint8Array(32), 1);
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    Object.assign(bolt, fresh);
    accept(ledger.charterId, 1);
    applied(ledger, state);
    accept(ledger.charterId, 1);
    expect(refusalOf(ledger, state)).toBe('not_allowed');
  });
});

describe('registration', () => {
  test('a key is registered once for ever, by anybody, for anything', () => {
    const ledger = new SampleLedger();
    const device = ledger.device('1');
    ledger.register(device);
    ledger.revoke(device);
    const state = applied(ledger);
    ledger.register(device);
    expect(refusalOf(ledger, state)).toBe('key_in_use');
    ledger.register({ urn: 'urn:dev:ops:32473-tg1-other', key: device.key });
    expect(refusalOf(ledger, state)).toBe('key_in_use');
    ledger.register({ urn: 'urn:dev:ops:32473-tg1-other', key: ledger.members[0]!.gateway });
    expect(refusalOf(ledger, state)).toBe('key_in_use');
    ledger.register({ ...device, key: stream('another') });
    applied(ledger, state);
    expect(state.keys.filter(({ iss }) => iss === device.urn).map((k) => k.status)).toEqual([
      'revoked',
      'active',
    ]);
  });

  test('one active key a device', () => {
    const ledger = new SampleLedger();
    const device = ledger.device('1');
    ledger.register(device);
    const state = applied(ledger);
    ledger.register({ ...device, key: stream('another') });
    expect(refusalOf(ledger, state)).toBe('device_exists');
  });

  test('a proof of possession by the key itself, for this device and ledger', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    const device = ledger.device('1');
    const { signer } = device.key;
    const { urn } = device;
    const { ledgerId } = ledger;
    const token = new Uint8Array(32);
    const proofs = [
      makeEnrolmentProof(sampleSigner('thief'), { device: urn, token, ledgerId, key: signer.key }),
      makeEnrolmentProof(signer, { device: `${urn}x`, token, ledgerId }),
      makeEnrolmentProof(signer, { device: urn, token, ledgerId: new Uint8Array(32) }),
      makeEnrolmentProof(signer, { device: urn, token, ledgerId: null }),
      new Uint8Array(9),
    ];
    for (const proof of proofs) {
      ledger.register(device, { proof });
      expect(refusalOf(ledger, state)).toBe('proof');
    }
  });

  test('its owner signs, its subject is the device', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    ledger.register(ledger.device('1'), { owner: 'https://other.example' });
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    ledger.register(ledger.device('1'), { device: 'urn:dev:ops:32473-tg1-2' });
    expect(refusalOf(ledger, state)).toBe('not_allowed');
  });
});

describe('rotation and revocation', () => {
  function registered() {
    const ledger = new SampleLedger();
    const device = ledger.device('1');
    const first = device.key;
    ledger.register(device);
    return { ledger, device, first, state: applied(ledger) };
  }
  function rotate(
    { ledger, device, first }: ReturnType<typeof registered>,
    proof: { of?: string; byOld?: string | null; sub?: string },
  ) {
    const next = sampleSigner('next');
    const { urn } = device;
    const request = { device: urn, token: null, ledgerId: ledger.ledgerId, key: next.key };
    const old = proof.byOld === undefined ? first.signer : sampleSigner(proof.byOld ?? '');
    const bytes = encodeRotation({
      logTimeMs: ledger.tick(),
      device: urn,
      oldKid: first.signer.kid,
      newKey: next.key,
      proofNew: makeEnrolmentProof(proof.of ? sampleSigner(proof.of) : next, request),
      proofOld: proof.byOld === null ? null : makeEnrolmentProof(old, request),
      reason: 'test',
    });
    ledger.govern(MEDIA_ROTATION, bytes, proof.sub ?? urn);
  }

  test('both keys sign, or the owner forces it', () => {
    for (const byOld of [undefined, null] as const) {
      const at = registered();
      rotate(at, byOld === null ? { byOld } : {});
      applied(at.ledger, at.state);
      const keys = at.state.keys.filter(({ role }) => role === 'device');
      expect(keys).toMatchObject([
        { status: 'retired', fromLeaf: 1, untilLeaf: 2 },
        { status: 'active', fromLeaf: 2, untilLeaf: null },
      ]);
    }
  });

  test.each([
    ['a new key that did not sign', { of: 'thief' }, 'proof'],
    ['an old key that did not sign', { byOld: 'thief' }, 'proof'],
    ['another subject', { sub: 'urn:dev:ops:32473-tg1-2' }, 'not_allowed'],
  ])('%s', (_name, proof, code) => {
    const at = registered();
    rotate(at, proof);
    expect(refusalOf(at.ledger, at.state)).toBe(code);
  });

  test('a retired key is rotated no more, a revoked one stays revoked', () => {
    const at = registered();
    at.ledger.rotate(at.device);
    applied(at.ledger, at.state);
    rotate(at, {});
    expect(refusalOf(at.ledger, at.state)).toBe('not_allowed');
    at.ledger.revoke(at.device);
    applied(at.ledger, at.state);
    const keys = at.state.keys.filter(({ role }) => role === 'device');
    expect(keys).toMatchObject([
      { status: 'revoked', untilLeaf: 2 },
      { status: 'revoked', untilLeaf: 3 },
    ]);
    at.ledger.revoke(at.device);
    expect(refusalOf(at.ledger, at.state)).toBe('device_unknown');
  });

  test('by its kid one key alone', () => {
    const at = registered();
    at.ledger.rotate(at.device);
    at.ledger.revoke(at.device, at.first.signer.kid);
    applied(at.ledger, at.state);
    const keys = at.state.keys.filter(({ role }) => role === 'device');
    expect(keys.map(({ status }) => status)).toEqual(['revoked', 'active']);
    const bytes = encodeRevocation({
      logTimeMs: at.ledger.tick(),
      device: at.device.urn,
      kid: new Uint8Array(32),
      reason: 'no such key',
    });
    at.ledger.govern(MEDIA_REVOCATION, bytes, at.device.urn);
    expect(refusalOf(at.ledger, at.state)).toBe('device_unknown');
  });

  test('by nobody but the owner', () => {
    const ledger = new SampleLedger({ members: ['acme', 'bolt'] });
    ledger.accept();
    const device = ledger.device('1');
    ledger.register(device);
    const state = applied(ledger);
    const bytes = encodeRevocation({
      logTimeMs: ledger.tick(),
      device: device.urn,
      kid: null,
      reason: 'envy',
    });
    ledger.govern(MEDIA_REVOCATION, bytes, device.urn, 1);
    expect(refusalOf(ledger, state)).toBe('device_unknown');
  });
});

describe('any governance statement', () => {
  const erase = (ledger: SampleLedger, changes: { logTimeMs?: number; sub?: string } = {}) =>
    ledger.govern(
      MEDIA_ERASURE,
      encodeErasure({
        logTimeMs: changes.logTimeMs ?? ledger.tick(),
        ids: [new Uint8Array(32)],
        basis: 'law',
        reason: 'asked',
      }),
      changes.sub,
    );

  test('moves size, log time and its signer’s stream', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    const logTimeMs = ledger.tick();
    erase(ledger, { logTimeMs });
    applied(ledger, state);
    expect(state).toMatchObject({ size: 2, logTimeMs });
    expect(state.erased.size).toBe(1);
    const { seq, prev } = ledger.members[0]!.member;
    expect(state.streams.get(0)).toMatchObject({ maxSeq: seq, tipId: prev, missing: 0 });
  });

  test('log time does not run backwards', () => {
    const ledger = new SampleLedger();
    erase(ledger);
    const state = applied(ledger);
    erase(ledger, { logTimeMs: state.logTimeMs - 1 });
    expect(refusalOf(ledger, state)).toBe('log_time');
    erase(ledger, { logTimeMs: state.logTimeMs });
    applied(ledger, state);
  });

  test.each([
    [-60_001, 'log_time'],
    [-60_000, 'ok'],
    [60_000, 'ok'],
    [60_001, 'log_time'],
  ])('new and %i ms from the present', (offMs, code) => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    const nowMs = state.logTimeMs + 3_600_000;
    erase(ledger, { logTimeMs: nowMs + offMs });
    const entry = statementOf(ledger.entries.at(-1)!);
    const done = applyGovernance(state, entry, undefined, liveTimes(state, nowMs));
    expect(done.ok ? 'ok' : done.code).toBe(code);
  });

  test('has the next number of its signer and names the one before', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    const { member } = ledger.members[0]!;
    const changes = [{ seq: member.seq + 1 }, { seq: 0, prev: null }, { prev: new Uint8Array(32) }];
    for (const change of changes) {
      Object.assign(member, change);
      erase(ledger);
      expect(refusalOf(ledger, state)).toBe('seq');
    }
  });

  test('is of this ledger, signed by a member key, under its own subject', () => {
    const ledger = new SampleLedger();
    const state = applied(ledger);
    erase(ledger, { sub: 'another ledger' });
    expect(refusalOf(ledger, state)).toBe('not_allowed');
    const { member, gateway, iss } = ledger.members[0]!;
    const content = inline(
      MEDIA_ERASURE,
      encodeErasure({
        logTimeMs: ledger.tick(),
        ids: [member.signer.kid],
        basis: 'b',
        reason: 'r',
      }),
    );
    const { ledgerName } = ledger.charter;
    const attempts: [string, ReturnType<SampleLedger['sign']>][] = [
      ['not_allowed', ledger.sign({ ...gateway }, iss, ledgerName, content)],
      ['not_allowed', ledger.sign({ ...member }, 'https://x.example', ledgerName, content)],
      ['seq', ledger.sign({ ...member }, iss, ledgerName, content, new Uint8Array(32))],
      [
        'malformed',
        ledger.sign({ ...member }, iss, ledgerName, inline(MEDIA_BATCH, new Uint8Array(1))),
      ],
      [
        'malformed',
        ledger.sign({ ...member }, iss, ledgerName, inline(MEDIA_ERASURE, new Uint8Array(1))),
      ],
    ];
    for (const [code, { bytes }] of attempts) {
      ledger.append(bytes);
      expect(refusalOf(ledger, state)).toBe(code);
    }
    const forged = ledger.sign({ ...member }, iss, ledgerName, content).bytes;
    forged[forged.length - 1]! ^= 1;
    ledger.append(forged);
    expect(refusalOf(ledger, state)).toBe('bad_signature');
  });
});
