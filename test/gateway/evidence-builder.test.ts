import { parseEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import { parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { verifyEvidence } from '@truegrain/device-sdk/formats/verify-evidence.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EvidenceBuilder } from '../../gateway/receipts/evidence-builder.ts';
import { rotateDevice } from '../support/rotate-device.ts';
import { SoloRig, T0_MS } from '../support/solo-ledger.ts';

let rig: SoloRig;
let builder: EvidenceBuilder;
beforeEach(() => {
  rig = new SoloRig();
  const { store } = rig.ledger;
  builder = new EvidenceBuilder({
    store,
    state: () => rig.ledger.state,
    proofs: rig.proofs,
    anchored: () => rig.anchorer.newest,
  });
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

function build(leafIndex: number): Uint8Array {
  const bytes = builder.build(leafIndex);
  if (!bytes) throw new Error(`no evidence of leaf ${leafIndex}`);
  return bytes;
}

function parse(leafIndex: number) {
  const parsed = parseEvidence(build(leafIndex));
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.value;
}

function failed(leafIndex: number): string[] {
  const report = verifyEvidence(build(leafIndex), { ledgerId: rig.ledgerId });
  return report.checks.filter((check) => !check.ok).map(({ id, text }) => `${id}: ${text}`);
}

/** Charter 0, registrations 1 and 2, batch of 3, 4, 5 at 6, rotation 7, revocation of all at 8. */
async function history() {
  const device = await rig.enrol('1', {}, -7);
  const other = await rig.enrol('2');
  rig.commit(
    rig.temperatures(device, T0_MS, [1, 2]),
    rig.temperatures(other, T0_MS, [3]),
    rig.temperatures(device, T0_MS + 1, [4]),
  );
  await rotateDevice(rig, device);
  await rig.registrar.revoke(device.urn, null, 'stolen');
  return { device, other };
}

test('every leaf of a ledger proves itself, with and without its readings', async () => {
  await history();
  rig.anchor();
  const { size } = rig.ledger.state;
  expect(size).toBe(9);
  for (let leaf = 0; leaf < size; leaf += 1) {
    expect(failed(leaf)).toEqual([]);
    expect(verifyEvidence(build(leaf), { ledgerId: rig.ledgerId }).verdict).toBe('verified');
  }
});

test('holds what the statement rests on and nothing of other devices', async () => {
  await history();
  rig.anchor();
  const evidence = parse(5);
  expect(evidence.supporting.map(({ index }) => index)).toEqual([0, 1, 6, 7, 8]);
  expect(evidence).toMatchObject({ batchLeaf: 6, inBatch: { index: 2 } });
  expect(evidence.content).toEqual(new Uint8Array(rig.ledger.store.leaves.content(5)!));
  expect(evidence.checkpoint).toBe(rig.anchorer.newest!.note);
  expect(parse(4).supporting.map(({ index }) => index)).toEqual([0, 2, 6]);
  expect(parse(0).supporting).toEqual([]);
  expect(parse(6)).toMatchObject({ content: null, batchLeaf: null, inBatch: null });
});

test('a statement of a retired key shows the revocation that came after its retirement', async () => {
  const device = await rig.enrol('1');
  const retired = device.signer.kid;
  rig.commit(rig.temperatures(device, T0_MS, [1]));
  await rotateDevice(rig, device);
  expect(await rig.registrar.revoke(device.urn, retired, 'leaked')).toMatchObject({ ok: true });
  rig.anchor();
  expect(parse(2).supporting.map(({ index }) => index)).toEqual([0, 1, 3, 4, 5]);
  expect(failed(2)).toEqual([]);
});

test('erased content is left out, the proof stays', async () => {
  const device = await rig.enrol('1');
  const frame = rig.temperatures(device, T0_MS, [1]);
  rig.commit(frame);
  rig.nowMs += 25 * 3_600_000;
  expect(await rig.registrar.erase([frame.id], 'contract', 'asked')).toMatchObject({ ok: true });
  rig.anchor();
  expect(parse(2).content).toBeNull();
  expect(failed(2)).toEqual([]);
});

test('under the policy that a device gets when it registers', async () => {
  const device = rig.device('1');
  const enrolment = await rig.registrar.createEnrolment(rig.spec(device));
  const token = enrolment.ok ? enrolment.value.token : '';
  const registered = await rig.registrar.register(rig.request(device, token));
  const policy = parsePolicy(registered.ok ? (registered.value.policy ?? '') : '');
  if (!policy.ok) throw new Error(policy.detail);
  rig.commit(rig.temperatures(device, T0_MS, [1]));
  rig.anchor();
  expect(verifyEvidence(build(2), { policy: policy.value }).verdict).toBe('verified');
});

test('at the anchored size, whatever was committed since', async () => {
  const device = await rig.enrol('1');
  expect(builder.build(0)).toBeNull();
  rig.commit(rig.temperatures(device, T0_MS, [1]));
  rig.anchor();
  const before = build(2);
  rig.commit(rig.temperatures(device, T0_MS + 1, [2]));
  await rig.registrar.revoke(device.urn, null, 'stolen');
  expect(builder.build(4)).toBeNull();
  expect(builder.build(99)).toBeNull();
  expect(build(2)).toEqual(before);
});
