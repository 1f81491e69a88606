import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CharterError, createCharter } from '../../gateway/genesis.ts';
import { checkCredential } from '../../gateway/ingest/credentials.ts';
import { AllianceLedger } from '../../gateway/ledger/cometbft/alliance-ledger.ts';
import type { CometLedger } from '../../gateway/ledger/cometbft/comet-ledger.ts';
import type { Courier } from '../../gateway/ledger/cometbft/courier.ts';
import { liveTimes } from '../../gateway/ledger/log-time.ts';
import { rotateDevice, rotation } from '../support/rotate-device.ts';
import {
  fixedSigner,
  MEMBER_ISS,
  SoloRig,
  T0_MS,
  type TestDevice,
} from '../support/solo-ledger.ts';

const DAY_MS = 86_400_000;

let rig: SoloRig;
beforeEach(() => {
  rig = new SoloRig();
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

async function tokenFor(device: TestDevice): Promise<string> {
  const enrolment = await rig.registrar.createEnrolment(rig.spec(device));
  if (!enrolment.ok) throw new Error(enrolment.detail);
  return enrolment.value.token;
}

const refusedAs = (code: string) => ({ ok: false, code });

function mayConnect(device: TestDevice, password: string): boolean {
  const connect = { clientId: device.urn, username: device.urn, password: utf8(password) };
  return checkCredential(rig.local, connect) !== null;
}

async function registered(device: TestDevice, token: string, signer = device.signer) {
  const outcome = await rig.registrar.register(rig.request(device, token, signer));
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome.value;
}

describe('enrolment', () => {
  test('token → registration in the log → all a device needs to start', async () => {
    const device = rig.device('1', -7);
    const answer = await registered(device, await tokenFor(device));
    expect(answer).toMatchObject({
      device: device.urn,
      kid: device.signer.kid,
      leafIndex: 1,
      logTimeMs: T0_MS,
      origin: rig.origin,
      mqtt: { url: 'mqtt://gateway.example:1883', username: device.urn },
    });
    expect(toHex(answer.ledgerId)).toBe(toHex(rig.ledgerId));
    expect(mayConnect(device, answer.mqtt!.password)).toBe(true);
    expect(mayConnect(device, `${answer.mqtt!.password.slice(0, -1)}_`)).toBe(false);
    const { store, state } = rig.ledger;
    expect(store.leaves.find(answer.id)).toBe(1);
    expect(state.devices.get(device.urn)).toMatchObject({
      owner: MEMBER_ISS,
      reportingIntervalS: 600,
      buildDateS: 1_760_000_000,
    });
    expect(rig.changed.map(({ iss }) => iss)).toEqual([device.urn]);
    expect(rig.commit(rig.temperatures(device, T0_MS, [1]))[0]!.kind).toBe('accepted');
  });

  test('dated again where the first date was that of a wrong clock, before any block', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const sent: number[] = [];
    // A chain that takes the present alone, and tells it with its first answer.
    const deliver = async (bytes: Uint8Array) => {
      const tx = parseLedgerTx(bytes);
      if (!tx.ok || tx.value.kind !== 'governance') throw new Error('not governance');
      const statement = parseStatement(tx.value.entry);
      if (!statement.ok) throw new Error(statement.detail);
      sent.push(rig.nowMs);
      const applied = rig.ledger.commitGovernance(
        statement.value,
        liveTimes(rig.ledger.state, T0_MS),
      );
      rig.nowMs = T0_MS;
      return applied.ok ? { ok: true, applied: applied.value, height: 1 } : applied;
    };
    const comet = rig.ledger as unknown as CometLedger;
    const ledger = new AllianceLedger({ comet, courier: { deliver } as unknown as Courier });
    rig.nowMs = T0_MS + 300_000;
    const answer = await rig.newRegistrar(ledger).register(rig.request(device, token));
    expect(answer).toMatchObject({ ok: true, value: { leafIndex: 1, logTimeMs: T0_MS } });
    expect(sent).toEqual([T0_MS + 300_000, T0_MS]);
  });

  test('a chain that can not take it now is busy, and the token is not spent', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const deliver = async () => ({ ok: false, code: 'unreachable', detail: 'the engine is down' });
    const comet = rig.ledger as unknown as CometLedger;
    const ledger = new AllianceLedger({ comet, courier: { deliver } as unknown as Courier });
    const answer = await rig.newRegistrar(ledger).register(rig.request(device, token));
    expect(answer).toMatchObject({ ok: false, code: 'busy', detail: 'the engine is down' });
    expect(await rig.registrar.register(rig.request(device, token))).toMatchObject({ ok: true });
  });

  test('neither token nor password is in the store', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const { mqtt } = await registered(device, token);
    const tables = ['enrolment', 'credential'];
    const rows = tables.flatMap((table) =>
      rig.ledger.store.db.prepare(`SELECT * FROM ${table}`).all(),
    );
    const kept = rows.flatMap((row) => Object.values(row as object)).map(String);
    expect(kept.join('\n')).not.toContain(token.slice(4));
    expect(kept.join('\n')).not.toContain(mqtt!.password);
  });

  test.each([
    ['sensor name', { sensors: [{ ...specSensor(), name: 'a/b' }] }],
    ['sensor unit', { sensors: [{ ...specSensor(), unit: 'degC' }] }],
    ['range upside down', { sensors: [{ ...specSensor(), min: 5, max: 1 }] }],
    ['binding', { binding: 'glue' }],
    ['key level', { keyLevel: 'certified' }],
    ['no sensors', { sensors: [] }],
    ['interval', { reportingIntervalS: 32 * 86_400 }],
    ['device', { device: 'urn:dev:ops:x' }],
    [
      'more than an entry holds',
      { subjects: Array.from({ length: 64 }, (_, i) => `urn:${i}:${'x'.repeat(1_000)}`) },
    ],
  ])('a wrong spec is refused to who wrote it: %s', async (_name, changes) => {
    const spec = rig.spec(rig.device('1'), changes);
    expect(await rig.registrar.createEnrolment(spec)).toMatchObject(refusedAs('invalid_request'));
  });

  test('tokens: unknown, of another device, expired', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const other = rig.device('2');
    for (const request of [rig.request(device, 'tge_guess'), rig.request(other, token)]) {
      expect(await rig.registrar.register(request)).toMatchObject(refusedAs('enrolment_token'));
    }
    rig.nowMs += 3_600_000;
    const late = rig.request(device, token);
    expect(await rig.registrar.register(late)).toMatchObject(refusedAs('enrolment_token'));
    expect(rig.ledger.state.size).toBe(1);
  });

  test('a spent token serves its own key once more for ten minutes, and no other key', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const first = await registered(device, token);
    const stranger = rig.request(device, token, fixedSigner('stranger'));
    expect(await rig.registrar.register(stranger)).toMatchObject(refusedAs('enrolment_token'));
    const again = await registered(device, token);
    expect(again).toMatchObject({ leafIndex: 1, id: first.id });
    expect(mayConnect(device, first.mqtt!.password)).toBe(false);
    expect(mayConnect(device, again.mqtt!.password)).toBe(true);
    rig.nowMs += 10 * 60_000;
    const late = rig.request(device, token);
    expect(await rig.registrar.register(late)).toMatchObject(refusedAs('enrolment_token'));
    expect(rig.ledger.state.size).toBe(2);
  });

  test('a crash between the COMMIT of the registration and the token: the device tries again', async () => {
    const device = rig.device('1');
    const token = await tokenFor(device);
    const request = rig.request(device, token);
    rig.ledger.store.db.exec(
      `CREATE TRIGGER crash BEFORE INSERT ON credential BEGIN SELECT RAISE(ABORT, 'disk'); END`,
    );
    await expect(rig.registrar.register(request)).rejects.toThrow('disk');
    expect(rig.ledger.state.size).toBe(2);
    rig.ledger.store.db.exec('DROP TRIGGER crash');
    expect(await rig.registrar.register(request)).toMatchObject({
      ok: true,
      value: { leafIndex: 1 },
    });
    expect(rig.ledger.state.size).toBe(2);
  });

  test('proofs: by another key, for another token, device or ledger', async () => {
    const device = rig.device('1');
    const { urn, signer } = device;
    const token = await tokenFor(device);
    const good = rig.request(device, token);
    const hash = sha256(utf8(token));
    const { ledgerId } = rig;
    const other = fixedSigner('other');
    for (const [proof, code] of [
      [makeEnrolmentProof(other, { device: urn, token: hash, ledgerId }), 'malformed'],
      [
        makeEnrolmentProof(other, { device: urn, token: hash, ledgerId, key: signer.key }),
        'malformed',
      ],
      [makeEnrolmentProof(signer, { device: urn, token: null, ledgerId }), 'malformed'],
      [makeEnrolmentProof(signer, { device: `${urn}9`, token: hash, ledgerId }), 'malformed'],
      [makeEnrolmentProof(signer, { device: urn, token: hash, ledgerId: hash }), 'malformed'],
      [new Uint8Array(3), 'malformed'],
      [flipLast(good.proof), 'bad_signature'],
    ] as const) {
      const answer = await rig.registrar.register({ ...good, proof });
      expect(answer).toMatchObject(refusedAs(code));
    }
    const odd = await rig.registrar.register({ ...good, coseKey: new Uint8Array(2) });
    expect(odd).toMatchObject(refusedAs('malformed'));
    expect(await rig.registrar.register(good)).toMatchObject({ ok: true });
  });

  test('a registered device, or a key that was ever registered, is a conflict', async () => {
    const device = await rig.enrol('1');
    const again = await rig.registrar.createEnrolment(rig.spec(device));
    expect(again).toMatchObject(refusedAs('conflict'));
    const second = rig.device('2');
    const request = rig.request(second, await tokenFor(second), device.signer);
    expect(await rig.registrar.register(request)).toMatchObject(refusedAs('conflict'));
    await rig.registrar.revoke(device.urn, null, 'stolen');
    const back = rig.request(device, await tokenFor(device));
    expect(await rig.registrar.register(back)).toMatchObject(refusedAs('conflict'));
    await registered(device, await tokenFor(device), fixedSigner('fresh'));
    expect(rig.ledger.state.devices.get(device.urn)!.registrationLeaf).toBe(3);
  });
});

function specSensor() {
  const sensor = { name: 't', quantity: 'temperature', unit: 'Cel', min: 0, max: 9 };
  return { ...sensor, resolution: 0.1, interface: 'simulated', calibration: null };
}

function flipLast(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 2]! ^= 1;
  return copy;
}

describe('keys', () => {
  test('rotation retires the old key and keeps the MQTT credential', async () => {
    const device = rig.device('1');
    const { mqtt } = await registered(device, await tokenFor(device));
    const old = { ...device };
    rig.changed.length = 0;
    await rotateDevice(rig, device);
    expect(rig.changed.map(({ status }) => status)).toEqual(['retired', 'active']);
    expect(mayConnect(device, mqtt!.password)).toBe(true);
    expect(rig.commit(rig.temperatures(old, T0_MS, [1]))).toEqual([
      { kind: 'refused', code: 'key_retired' },
    ]);
    expect(rig.commit(rig.temperatures(device, T0_MS, [1]))[0]!.kind).toBe('accepted');
  });

  test('rotation is refused without proofs, twice, and of a stranger; forced by the owner it holds', async () => {
    const device = await rig.enrol('1');
    const { change } = rotation(rig, device);
    const { registrar } = rig;
    const swapped = { ...change, proofNew: change.proofOld! };
    expect(await registrar.rotate(swapped)).toMatchObject(refusedAs('bad_signature'));
    const stranger = { ...change, device: 'urn:dev:ops:32473-tg1-9' };
    expect(await registrar.rotate(stranger)).toMatchObject(refusedAs('not_found'));
    expect(await registrar.rotate({ ...change, newKey: new Uint8Array(1) })).toMatchObject(
      refusedAs('malformed'),
    );
    const same = { ...change, newKey: encodeCoseKey(device.signer.key) };
    expect(await registrar.rotate(same)).toMatchObject(refusedAs('conflict'));
    const forced = rotation(rig, device, { forced: true });
    expect(await registrar.rotate(forced.change)).toMatchObject({
      ok: true,
      value: { leafIndex: 2 },
    });
    expect(await registrar.rotate(change)).toMatchObject(refusedAs('not_allowed'));
  });

  test('revocation ends the credential with the last active key', async () => {
    const device = rig.device('1');
    const { mqtt } = await registered(device, await tokenFor(device));
    const retired = device.signer.kid;
    await rotateDevice(rig, device);
    await rig.registrar.revoke(device.urn, retired, 'leaked');
    expect(mayConnect(device, mqtt!.password)).toBe(true);
    const all = await rig.registrar.revoke(device.urn, null, 'stolen');
    expect(all).toMatchObject({ ok: true, value: { leafIndex: 4 } });
    expect(mayConnect(device, mqtt!.password)).toBe(false);
    expect(rig.commit(rig.temperatures(device, T0_MS, [1]))).toEqual([
      { kind: 'refused', code: 'key_revoked' },
    ]);
    expect(await rig.registrar.revoke(device.urn, null, 'again')).toMatchObject(
      refusedAs('not_found'),
    );
    expect(await rig.registrar.revoke('urn:dev:ops:32473-tg1-9', null, 'x')).toMatchObject(
      refusedAs('not_found'),
    );
  });

  test('a credential that outlived its device in a crash ends at the next start', async () => {
    const device = rig.device('1');
    const { mqtt } = await registered(device, await tokenFor(device));
    const row = rig.local.find(device.urn)!;
    await rig.registrar.revoke(device.urn, null, 'stolen');
    rig.ledger.store.db
      .prepare('INSERT INTO credential VALUES (?, ?, ?)')
      .run(device.urn, row.salt, row.hash);
    expect(mayConnect(device, mqtt!.password)).toBe(true);
    rig.newRegistrar();
    expect(mayConnect(device, mqtt!.password)).toBe(false);
  });

  test('a clock set back does not set log time back', async () => {
    await rig.enrol('1');
    rig.nowMs -= DAY_MS;
    const device = rig.device('2');
    const answer = await registered(device, await tokenFor(device));
    expect(answer.logTimeMs).toBe(T0_MS);
  });
});

describe('erasure', () => {
  test('waits for the retention of the charter, then takes the content and keeps the proof', async () => {
    const device = await rig.enrol('1');
    const frame = rig.temperatures(device, T0_MS, [1]);
    rig.commit(frame);
    rig.nowMs += DAY_MS - 1;
    const early = await rig.registrar.erase([frame.id], 'contract', 'asked');
    expect(early).toMatchObject(refusedAs('retained'));
    rig.nowMs += 1;
    const done = await rig.registrar.erase([frame.id, frame.id], 'contract', 'asked');
    expect(done).toMatchObject({ ok: true, value: { leafIndex: 4 } });
    const { store, state } = rig.ledger;
    expect(store.leaves.content(2)).toBeNull();
    expect(store.leaves.find(frame.id)).toBe(2);
    expect(state.erased.has(toHex(frame.id))).toBe(true);
  });

  test('one id under retention refuses all; governance and strangers are refused', async () => {
    const device = await rig.enrol('1');
    const old = rig.temperatures(device, T0_MS, [1]);
    rig.commit(old);
    rig.nowMs += DAY_MS;
    const young = rig.temperatures(device, rig.nowMs, [2]);
    rig.commit(young);
    const { registrar, ledger } = rig;
    const erase = (...ids: Uint8Array[]) => registrar.erase(ids, 'contract', 'asked');
    expect(await erase(old.id, young.id)).toMatchObject(refusedAs('retained'));
    expect(await erase(ledger.state.charterId!)).toMatchObject(refusedAs('retained'));
    expect(await erase(new Uint8Array(32))).toMatchObject(refusedAs('not_found'));
    expect(await erase()).toMatchObject(refusedAs('invalid_request'));
    expect(ledger.store.leaves.content(2)).not.toBeNull();
  });

  test('takes a refused frame as well', async () => {
    const device = await rig.enrol('1');
    const bad = rig.temperatures(device, T0_MS, [500]);
    rig.commit(bad);
    expect(rig.ledger.store.refusedFrame(bad.id)).not.toBeNull();
    rig.nowMs += DAY_MS;
    expect(await rig.registrar.erase([bad.id], 'contract', 'asked')).toMatchObject({ ok: true });
    expect(rig.ledger.store.refusedFrame(bad.id)).toBeNull();
  });
});

describe('charter', () => {
  const wishes = () => ({
    signers: rig.signers,
    iss: MEMBER_ISS,
    name: 'Mill',
    ledgerName: 'ledger.example/rice',
    mode: 'solo' as const,
    nowMs: T0_MS,
  });

  test('says every field, the defaults too', () => {
    const statement = parseStatement(createCharter(wishes()));
    if (!statement.ok) throw new Error(statement.code);
    expect(statement.value).toMatchObject({ iss: MEMBER_ISS, seq: 1, prev: null, ledgerId: null });
    const charter = parseCharter(statement.value.payloadBytes);
    expect(charter).toMatchObject({
      ok: true,
      value: {
        mode: 'solo',
        quorum: 1,
        answerTermDays: 14,
        retentionDays: 1_096,
        publicEntries: false,
      },
    });
  });

  test('a wish that no charter may hold is named', () => {
    expect(() => createCharter({ ...wishes(), ledgerName: 'Not A Host' })).toThrow(CharterError);
    expect(() => createCharter({ ...wishes(), retentionDays: -1 })).toThrow(/retentionDays/);
    expect(() => createCharter({ ...wishes(), iss: 'mill' })).toThrow(/iss/);
  });
});

test('a rolled back batch leaves no subject number behind', async () => {
  const device = await rig.enrol('1');
  const frame = rig.temperatures(device, T0_MS, [1], { sub: 'urn:example:first' });
  const { db, packs } = rig.ledger.store;
  db.exec(`CREATE TRIGGER full BEFORE INSERT ON content BEGIN SELECT RAISE(ABORT, 'disk'); END`);
  expect(() => rig.commit(frame)).toThrow('disk');
  db.exec(`DROP TRIGGER full;
    CREATE TRIGGER late BEFORE INSERT ON tile WHEN NEW.level = 0 BEGIN SELECT RAISE(ABORT, 'disk'); END`);
  expect(() => rig.commit(frame)).toThrow('disk');
  db.exec('DROP TRIGGER late');
  expect(rig.commit(frame)[0]!.kind).toBe('accepted');
  expect(packs.findSubject('urn:example:first')).toBe(0);
});
