import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config.ts';
import { MEASURABLE_UNITS, measurementUnit } from '../../../gateway/derive/measurement-unit.ts';
import { unfitness } from '../../../gateway/derive/setting-fit.ts';
import { isVocabularyWord } from '../../../gateway/epcis/gs1/cbv-vocabulary.ts';
import { isUnitCode } from '../../../gateway/epcis/gs1/rec20.ts';
import type { DeviceRecord } from '../../../gateway/ledger/state.ts';
import { DOCK, eventsConfig, HUMIDITY_SPEC, SCANNER_SPEC } from '../../support/derive-rig.ts';
import { TEMPERATURE_SPEC } from '../../support/solo-ledger.ts';

const file = '/srv/tg/truegrain.json';
const LEAST = {
  member: { iss: 'https://mill.example', name: 'Mill' },
  ledgerName: 'ledger.mill.example/rice',
  http: { publicUrl: 'https://tg.mill.example/' },
};
const parse = (events: unknown, rest: object = LEAST) =>
  parseConfig({ ...rest, events }, { file }).events;

const device = 'urn:dev:ops:32473-tg1-a';
const SENSOR = { kind: 'sensor', name: 'cold-room', device };
const STATION = { kind: 'aggregation', name: 'line-1', device, readPoint: DOCK };
const PART = { gtin: '09506000134352' };
const OTHER = { gtin: '09506000134369' };
const RECIPE = { kind: 'transformation', name: 'mill', device, readPoint: DOCK };

describe('the section `events`', () => {
  test('needs little; the rest has safe defaults', () => {
    expect(parse([SENSOR])).toEqual({
      publicUrl: 'https://tg.mill.example',
      settings: [
        {
          ...SENSOR,
          sensors: null,
          about: 'subject',
          everyS: 3_600,
          readPoint: null,
          bizLocation: null,
          bizStep: 'sensor_reporting',
          disposition: null,
          zoneOffset: '+00:00',
          fromLeaf: null,
        },
      ],
    });
    expect(parse([STATION])?.settings).toMatchObject([
      { sensor: 'scan', parent: 'last', parentKey: '00', bizStep: 'packing' },
    ]);
    expect(parse([{ ...RECIPE, inputs: [PART], output: OTHER }])?.settings).toMatchObject([
      { inputs: [{ ...PART, quantity: 1, uom: null }], output: OTHER, bizStep: null },
    ]);
  });

  test('that is absent or empty derives nothing', () => {
    expect(parse(undefined)).toBeUndefined();
    expect(parse([], { ...LEAST, http: {} })).toBeUndefined();
  });

  test.each([
    [{}, 'events must be a list'],
    [[{ kind: 'event' }], 'events[0].kind must be one of sensor, observation,'],
    [[{ ...SENSOR, name: 'Cold Room' }], 'events[0].name must match'],
    [[SENSOR, SENSOR], 'events has two settings named cold-room'],
    [[{ ...SENSOR, device: 'a' }], 'events[0].device is no device URN'],
    [[{ ...SENSOR, sensors: ['a:b'] }], 'events[0].sensors has a:b'],
    [[{ ...SENSOR, everyS: 1 }], 'events[0].everyS must be an integer from 60 to 86400'],
    [[{ ...SENSOR, about: 'place' }], 'events[0].about is the place: readPoint is missing'],
    [[{ ...SENSOR, about: DOCK }], 'events[0].about is a place'],
    [[{ ...SENSOR, about: 'pallet' }], 'events[0].about must be an absolute URI'],
    [
      [{ ...SENSOR, readPoint: `${DOCK.slice(0, -1)}3` }],
      'events[0].readPoint is wrong: epc_check',
    ],
    [[{ ...SENSOR, bizStep: 'eating' }], 'events[0].bizStep must be a bizStep of CBV 2.0'],
    [[{ ...SENSOR, disposition: 'shipping' }], 'events[0].disposition must be a disposition'],
    [[{ ...SENSOR, zoneOffset: '8' }], 'events[0].zoneOffset must match'],
    [[{ ...SENSOR, fromLeaf: -1 }], 'events[0].fromLeaf must be an integer'],
    [[{ ...SENSOR, parent: 'last' }], 'events[0].parent is not a known key'],
    [[{ ...STATION, readPoint: undefined }], 'events[0].readPoint is missing'],
    [[{ ...STATION, sensor: 'a b' }], "events[0].sensor is no sensor's name"],
    [[{ ...STATION, parent: 'middle' }], 'events[0].parent must be one of last, first'],
    [[{ ...STATION, parentKey: '01' }], 'events[0].parentKey must be one of 00, 8003, 8004'],
    [[{ ...RECIPE, output: OTHER }], 'events[0].inputs is missing'],
    [[{ ...RECIPE, inputs: [PART] }], 'events[0].output is missing'],
    [[{ ...RECIPE, inputs: [PART], output: PART }], 'events[0].inputs has 09506000134352 twice'],
    [
      [{ ...RECIPE, inputs: [{ gtin: '09506000134353' }], output: OTHER }],
      'events[0].inputs[0].gtin is wrong: epc_check_digit',
    ],
    [
      [{ ...RECIPE, inputs: [{ ...PART, quantity: 1.5 }], output: OTHER }],
      'events[0].inputs[0].quantity is not a whole number',
    ],
    [
      [{ ...RECIPE, inputs: [{ ...PART, quantity: 0 }], output: OTHER }],
      'events[0].inputs[0].quantity must be a number above 0',
    ],
    [
      [{ ...RECIPE, inputs: [{ ...PART, uom: 'kg' }], output: OTHER }],
      'events[0].inputs[0].uom is not a code',
    ],
  ])('names the key it refuses: %j', (events, message) => {
    expect(() => parse(events)).toThrow(`${file}: ${message}`);
  });

  test('needs an address for the links to evidence', () => {
    expect(() => parse([SENSOR], { ...LEAST, http: {} })).toThrow('events needs http.publicUrl');
  });
});

describe('a setting and the device as it is registered', () => {
  const GNSS = { ...TEMPERATURE_SPEC, name: 'lat', quantity: 'latitude', unit: 'lat' };
  const why = (changes: object, ...sensors: object[]) => {
    const [setting] = eventsConfig({ ...SENSOR, ...changes }).settings;
    if (!setting) throw new Error('no setting');
    return unfitness(setting, { device, sensors } as unknown as DeviceRecord);
  };
  const station = { ...STATION, kind: 'observation' };

  test.each([
    [{}, [TEMPERATURE_SPEC, HUMIDITY_SPEC, SCANNER_SPEC], null],
    [{}, [TEMPERATURE_SPEC, GNSS], 'measures lat in lat, which EPCIS has no words for; list'],
    [{ sensors: ['temp'] }, [TEMPERATURE_SPEC, GNSS], null],
    [{ sensors: ['lat'] }, [GNSS], 'measures lat in lat, which EPCIS has no words for'],
    [{ sensors: ['rh'] }, [TEMPERATURE_SPEC], 'has no sensor rh'],
    [{ sensors: ['scan'] }, [SCANNER_SPEC], 'gives no numbers with scan'],
    [station, [SCANNER_SPEC], null],
    [station, [TEMPERATURE_SPEC], 'has no sensor scan'],
    [{ ...station, sensor: 'temp' }, [TEMPERATURE_SPEC], 'measures numbers with temp, not texts'],
  ])('%j', (changes, sensors, expected) => {
    const found = why(changes, ...sensors);
    if (expected === null) expect(found).toBe(null);
    else expect(found).toContain(expected);
  });
});

test('every unit has a type of CBV 2.0 and a code of Recommendation 20', () => {
  expect(MEASURABLE_UNITS.length).toBeGreaterThan(45);
  for (const senml of MEASURABLE_UNITS) {
    const unit = measurementUnit(senml);
    expect([senml, isVocabularyWord('measurement', unit?.type ?? '')]).toEqual([senml, true]);
    expect([senml, isUnitCode(unit?.uom ?? '')]).toEqual([senml, true]);
  }
  expect(measurementUnit('Cel')).toEqual({ type: 'Temperature', uom: 'CEL' });
  expect(measurementUnit('%RH')).toEqual({ type: 'RelativeHumidity', uom: 'P1' });
  expect(measurementUnit('lat')).toBe(null);
});
