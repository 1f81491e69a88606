import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVENT_THINGS_MAX, OPEN_SCANS_MAX } from '../../../gateway/derive/open-scans.ts';
import type { JsonObject } from '../../../gateway/epcis/json.ts';
import { DeriveRig, DOCK, eventsConfig, PUBLIC_URL } from '../../support/derive-rig.ts';
import { type SignedFrame, T0_MS, type TestDevice } from '../../support/solo-ledger.ts';

const GTIN = '09506000134352';
const OTHER_GTIN = '09506000134369';
const PALLET = '(00)095060001343000014';
const PALLET_URI = 'https://id.gs1.org/00/095060001343000014';
const SECOND_PALLET = '(00)095060001343000021';
const item = (serial: string | number) => `(01)${GTIN}(21)${serial}`;
const itemUri = (serial: string | number) => `https://id.gs1.org/01/${GTIN}/21/${serial}`;

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
  expect(rig.failures).toEqual([]);
});

const setting = (changes: object) =>
  eventsConfig({ name: 'line', device: device.urn, readPoint: DOCK, ...changes });
const evidence = ({ id }: SignedFrame) => `${PUBLIC_URL}/v1/statements/${toHex(id)}/evidence`;
const at = (second: number) => new Date(T0_MS + second * 1_000).toISOString();

function withoutId({ eventID, ...event }: JsonObject = {}): JsonObject {
  expect(eventID).toMatch(/^ni:/);
  return event;
}

describe('a scanner at a read point', () => {
  test('makes an event of each scan that names a thing, with the proof of its pack', async () => {
    rig.derive(setting({ kind: 'observation', bizStep: 'receiving' }));
    const lot = `]d201${GTIN}10LOT-7`;
    const link = `https://shop.example/01/${GTIN}/21/9`;
    const pack = rig.scans(device, 0, [
      item(1),
      lot,
      'SEAL-4711',
      PALLET,
      link,
      `(414)${DOCK.slice(-13)}`,
    ]);
    rig.bring(pack);
    const events = await rig.settled(4);
    expect(withoutId(events[0])).toEqual({
      type: 'ObjectEvent',
      eventTime: at(0),
      eventTimeZoneOffset: '+00:00',
      bizStep: 'receiving',
      readPoint: { id: DOCK },
      action: 'OBSERVE',
      epcList: [itemUri(1)],
      sensorElementList: [
        {
          sensorMetadata: { deviceID: device.urn, rawData: evidence(pack) },
          sensorReport: [{ type: 'Dimensionless', stringValue: item(1), time: at(0) }],
        },
      ],
    });
    expect(events[1]).toMatchObject({
      quantityList: [{ epcClass: `https://id.gs1.org/01/${GTIN}/10/LOT-7`, quantity: 1 }],
    });
    expect(events[2]).toMatchObject({ epcList: [PALLET_URI] });
    expect(events[3]).toMatchObject({ epcList: [itemUri(9)] });
  });

  test('says a thing once where it was read twice in one moment', async () => {
    rig.derive(setting({ kind: 'observation' }));
    const twice = [0, 0, 1].map((s) => ({
      name: 'scan',
      value: item(1),
      timeMs: T0_MS + s * 1_000,
    }));
    rig.bring(rig.pack(device, twice, { sub: device.urn }));
    const events = await rig.settled(2);
    expect(events.map(({ eventTime }) => eventTime)).toEqual([at(0), at(1)]);
  });
});

describe('a packing station', () => {
  test('puts what was scanned into the parent whose scan closes it', async () => {
    rig.derive(setting({ kind: 'aggregation' }));
    const [first, second] = [
      rig.scans(device, 0, [item(1), item(2), item(1)]),
      rig.scans(device, 10, [
        `(01)${OTHER_GTIN}(10)A(37)24`,
        `(01)${OTHER_GTIN}(10)A`,
        PALLET,
        item(3),
      ]),
    ];
    rig.bring(first);
    rig.bring(second);
    rig.bring(rig.scans(device, 20, [SECOND_PALLET]));
    const events = await rig.settled(2);
    expect(withoutId(events[0])).toMatchObject({
      type: 'AggregationEvent',
      eventTime: at(12),
      bizStep: 'packing',
      action: 'ADD',
      parentID: PALLET_URI,
      childEPCs: [itemUri(1), itemUri(2)],
      childQuantityList: [{ epcClass: `https://id.gs1.org/01/${OTHER_GTIN}/10/A`, quantity: 25 }],
      sensorElementList: [
        { sensorMetadata: { rawData: evidence(first) } },
        { sensorMetadata: { rawData: evidence(second) } },
      ],
    });
    expect(events[1]).toMatchObject({ childEPCs: [itemUri(3)], eventTime: at(20) });
  });

  test('with the parent first fills it until the next, and tells what is in it when it is scanned again', async () => {
    rig.derive(setting({ kind: 'aggregation', parent: 'first' }));
    rig.bring(rig.scans(device, 0, [item(0), PALLET, item(1), item(2), SECOND_PALLET, item(3)]));
    rig.bring(rig.scans(device, 9, [SECOND_PALLET, item(4)]));
    const events = await rig.settled(2);
    expect(events[0]).toMatchObject({ parentID: PALLET_URI, childEPCs: [itemUri(1), itemUri(2)] });
    expect(events[1]).toMatchObject({ childEPCs: [itemUri(3)], eventTime: at(5) });
  });

  test('adds more than one event has room for by several, to one parent', async () => {
    rig.derive(setting({ kind: 'aggregation' }));
    const serials = Array.from({ length: EVENT_THINGS_MAX + 1 }, (_, i) =>
      item(`SERIAL-NUMBER-${i}`),
    );
    rig.bring(rig.scans(device, 0, [...serials, PALLET]));
    const events = await rig.settled(2);
    expect(events.map(({ childEPCs }) => (childEPCs as string[]).length)).toEqual([
      EVENT_THINGS_MAX,
      1,
    ]);
  });

  test('that nobody closes a group at keeps the newest scans', async () => {
    rig.derive(setting({ kind: 'aggregation' }));
    for (let at = 0; at <= OPEN_SCANS_MAX; at += 2_000) {
      const some = Array.from({ length: 2_000 }, (_, i) => item(at + i));
      rig.bring(rig.scans(device, at, some.slice(0, OPEN_SCANS_MAX + 1 - at)));
    }
    rig.bring(rig.scans(device, OPEN_SCANS_MAX + 2, [PALLET]));
    const events = await rig.settled(OPEN_SCANS_MAX / EVENT_THINGS_MAX);
    const children = events.flatMap(({ childEPCs }) => childEPCs as string[]);
    expect(children).toHaveLength(OPEN_SCANS_MAX);
    expect(children).not.toContain(itemUri(0));
  }, 30_000);
});

describe('a recipe', () => {
  const recipe = {
    kind: 'transformation',
    inputs: [{ gtin: GTIN, quantity: 25.5, uom: 'KGM' }],
    output: { gtin: OTHER_GTIN, quantity: 200 },
  };

  test('turns the inputs scanned since into the output whose scan closes it', async () => {
    rig.derive(setting(recipe));
    const output = `(01)${OTHER_GTIN}(10)OUT-1`;
    const scans = [output, `(01)${GTIN}(10)A`, `(01)${GTIN}(10)A`, item(7), PALLET, output];
    rig.bring(rig.scans(device, 0, scans));
    const [event, ...more] = await rig.settled(1);
    expect(more).toEqual([]);
    expect(withoutId(event)).toMatchObject({
      type: 'TransformationEvent',
      eventTime: at(5),
      inputEPCList: [itemUri(7)],
      inputQuantityList: [
        { epcClass: `https://id.gs1.org/01/${GTIN}/10/A`, quantity: 51, uom: 'KGM' },
      ],
      outputQuantityList: [
        { epcClass: `https://id.gs1.org/01/${OTHER_GTIN}/10/OUT-1`, quantity: 200 },
      ],
      transformationID: expect.stringMatching(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
    });
  });

  test('has another id each time', async () => {
    rig.derive(setting(recipe));
    const run = (lot: string) => [`(01)${GTIN}(10)${lot}`, `(01)${OTHER_GTIN}(21)${lot}`];
    rig.bring(rig.scans(device, 0, [...run('A'), ...run('B')]));
    const events = await rig.settled(2);
    expect(new Set(events.map(({ transformationID }) => transformationID)).size).toBe(2);
    expect(events[0]).toMatchObject({
      outputEPCList: [`https://id.gs1.org/01/${OTHER_GTIN}/21/A`],
    });
  });
});
