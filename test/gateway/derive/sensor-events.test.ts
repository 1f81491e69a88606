import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../gateway/epcis/json.ts';
import { DeriveRig, DOCK, eventsConfig, LOT, PUBLIC_URL } from '../../support/derive-rig.ts';
import { sampleRule } from '../../support/sample-rule.ts';
import { type SignedFrame, T0_MS, type TestDevice } from '../../support/solo-ledger.ts';

let rig: DeriveRig;
let device: TestDevice;
beforeEach(async () => {
  rig = new DeriveRig();
  device = await rig.sensorDevice();
});
afterEach(async () => {
  rig.derivation.close();
  await rig.pipeline.close();
  rig.expectSound();
  rig.close();
  expect(rig.failures).toEqual([]);
});

function hourly(changes: object = {}) {
  const { urn } = device;
  return eventsConfig({ kind: 'sensor', name: 'cold-room', device: urn, ...changes });
}

async function enact(rule: Rule): Promise<void> {
  const change = { kind: 'rule' as const, rule };
  const outcome = await rig.desk.propose({ change, reason: 'agreed', epoch: null });
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
}

/** At most 8 °C. */
const COLD = sampleRule();
/** At most 70 %RH. */
const DRY = sampleRule({
  id: 'dry',
  check: { kind: 'range', quantity: 'relative humidity', unit: '%RH', min: null, max: 70 },
  examples: [dryExample(50, 'kept'), dryExample(80, 'broken')],
});

function dryExample(value: number, verdict: 'kept' | 'broken') {
  const reading = { sensor: 'rh', quantity: 'relative humidity', unit: '%RH', atS: 0, value };
  return { text: `${value} %`, verdict, readings: [reading], context: null };
}

/** Minutes since the start, temperature. */
function temperatures(...readings: [minute: number, value: number][]): SignedFrame {
  const records = readings.map(([minute, value]) => {
    return { name: 'temp', unit: 'Cel', value, timeMs: T0_MS + minute * 60_000 };
  });
  return rig.pack(device, records, { sub: LOT });
}

const evidence = ({ id }: SignedFrame) => `${PUBLIC_URL}/v1/statements/${toHex(id)}/evidence`;
const at = (minute: number) => new Date(T0_MS + minute * 60_000).toISOString();

test('a period of readings is one event, each number with its own proof', async () => {
  rig.derive(hourly({ bizLocation: DOCK, zoneOffset: '+08:00' }));
  const [low, high, next] = [
    temperatures([0, 4.1], [10, 2.3]),
    temperatures([20, 6.2], [59, 3.8]),
    temperatures([60, 5]),
  ];
  rig.bring(low, high, next);
  const [event, ...more] = await rig.settled(1);
  expect(more).toEqual([]);
  const { eventID, ...rest } = event ?? {};
  expect(eventID).toMatch(/^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/);
  expect(rest).toEqual({
    type: 'ObjectEvent',
    eventTime: at(60),
    eventTimeZoneOffset: '+08:00',
    bizStep: 'sensor_reporting',
    bizLocation: { id: DOCK },
    action: 'OBSERVE',
    quantityList: [{ epcClass: LOT }],
    sensorElementList: [
      {
        sensorMetadata: {
          deviceID: device.urn,
          deviceMetadata: `${device.urn}:temp`,
          startTime: at(0),
          endTime: at(60),
        },
        sensorReport: [
          { type: 'Temperature', uom: 'CEL', minValue: 2.3, rawData: evidence(low) },
          { type: 'Temperature', uom: 'CEL', maxValue: 6.2, rawData: evidence(high) },
          {
            type: 'Temperature',
            uom: 'CEL',
            meanValue: 4.1,
            rawData: `${PUBLIC_URL}/v1/readings?${new URLSearchParams({
              device: device.urn,
              fromMs: `${T0_MS}`,
              toMs: `${T0_MS + 3_600_000}`,
            })}`,
          },
        ],
      },
    ],
  });
});

test('each sensor has an element of its own; one that only failed says so', async () => {
  rig.derive(hourly());
  const both = rig.pack(
    device,
    [
      { name: 'temp', unit: 'Cel', value: 4, timeMs: T0_MS },
      { name: 'rh/fault', value: 'timeout', timeMs: T0_MS + 1_000 },
    ],
    { sub: LOT },
  );
  rig.bring(both, temperatures([61, 4]));
  const [event] = await rig.settled(1);
  expect(event?.['sensorElementList']).toMatchObject([
    {
      sensorMetadata: { deviceMetadata: `${device.urn}:rh` },
      sensorReport: [
        { type: 'RelativeHumidity', exception: 'ERROR_CONDITION', rawData: evidence(both) },
      ],
    },
    {
      sensorMetadata: { deviceMetadata: `${device.urn}:temp` },
      sensorReport: [{ type: 'Temperature', value: 4, uom: 'CEL', time: at(0) }],
    },
  ]);
});

describe('a period', () => {
  test('ends with a heartbeat from after it', async () => {
    rig.derive(hourly());
    rig.bring(temperatures([0, 4]), rig.heartbeat(device, 3_600));
    expect(await rig.settled(1)).toHaveLength(1);
  });

  test('that is over gets what comes late in an event of its own', async () => {
    rig.derive(hourly());
    rig.bring(temperatures([0, 4]), temperatures([70, 5]), temperatures([30, 9], [71, 6]));
    rig.bring(temperatures([130, 5]));
    const events = await rig.settled(3);
    expect(events.map(({ eventTime }) => eventTime)).toEqual([at(60), at(60), at(120)]);
    expect(JSON.stringify(events[1])).toContain('"value":9');
    expect(JSON.stringify(events[2])).toContain('"maxValue":6');
  });

  test('is apart for each thing that the device was with', async () => {
    rig.derive(hourly());
    const pallet = 'https://id.gs1.org/00/095060001343000014';
    const other = rig.temperatures(device, T0_MS + 60_000, [1, 2], { sub: pallet });
    rig.bring(temperatures([0, 4]), other, temperatures([2, 6]), temperatures([60, 5]));
    const events = await rig.settled(2);
    expect(events[0]).toMatchObject({ quantityList: [{ epcClass: LOT }] });
    expect(events[1]).toMatchObject({ epcList: [pallet] });
    expect(JSON.stringify(events[0])).toContain('"maxValue":6');
  });

  test('of a device without a clock is told by the log time of its batches', async () => {
    rig.derive(hourly());
    const records = [{ name: 'temp', unit: 'Cel', value: 4, timeMs: -60_000 }];
    rig.bring(rig.pack(device, records, { quality: 0, sub: LOT }));
    rig.nowMs += 3_600_000;
    rig.bring(rig.pack(device, records, { quality: 0, sub: LOT }));
    const [event] = await rig.settled(1);
    expect(event).toMatchObject({ eventTime: at(240) });
  });

  test('of a day begins at midnight where the device is', async () => {
    rig.derive(hourly({ everyS: 86_400, zoneOffset: '+08:00' }));
    rig.bring(temperatures([0, 4], [1, 5]));
    rig.nowMs += 86_400_000;
    rig.bring(temperatures([24 * 60, 4]));
    const [event] = await rig.settled(1);
    expect(event).toMatchObject({ eventTime: '2026-11-02T16:00:00.000Z' });
  });
});

describe('what an event is about', () => {
  test.each([
    [{ about: 'place', readPoint: DOCK }, { readPoint: { id: DOCK } }, 'epcList'],
    [
      { about: 'https://id.gs1.org/8003/09506000134352S1' },
      { epcList: ['https://id.gs1.org/8003/09506000134352S1'] },
      'quantityList',
    ],
  ])('%j', async (changes, expected, absent) => {
    rig.derive(hourly(changes));
    rig.bring(temperatures([0, 4]), temperatures([60, 5]));
    const [event] = await rig.settled(1);
    expect(event).toMatchObject(expected);
    expect(event).not.toHaveProperty(absent);
  });

  test('is where it happened, when the subject is a place', async () => {
    rig.derive(hourly());
    rig.bring(rig.temperatures(device, T0_MS, [1, 2], { sub: DOCK }), rig.heartbeat(device, 3_600));
    const [event] = await rig.settled(1);
    expect(event).toMatchObject({ readPoint: { id: DOCK } });
    expect(event).not.toHaveProperty('epcList');
  });
});

test('the statement under rawData is in the log and holds the number', async () => {
  rig.derive(hourly());
  const pack = temperatures([0, 4]);
  rig.bring(pack, temperatures([60, 5]));
  await rig.settled(1);
  const leafIndex = rig.ledger.store.leaves.find(pack.id);
  const entry = rig.ledger.store.leaves.entry(leafIndex ?? -1);
  const statement = entry ? parseStatement(entry) : null;
  expect(statement?.ok && toHex(statement.value.id)).toBe(toHex(pack.id));
});

test('the rules in force are named, and what broke one is an alarm', async () => {
  await enact(COLD);
  await enact(DRY);
  rig.pipeline.keysChanged(rig.ledger.state.keys);
  rig.derive(hourly());
  const broken = temperatures([10, 9.5]);
  await rig.admit(temperatures([0, 4]), broken, temperatures([61, 4]));
  const [event] = await rig.settled(1);
  const [element, ...more] = (event?.['sensorElementList'] ?? []) as JsonObject[];
  expect(more).toEqual([]);
  // `dry` looks at another quantity.
  expect(element).toMatchObject({
    sensorMetadata: { bizRules: `${PUBLIC_URL}/v1/law#cold@1` },
  });
  expect(((element?.['sensorReport'] ?? []) as JsonObject[]).slice(3)).toEqual([
    {
      type: 'Temperature',
      exception: 'ALARM_CONDITION',
      stringValue: 'cold@1',
      rawData: evidence(broken),
    },
  ]);
});
