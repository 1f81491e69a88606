import type { PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AggregationFold } from '../../../gateway/derive/aggregation-fold.ts';
import type { EventSetting } from '../../../gateway/derive/derive-config.ts';
import { EPCIS_CONTEXT, Links } from '../../../gateway/derive/event-body.ts';
import { ObservationFold } from '../../../gateway/derive/observation-fold.ts';
import type { PackFold } from '../../../gateway/derive/pack-fold.ts';
import { SensorFold } from '../../../gateway/derive/sensor-fold.ts';
import { SettingLine } from '../../../gateway/derive/setting-line.ts';
import type { SourcePack } from '../../../gateway/derive/source-pack.ts';
import { TransformationFold } from '../../../gateway/derive/transformation-fold.ts';
import { readEvent } from '../../../gateway/epcis/document/read-document.ts';
import type { JsonObject } from '../../../gateway/epcis/json.ts';
import { DOCK, eventsConfig, PUBLIC_URL } from '../../support/derive-rig.ts';
import { T0_MS } from '../../support/solo-ledger.ts';

const device = 'urn:dev:ops:32473-tg1-a';
const links = new Links(PUBLIC_URL);
const INPUT = '09506000134352';
const OUTPUT = '09506000134369';
const COMMON = { name: 'line', device, readPoint: DOCK };

function foldOf(setting: EventSetting): PackFold {
  if (setting.kind === 'sensor') return new SensorFold(setting, { links, registered: () => null });
  if (setting.kind === 'observation') return new ObservationFold(setting, links);
  if (setting.kind === 'aggregation') return new AggregationFold(setting, links);
  return new TransformationFold(setting, links);
}

/** Scans of few things, so that parents, items and outputs meet in every order. */
const SCANS = [
  '(00)095060001343000014',
  '(00)095060001343000021',
  `(01)${INPUT}(21)1`,
  `(01)${INPUT}(21)2`,
  `(01)${INPUT}(10)A`,
  `(01)${OUTPUT}(10)B`,
  'no thing',
];
const SUBJECTS = [
  `https://id.gs1.org/01/${INPUT}/10/A`,
  'https://id.gs1.org/00/095060001343000014',
];

const record = fc
  .tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 99 }))
  .map(([second, draw]): PackRecord => {
    const timeMs = T0_MS + second * 1_000;
    if (draw < 10) {
      return {
        name: 'heartbeat',
        kind: 'heartbeat',
        sensor: null,
        unit: null,
        value: true,
        timeMs,
      };
    }
    if (draw < 55) {
      const value = SCANS[draw % SCANS.length] ?? '';
      return { name: 'scan', kind: 'reading', sensor: 'scan', unit: null, value, timeMs };
    }
    return { name: 't', kind: 'reading', sensor: 't', unit: 'Cel', value: draw / 7, timeMs };
  });
const packs = fc
  .array(fc.tuple(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat({ max: 1 })), {
    minLength: 1,
    maxLength: 24,
  })
  .map((drawn) =>
    drawn.map(
      ([records, no], leafIndex): SourcePack => ({
        leafIndex,
        id: leafIndex.toString(16).padStart(64, '0'),
        device,
        subject: SUBJECTS[no] ?? '',
        records,
        rules: [],
        broken: new Set(),
      }),
    ),
  );
/** Packs taken in one go, and what happens then. */
const cuts = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('write', 'crash before', 'crash after')),
  { minLength: 1, maxLength: 30 },
);

/** As derivation.ts does it: events and point are written together or not at all. */
function derived(setting: EventSetting, all: SourcePack[], steps: [number, string][]) {
  const source = {
    at: (leafIndex: number) => all[leafIndex] ?? ('awaited' as const),
  };
  const disk = { point: { fromLeaf: 0, doneLeaf: -1 }, events: [] as JsonObject[] };
  const start = () => {
    const line = new SettingLine({ newFold: () => foldOf(setting), source, point: disk.point });
    line.restart(all.map(({ leafIndex }) => leafIndex).slice(disk.point.fromLeaf));
    return line;
  };
  let line = start();
  const end: [number, string] = [all.length * 2, 'write'];
  for (const [count, then] of [...steps, end]) {
    const made: JsonObject[] = [];
    for (let i = 0; i < count; i += 1) made.push(...(line.step() ?? []));
    if (then !== 'crash before' && (made.length > 0 || count % 2 === 0)) {
      disk.point = line.pointNow();
      disk.events.push(...made);
      line.stored(disk.point);
    }
    if (then !== 'write') line = start();
  }
  // After a crash at the very end.
  for (let i = 0; i < all.length; i += 1) expect(line.step() ?? []).toEqual([]);
  return disk.events;
}

describe.each([
  { ...COMMON, kind: 'sensor', everyS: 100, sensors: ['t'] },
  { ...COMMON, kind: 'sensor', everyS: 60, about: 'place' },
  { ...COMMON, kind: 'observation' },
  { ...COMMON, kind: 'aggregation', parent: 'last' },
  { ...COMMON, kind: 'aggregation', parent: 'first' },
  { ...COMMON, kind: 'transformation', inputs: [{ gtin: INPUT }], output: { gtin: OUTPUT } },
])('$kind $parent $about', (config) => {
  const [setting] = eventsConfig(config).settings as [EventSetting];

  test('any cut of the same packs, and any crash, gives the same events', () => {
    let count = 0;
    fc.assert(
      fc.property(packs, cuts, (all, steps) => {
        const fold = foldOf(setting);
        const expected = all.flatMap((pack) => fold.take(pack));
        count += expected.length;
        expect(derived(setting, all, steps)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
    expect(count).toBeGreaterThan(100);
  });

  test('every event follows the rules of EPCIS', () => {
    fc.assert(
      fc.property(packs, (all) => {
        const fold = foldOf(setting);
        for (const draft of all.flatMap((pack) => fold.take(pack))) {
          const read = readEvent({ '@context': [EPCIS_CONTEXT], ...draft });
          expect(read.ok ? [] : read.breaches).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
