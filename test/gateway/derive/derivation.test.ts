import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { reindex } from '../../../gateway/log/reindex.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { DeriveRig, DOCK, eventsConfig, LOT } from '../../support/derive-rig.ts';
import { T0_MS, type TestDevice } from '../../support/solo-ledger.ts';

const GTIN = '09506000134352';
const PALLET = '(00)095060001343000014';
const item = (serial: number) => `(01)${GTIN}(21)${serial}`;
const itemUri = (serial: number) => `https://id.gs1.org/01/${GTIN}/21/${serial}`;
const DAY_MS = 86_400_000;

let rig: DeriveRig;
let device: TestDevice;
beforeEach(async () => {
  rig = new DeriveRig();
  device = await rig.scanner();
});
afterEach(async () => {
  rig.derivation.close();
  await rig.pipeline.close();
  rig.expectSound();
  rig.close();
});

const line = (changes: object = {}) =>
  eventsConfig({
    kind: 'aggregation',
    name: 'line',
    device: device.urn,
    readPoint: DOCK,
    ...changes,
  });
const never = () => new Promise<never>(() => {});
const children = () => rig.events().flatMap(({ childEPCs }) => childEPCs);

describe('a crash', () => {
  test('before what was made is on disk: it is made again', async () => {
    const { db } = rig.ledger.store;
    rig.derive(line());
    db.exec(
      `CREATE TEMP TRIGGER full BEFORE INSERT ON derived_event
       BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    );
    rig.bring(rig.scans(device, 0, [item(1), PALLET]));
    await vi.waitFor(() => expect(rig.failures.join()).toContain('disk full'));
    db.exec('DROP TRIGGER full');
    rig.derive(line());
    await rig.settled(1);
    expect(children()).toEqual([itemUri(1)]);
  });

  test('before it is captured: the next run captures it', async () => {
    rig.derive(line(), never);
    rig.bring(rig.scans(device, 0, [item(1), PALLET, item(2)]));
    await vi.waitFor(() => expect(rig.waiting()).toBe(1));
    rig.derive(line());
    rig.bring(rig.scans(device, 10, [PALLET]));
    await rig.settled(2);
    expect(children()).toEqual([itemUri(1), itemUri(2)]);
    expect(rig.failures).toEqual([]);
  });

  test('between capture and the note of it: the event is known by its id', async () => {
    let captured = 0;
    rig.derive(line(), async (events) => {
      await rig.epcis.captureEvents(events);
      captured += 1;
      return never();
    });
    rig.bring(rig.scans(device, 0, [item(1), PALLET, item(2)]));
    await vi.waitFor(() => expect(captured).toBe(1));
    expect([rig.waiting(), rig.events().length]).toEqual([1, 1]);
    const { size } = rig.ledger.state;
    rig.derive(line());
    await vi.waitFor(() => expect(rig.waiting()).toBe(0));
    expect(rig.ledger.state.size).toBe(size);
    rig.bring(rig.scans(device, 10, [PALLET]));
    await rig.settled(2);
    expect(children()).toEqual([itemUri(1), itemUri(2)]);
  });

  test('with a group open: it is read from the log again', async () => {
    rig.derive(line());
    rig.bring(rig.scans(device, 0, [item(1), PALLET, item(2)]));
    await rig.settled(1);
    rig.bring(rig.scans(device, 10, [item(3)]));
    rig.derivation.close();
    rig.bring(rig.scans(device, 15, [item(4)]));
    rig.derive(line());
    rig.bring(rig.scans(device, 20, [PALLET]));
    await rig.settled(2);
    expect(children()).toEqual([itemUri(1), itemUri(2), itemUri(3), itemUri(4)]);
  });
});

test('an event that the ledger can not take now waits, and nothing overtakes it', async () => {
  let refusals = 0;
  rig.derive(line(), async (events) => {
    if (refusals > 0) return rig.epcis.captureEvents(events);
    refusals += 1;
    return { ok: false, code: 'busy', detail: 'the chain stands', breaches: [] };
  });
  rig.bring(rig.scans(device, 0, [item(1), PALLET]));
  await rig.settled(1);
  expect(refusals).toBe(1);
  expect(rig.failures.join()).toContain('the chain stands');
});

test('a setting begins with what comes after it, or at the leaf that it names', async () => {
  rig.bring(rig.scans(device, 0, [item(1), PALLET]));
  rig.derive(line());
  rig.bring(rig.scans(device, 10, [item(2), PALLET]));
  await rig.settled(1);
  expect(children()).toEqual([itemUri(2)]);
  rig.derive(eventsConfig({ ...line().settings[0], name: 'again', fromLeaf: 0 }));
  await rig.settled(2);
  expect(children()).toEqual([itemUri(2), itemUri(1)]);
});

test('two settings may look at one device; the packs of others are none of theirs', async () => {
  const other = await rig.scanner('other');
  const both = [line().settings[0], { ...line().settings[0], kind: 'observation', name: 'dock' }];
  const plain = both.map((one) => {
    const { parent: _parent, parentKey: _key, ...rest } = { ...one } as Record<string, unknown>;
    return one?.kind === 'aggregation' ? one : rest;
  });
  rig.derive(eventsConfig(...(plain as object[])));
  rig.bring(rig.scans(other, 0, [item(9)]), rig.scans(device, 0, [item(1), PALLET]));
  const events = await rig.settled(3);
  expect(events.map(({ type }) => type).sort()).toEqual([
    'AggregationEvent',
    'ObjectEvent',
    'ObjectEvent',
  ]);
  expect(JSON.stringify(events)).not.toContain(itemUri(9));
});

describe('a pack whose content is gone', () => {
  test('because it was erased leaves a gap, also in what is open in memory', async () => {
    rig.derive(line());
    const secret = rig.scans(device, 0, [item(1)]);
    rig.bring(secret, rig.scans(device, 5, [item(2)]));
    await vi.waitFor(() => expect(rig.derivation.counts('line').packs).toBe(2));
    rig.nowMs += 2 * DAY_MS;
    const erased = await rig.registrar.erase([secret.id], 'GDPR Art. 17', 'asked');
    expect(erased.ok).toBe(true);
    rig.pipeline.committed();
    rig.bring(rig.scans(device, 10, [PALLET]));
    await rig.settled(1);
    expect(children()).toEqual([itemUri(2)]);
    expect(rig.derivation.counts('line').erased).toBe(1);
  });

  test('because it is not disclosed is waited for, then passed over and counted', async () => {
    rig.derive(line());
    const sealed = rig.scans(device, 0, [item(1)]);
    const { db, leaves } = rig.ledger.store;
    rig.commit(sealed);
    const leafIndex = leaves.find(sealed.id) ?? -1;
    const content = leaves.content(leafIndex);
    db.prepare('DELETE FROM content WHERE leaf_index = ?').run(leafIndex);
    rig.bring(rig.scans(device, 5, [item(2), PALLET]));
    rig.nowMs += 60_000;
    rig.bring(rig.heartbeat(device, 10));
    expect(rig.events()).toEqual([]);
    rig.nowMs += 600_000;
    rig.bring(rig.heartbeat(device, 20));
    await rig.settled(1);
    expect(children()).toEqual([itemUri(2)]);
    expect(rig.derivation.counts('line')).toMatchObject({ sealed: 1, made: 1 });
    // The rig says at its end that the store is whole.
    leaves.keepContent(leafIndex, content ?? new Uint8Array());
  });
});

test('a content that comes in time is in its event', async () => {
  rig.derive(line());
  const late = rig.scans(device, 0, [item(1)]);
  const { db, leaves } = rig.ledger.store;
  rig.commit(late);
  const leafIndex = leaves.find(late.id) ?? -1;
  const content = leaves.content(leafIndex) ?? new Uint8Array();
  db.prepare('DELETE FROM content WHERE leaf_index = ?').run(leafIndex);
  rig.bring(rig.scans(device, 5, [PALLET]));
  leaves.keepContent(leafIndex, content);
  rig.pipeline.committed();
  await rig.settled(1);
  expect(children()).toEqual([itemUri(1)]);
});

test('a subject that is a wrong EPC makes no event, is told and counted', async () => {
  const logger = await rig.sensorDevice();
  rig.derive(eventsConfig({ kind: 'sensor', name: 'room', device: logger.urn }));
  const sub = 'https://id.gs1.org/01/09506000134353/10/A';
  rig.bring(rig.temperatures(logger, T0_MS, [1, 2], { sub }), rig.heartbeat(logger, 3_600));
  await vi.waitFor(() => expect(rig.derivation.counts('room').wrong).toBe(1));
  expect(rig.failures.join()).toContain('epc_check_digit');
  rig.bring(
    rig.temperatures(logger, T0_MS + 3_700_000, [1], { sub: LOT }),
    rig.heartbeat(logger, 7_200),
  );
  await rig.settled(1);
});

test('a device that lacks what its setting asks for is refused at the start', async () => {
  rig.derive(line());
  expect(() => rig.derive(line({ sensor: 'camera' }))).toThrow(
    `events: line: ${device.urn} has no sensor camera`,
  );
});

test('an event of two runs over one log has one id, and is there once', async () => {
  rig.derive(line());
  rig.bring(rig.scans(device, 0, [item(1), PALLET]));
  const [first] = await rig.settled(1);
  rig.derive(eventsConfig({ ...line().settings[0], name: 'again', fromLeaf: 0 }));
  await vi.waitFor(() => expect(rig.derivation.counts('again').made).toBe(1));
  await vi.waitFor(() => expect(rig.waiting()).toBe(0));
  expect(rig.events()).toEqual([first]);
});

test('reindex keeps how far it went and what waits', async () => {
  rig.derive(line(), never);
  rig.bring(rig.scans(device, 0, [item(1), PALLET]));
  await vi.waitFor(() => expect(rig.waiting()).toBe(1));
  rig.derivation.close();
  const rows = (db: ReturnType<typeof openDatabase>) => [
    db.prepare('SELECT * FROM derive_point').all(),
    db.prepare('SELECT * FROM derived_event').all(),
  ];
  const before = rows(rig.ledger.store.db);
  rig.ledger.store.db.pragma('wal_checkpoint(TRUNCATE)');
  await rig.pipeline.close();
  reindex(rig.root);
  const db = openDatabase(rig.folder.ledger);
  expect(rows(db)).toEqual(before);
  db.close();
});

test('its proof: the event leads to a statement of the capture key', async () => {
  rig.derive(line());
  rig.bring(rig.scans(device, 0, [item(1), PALLET]));
  const [event] = await rig.settled(1);
  const stored = rig.epcis.event(String(event?.['eventID']));
  const entry = rig.ledger.store.leaves.entry(stored?.leafIndex ?? -1);
  const statement = entry ? parseStatement(entry) : null;
  expect(statement?.ok && statement.value.iss).toMatch(/^urn:dev:capture:/);
  expect(statement?.ok && toHex(statement.value.id)).toHaveLength(64);
});
