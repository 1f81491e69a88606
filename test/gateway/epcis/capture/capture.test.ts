import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCapturedEvent } from '@truegrain/device-sdk/formats/captured-event.js';
import { MEDIA_EPCIS_EVENT } from '@truegrain/device-sdk/formats/media-types.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { verifyEvidence } from '@truegrain/device-sdk/formats/verify-evidence.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CaptureJobs } from '../../../../gateway/epcis/capture/capture-jobs.ts';
import { fsck } from '../../../../gateway/log/fsck.ts';
import { reindex } from '../../../../gateway/log/reindex.ts';
import { openDatabase } from '../../../../gateway/store/database.ts';
import {
  bareEvent,
  CaptureRig,
  EPCIS_CONTEXT,
  sampleDocument,
  sampleEvent,
} from '../../../support/capture-rig.ts';

/** A loaded machine is slow, a hung one still ends. */
const PATIENCE = { timeout: 60_000 };

let rig: CaptureRig;
beforeEach(() => {
  rig = new CaptureRig();
  rig.open();
});
afterEach(async () => {
  await rig.stop();
  rig.expectSound();
  rig.close();
  expect(rig.failures).toEqual([]);
});

async function captured(document: unknown, behaviour: 'rollback' | 'proceed' = 'rollback') {
  const answer = await rig.epcis.capture(document, behaviour);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return vi.waitFor(() => {
    const job = rig.epcis.captureJob(answer.value.captureId);
    if (!job || job.finishedMs === null) throw new Error('it runs');
    return job;
  }, PATIENCE);
}

async function one(event: Record<string, unknown>) {
  const answer = await rig.epcis.captureEvent({ '@context': EPCIS_CONTEXT, ...event });
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.value;
}

function all() {
  const page = rig.epcis.query({}, { limit: 10_000, after: null });
  if (!page.ok) throw new Error(page.code);
  return page.value.events;
}

const epc = (serial: number) => `urn:epc:id:sgtin:0614141.107346.${serial}`;
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => sampleEvent({ epcList: [epc(i)] }));

describe('a document', () => {
  test('comes into the log event by event, each signed, and is found again as it was', async () => {
    const job = await captured(sampleDocument(many(3)));
    expect(job).toMatchObject({ success: true, errors: [] });
    const found = all();
    expect(found.map(({ event }) => event['epcList']).sort()).toEqual(
      many(3).map(({ epcList }) => epcList),
    );
    for (const { leafIndex, eventId, event, recordMs } of found) {
      expect(eventId).toMatch(/^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/);
      expect(event['eventID']).toBe(eventId);
      expect(recordMs).toBe(rig.nowMs);
      expect(rig.epcis.event(eventId)?.leafIndex).toBe(leafIndex);
      const statement = parseStatement(rig.ledger.store.leaves.entry(leafIndex) as Uint8Array);
      if (!statement.ok) throw new Error(statement.code);
      expect(statement.value.payload).toMatchObject({ preimageType: MEDIA_EPCIS_EVENT });
      const device = rig.ledger.state.devices.get(statement.value.iss);
      expect(device).toMatchObject({ owner: 'https://mill.example', keyLevel: 'file' });
    }
  });

  test('is proved by its evidence alone, as declared and not as measured', async () => {
    const { eventId, leafIndex } = await one(sampleEvent());
    await rig.anchored();
    const bytes = rig.backend.evidenceAt(leafIndex) as Uint8Array;
    const report = verifyEvidence(bytes, { ledgerId: rig.ledgerId });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.statement?.kind).toBe('event');
    expect(report.grade?.fact).toBe('declared');
    expect(JSON.parse(report.content?.event ?? '{}')).toMatchObject({ eventID: eventId });
    expect(report.notProved.join(' ')).toContain('entering is not measuring');
    const forged = Uint8Array.from(bytes);
    const at = Buffer.from(bytes).indexOf('in_transit');
    forged[at] = 0x49;
    expect(verifyEvidence(forged, { ledgerId: rig.ledgerId }).verdict).toBe('failed');
  });

  test('with one wrong event leaves nothing, and no job', async () => {
    const size = rig.ledger.state.size;
    const wrong = sampleEvent({ action: 'MAYBE' });
    const answer = await rig.epcis.capture(sampleDocument([...many(2), wrong]), 'rollback');
    expect(answer).toMatchObject({ ok: false, code: 'epcis_validation' });
    expect(answer.ok ? [] : answer.breaches.map(({ path }) => path)).toContain(
      '/epcisBody/eventList/2/action',
    );
    expect(rig.ledger.state.size).toBe(size);
    expect(rig.epcis.captureJobs({ limit: 10, after: null }).jobs).toEqual([]);
  });

  test('that is to proceed brings in what is right and lists the rest', async () => {
    const wrong = sampleEvent({ action: 'MAYBE' });
    const job = await captured(sampleDocument([wrong, ...many(2)]), 'proceed');
    expect(job.success).toBe(false);
    expect(job.errors[0]?.path).toBe('/epcisBody/eventList/0/action');
    expect(all()).toHaveLength(2);
  });

  test('may come twice: its sender did not see the answer', async () => {
    await captured(sampleDocument(many(5)));
    const { size } = rig.ledger.state;
    const again = await captured(sampleDocument(many(5)));
    expect(again).toMatchObject({ success: true, errors: [] });
    expect(rig.ledger.state.size).toBe(size);
  });

  test('may not bring another event under an id that is taken', async () => {
    const eventID = 'urn:uuid:9f1c7a52-52a8-4a4e-8f0e-6a3f0c1f6d11';
    await captured(sampleDocument([sampleEvent({ eventID })]));
    const other = sampleEvent({ eventID, disposition: 'damaged' });
    const answer = await rig.epcis.capture(sampleDocument([other]), 'rollback');
    expect(answer).toMatchObject({ ok: false, code: 'epcis_duplicate' });
    const job = await captured(sampleDocument([other]), 'proceed');
    expect(job.errors).toMatchObject([{ rule: 'event_id_taken' }]);
    expect(all()).toHaveLength(1);
  });

  test('has at most a thousand events', async () => {
    const answer = await rig.epcis.capture(sampleDocument(many(1_001)), 'rollback');
    expect(answer).toMatchObject({ ok: false, code: 'epcis_capture_limit' });
    const full = await captured(sampleDocument(many(1_000)));
    expect(full.success).toBe(true);
    expect(all()).toHaveLength(1_000);
  });

  test('that was promised before a crash comes in once', async () => {
    const document = sampleDocument(many(40));
    await captured(sampleDocument(many(17)));
    new CaptureJobs(rig.ledger.store.db).open(document, 'rollback', rig.nowMs);
    await rig.stop();
    rig.open();
    await vi.waitFor(() => expect(all()).toHaveLength(40), PATIENCE);
    const { jobs } = rig.epcis.captureJobs({ limit: 10, after: null });
    await vi.waitFor(() =>
      expect(rig.epcis.captureJob(jobs[0]?.captureId ?? '')).toMatchObject({ success: true }),
    );
  });
});

test('a link is answered as a URN once a URN has shown how long its company prefix is', async () => {
  expect(rig.epcis.prefixDigits('061414110734')).toBe(null);
  await one(sampleEvent());
  expect(rig.epcis.prefixDigits('061414110734')).toBe(7);
  expect(rig.epcis.prefixDigits('401234567890')).toBe(null);
});

describe('a single event', () => {
  test('is in the log when the answer comes; the same again is a duplicate', async () => {
    const { eventId, leafIndex } = await one(sampleEvent());
    expect(rig.epcis.event(eventId)).toMatchObject({ leafIndex });
    const again = await rig.epcis.captureEvent(bareEvent());
    expect(again).toMatchObject({ ok: false, code: 'epcis_duplicate' });
  });

  test('may be declared an error under its own id, and is then shown with the declaration', async () => {
    const { eventId } = await one(sampleEvent());
    const declared = sampleEvent({
      eventID: eventId,
      errorDeclaration: { declarationTime: '2026-11-02T07:40:00.000Z', reason: 'incorrect_data' },
    });
    await one(declared);
    expect(rig.epcis.event(eventId)?.event).toHaveProperty('errorDeclaration');
    expect(all()).toHaveLength(2);
  });

  test('beyond a frame is refused by its size', async () => {
    const epcList = Array.from({ length: 9_000 }, (_, i) => epc(i));
    const answer = await rig.epcis.captureEvent(bareEvent({ epcList }));
    expect(answer).toMatchObject({ ok: false, code: 'epcis_event_too_large' });
  });
});

describe('the capture key', () => {
  test('is made and registered once, and goes on after a restart', async () => {
    const file = join(rig.folder.keys, 'capture.pem');
    expect(existsSync(file)).toBe(false);
    await one(sampleEvent());
    expect(existsSync(file)).toBe(true);
    await rig.stop();
    rig.open();
    await one(sampleEvent({ disposition: 'damaged' }));
    const keys = rig.ledger.state.keys.filter(({ role }) => role === 'device');
    expect(keys).toHaveLength(1);
    expect(rig.ledger.state.streams.get(keys[0]?.no ?? -1)).toMatchObject({
      maxSeq: 2,
      missing: 0,
    });
  });

  test('once revoked signs nothing more; a new one takes its place when it is moved away', async () => {
    await one(sampleEvent());
    const [device] = rig.ledger.state.devices.keys();
    await rig.registrar.revoke(device ?? '', null, 'stolen');
    const answer = await rig.epcis.captureEvent(bareEvent({ disposition: 'damaged' }));
    expect(answer).toMatchObject({ ok: false, code: 'key_revoked' });
    const file = join(rig.folder.keys, 'capture.pem');
    renameSync(file, `${file}.old`);
    await one(sampleEvent({ disposition: 'damaged' }));
  });

  test('is the only one that events are taken from', async () => {
    const device = await rig.enrol('a');
    const content = encodeCapturedEvent({ salt: new Uint8Array(16), json: '{}' });
    const signed = rig.sign(device, content, { type: MEDIA_EPCIS_EVENT, quality: 0 });
    expect(rig.commit(signed)).toMatchObject([{ code: 'not_allowed' }]);
  });
});

describe('an erased event', () => {
  test('is in no answer and no table, and the rest stays sound', async () => {
    const secret = 'urn:epc:id:sgtin:0614141.107346.SECRET77';
    const { eventId, leafIndex } = await one(sampleEvent({ epcList: [secret] }));
    await one(sampleEvent());
    rig.nowMs += 2 * 86_400_000;
    const statement = parseStatement(rig.ledger.store.leaves.entry(leafIndex) as Uint8Array);
    if (!statement.ok) throw new Error(statement.code);
    const erased = await rig.registrar.erase([statement.value.id], 'GDPR Art. 17', 'asked');
    expect(erased.ok).toBe(true);
    expect(rig.epcis.event(eventId)).toBe(null);
    expect(all()).toHaveLength(1);
    const { db } = rig.ledger.store;
    const words = db.prepare('SELECT word FROM event_word').pluck().all() as string[];
    expect(words.filter((word) => word.includes('SECRET77'))).toEqual([]);
    expect(toHex(statement.value.id)).toHaveLength(64);
  });
});

test('fsck says which event is not found by what it says', async () => {
  await captured(sampleDocument(many(4)));
  const { db } = rig.ledger.store;
  const [, second] = all()
    .map(({ leafIndex }) => leafIndex)
    .sort((a, b) => a - b);
  const rows = db.prepare('SELECT * FROM event_term WHERE leaf_index = ?').raw().all(second);
  db.prepare('DELETE FROM event_term WHERE leaf_index = ?').run(second);
  await rig.anchored();
  expect(fsck(rig.root).findings).toMatchObject([
    { code: 'table_differs', where: 'table event_term', leafIndex: second },
  ]);
  for (const row of rows as unknown[][]) {
    db.prepare('INSERT INTO event_term VALUES (?, ?, ?)').run(...row);
  }
});

test('reindex builds the same rows from entries and contents', async () => {
  await captured(sampleDocument(many(30)));
  const rows = (db: ReturnType<typeof openDatabase>) =>
    db.prepare('SELECT * FROM event ORDER BY leaf_index').all();
  const items = (db: ReturnType<typeof openDatabase>) =>
    db
      .prepare(
        `SELECT word, event_ms, leaf_index, role FROM event_item JOIN event_word ON no = item
         ORDER BY leaf_index, word, role`,
      )
      .all();
  const before = [rows(rig.ledger.store.db), items(rig.ledger.store.db)];
  await rig.stop();
  rig.ledger.store.db.pragma('wal_checkpoint(TRUNCATE)');
  reindex(rig.root);
  const db = openDatabase(rig.folder.ledger);
  expect([rows(db), items(db)]).toEqual(before);
  db.close();
});
