import { encodeErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { MEDIA_ERASURE, MEDIA_REVOCATION } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { finishStatement, prepareStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerBackend } from '../../gateway/backend.ts';
import { FilingDesk } from '../../gateway/filing/filing-desk.ts';
import { HandoverDesk } from '../../gateway/handover/handover-desk.ts';
import { signGovernance } from '../../gateway/ledger/sign-governance.ts';
import type { KeyRecord } from '../../gateway/ledger/state.ts';
import { Pipeline } from '../../gateway/pipeline.ts';
import { readsOf } from '../../gateway/reads/reads.ts';
import { TraceDesk } from '../../gateway/trace/trace-desk.ts';
import { FakeEpcis, fakeSubscriptions } from '../support/fake-epcis.ts';
import { soloAdmission } from '../support/intake-rig.ts';
import { MEMBER_ISS, type SignedFrame, SoloRig } from '../support/solo-ledger.ts';

let rig: SoloRig;
let pipeline: Pipeline;
let backend: LedgerBackend;
let governed: KeyRecord[];
beforeEach(() => {
  rig = new SoloRig({ retentionDays: 1 });
  governed = [];
  open();
});
afterEach(async () => {
  await pipeline.close();
  rig.close();
});

function open(): void {
  const { ledger, signers } = rig;
  pipeline = new Pipeline({
    ledger,
    signers,
    iss: MEMBER_ISS,
    cosignerName: 'ledger.example/rice/witness',
    tipFiles: [rig.folder.signedTip],
    openAdmission: soloAdmission(rig, ledger),
    anchorIntervalMs: 5,
    nowMs: () => rig.nowMs,
    downlinks: { isListening: () => false, publishDown: () => {} },
    onTrouble: () => {},
    onRuleTrouble: () => {},
    onFailure: (error) => {
      throw error;
    },
  });
  const epcis = new FakeEpcis();
  backend = new LedgerBackend({
    ledger,
    pipeline,
    reads: readsOf(rig.context),
    writes: rig.registrar,
    alliance: rig.desk,
    law: rig.lawDesk,
    filing: new FilingDesk({
      reads: rig.context,
      self: MEMBER_ISS,
      origin: () => pipeline.origin,
    }),
    handovers: new HandoverDesk({
      index: ledger.store.handovers,
      entryAt: (leafIndex) => ledger.store.leaves.entry(leafIndex),
      nowMs: () => rig.nowMs,
    }),
    epcis,
    standing: fakeSubscriptions(epcis),
    trace: new TraceDesk({
      reads: rig.context,
      reporter: {
        iss: MEMBER_ISS,
        origin: pipeline.origin,
        signer: () => pipeline.signers.log,
      },
      routes: [],
      onCommitted: (listener) => pipeline.onCommitted(listener),
    }),
    evidence: () => null,
    nowMs: () => rig.nowMs,
    onGovernance: (keys) => governed.push(...keys),
  });
}

/** A governance statement as its owner would post it. */
function signed(contentType: string, bytes: Uint8Array, sub?: string): Uint8Array {
  const logTimeMs = rig.nowMs;
  const contents = { contentType, bytes, logTimeMs, ...(sub === undefined ? {} : { sub }) };
  const { ledger, signers } = rig;
  return signGovernance(ledger.state, { signer: signers.member, iss: MEMBER_ISS }, contents).entry;
}

const erasure = (id: Uint8Array, logTimeMs = rig.nowMs) =>
  signed(MEDIA_ERASURE, encodeErasure({ logTimeMs, ids: [id], basis: 'law', reason: 'asked' }));

function partsOf({ frame }: SignedFrame) {
  const parts = parseFrame(frame);
  if (!parts.ok) throw new Error(parts.code);
  return parts.value;
}

describe('governance at the SCRAPI door', () => {
  test('is held to the present', async () => {
    const device = await rig.enrol('a');
    const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
    rig.commit(sent);
    rig.nowMs += 2 * 86_400_000;
    for (const offMs of [-60_001, 60_001, 86_400_000 * 365 * 70]) {
      const answer = await backend.submit(erasure(sent.id, rig.nowMs + offMs), null);
      expect(answer).toMatchObject({ state: 'refused', code: 'log_time' });
    }
    expect(await backend.submit(erasure(sent.id), null)).toMatchObject({ state: 'accepted' });
    expect(backend.statement(sent.id)).toMatchObject({ content: null, erased: true });
  });

  test('erases nothing before its term', async () => {
    const device = await rig.enrol('a');
    const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
    rig.commit(sent);
    const { size } = rig.ledger.state;
    expect(await backend.submit(erasure(sent.id), null)).toMatchObject({ code: 'retained' });
    expect(rig.ledger.state.size).toBe(size);
    expect(backend.statement(sent.id)?.content).not.toBeNull();
  });

  test('tells who must know of keys that ended, and is answered once', async () => {
    const device = await rig.enrol('a');
    const { urn } = device;
    const bytes = encodeRevocation({
      logTimeMs: rig.nowMs,
      device: urn,
      kid: null,
      reason: 'gone',
    });
    const statement = signed(MEDIA_REVOCATION, bytes, urn);
    expect(await backend.submit(statement, null)).toMatchObject({ state: 'accepted' });
    expect(governed).toMatchObject([{ iss: urn, status: 'revoked' }]);
    const { size } = rig.ledger.state;
    expect(await backend.submit(statement, null)).not.toMatchObject({ state: 'refused' });
    expect(rig.ledger.state.size).toBe(size);
  });

  test('waits while the disk is full', async () => {
    const { db } = rig.ledger.store;
    const device = await rig.enrol('a');
    const { urn } = device;
    const long = (reason: string) =>
      encodeRevocation({
        logTimeMs: rig.nowMs,
        device: urn,
        kid: null,
        reason: reason.repeat(1_000),
      });
    const statement = signed(MEDIA_REVOCATION, long('x'), urn);
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
    // A few rows still fit into pages that are there.
    for (let i = 0; i < 5; i += 1) {
      const answer = await backend.submit(statement, null);
      expect(['busy', 'accepted', 'receipted']).toContain(answer.state);
    }
    db.pragma('max_page_count = 1000000');
    expect(['accepted', 'receipted']).toContain((await backend.submit(statement, null)).state);
    rig.expectSound();
  });
});

describe('a device’s statement at the SCRAPI door', () => {
  test('with its content, and again', async () => {
    const device = await rig.enrol('a');
    pipeline.keysChanged(rig.changed);
    const { statement, content } = partsOf(rig.temperatures(device, rig.nowMs - 1_000, [4]));
    expect(await backend.submit(statement, null)).toMatchObject({ code: 'content_missing' });
    const first = await backend.submit(statement, content);
    expect(['accepted', 'receipted']).toContain(first.state);
    expect(await backend.submit(statement, content)).not.toMatchObject({ state: 'refused' });
    const wrong = await backend.submit(statement, new Uint8Array(3));
    expect(wrong).toMatchObject({ state: 'refused', code: 'digest_mismatch' });
  });

  test('that nobody could have signed', async () => {
    const prepared = prepareStatement({
      alg: -8,
      kid: new Uint8Array(32),
      iss: 'urn:dev:ops:32473-x',
      sub: 'urn:example:x',
      iat: 1,
      payload: { kind: 'hash', digest: new Uint8Array(32), preimageType: 'text/plain' },
      seq: 1,
      prev: null,
      ledgerId: rig.ledgerId,
      device: null,
    });
    const bytes = finishStatement(prepared, new Uint8Array(64));
    const answer = await backend.submit(bytes, new Uint8Array(3));
    expect(answer).toMatchObject({ state: 'refused', code: 'unknown_key' });
    expect(await backend.submit(new Uint8Array(3), null)).toMatchObject({ code: 'malformed' });
  });
});
