import { type CborMap, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import {
  baseNameOf,
  PACK_BYTES_MAX,
  PACK_RECORDS_MAX,
  parsePack,
} from '@truegrain/device-sdk/formats/pack.js';
import { checkPack, sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import {
  encodeHeartbeat,
  encodePack,
  type PackRecordFields,
} from '@truegrain/device-sdk/formats/pack-encode.js';
import { parseSenmlCbor } from '@truegrain/device-sdk/formats/senml.js';
import { resolveSenml } from '@truegrain/device-sdk/formats/senml-resolve.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEVICE, NOW_MS, registration, samples } from '../../support/format-samples.ts';

const baseName = baseNameOf(DEVICE);
const salt = new Uint8Array(16).fill(3);
const reading = { name: 't', unit: 'Cel', value: 1.5, timeMs: NOW_MS };

function parsed(bytes: Uint8Array) {
  const result = parsePack(bytes);
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
}

function map(entries: [number | string, CborValue][]): CborMap {
  return new Map(entries);
}

const SALT = map([
  [0, 'salt'],
  [8, salt],
  [-2, baseName],
  [-3, 1_764_000_000],
]);
const GOOD = map([
  [0, 't'],
  [1, 'Cel'],
  [2, 1.5],
]);

function code(...records: CborValue[]): string | null {
  const result = parsePack(encodeCbor(records));
  return result.ok ? null : result.code;
}

describe('a pack', () => {
  test('says what its encoder was told', () => {
    const pack = parsed(samples.pack);
    expect(pack).toMatchObject({
      baseName,
      relative: false,
      firstMs: NOW_MS,
      lastMs: NOW_MS + 4_001,
    });
    expect(pack.records.map(({ kind }) => kind)).toEqual([
      'reading',
      'reading',
      'reading',
      'reading',
      'fault',
      'flag',
      'clock-step',
    ]);
    expect(pack.records[2]).toEqual({
      name: 'temperature',
      kind: 'reading',
      sensor: 'temperature',
      unit: 'Cel',
      value: -18.5,
      timeMs: NOW_MS + 2_500,
    });
    expect(pack.records[5]).toMatchObject({
      sensor: 'temperature',
      value: 'suspect:after-timeout',
    });
  });

  test('a heartbeat is one record, and the salt is not counted', () => {
    const { records } = parsed(encodeHeartbeat({ baseName, salt, timeMs: NOW_MS }));
    expect(records).toMatchObject([
      { kind: 'heartbeat', value: true, sensor: null, timeMs: NOW_MS },
    ]);
  });

  test('relative times have no first and last', () => {
    const pack = parsed(samples.relativePack);
    expect(pack).toMatchObject({ relative: true, firstMs: null, lastMs: null });
    expect(pack.records.map(({ timeMs }) => timeMs)).toEqual([-61_500, 0]);
  });

  test('is SenML that a general reader resolves to the same', () => {
    const pack = parsed(samples.pack);
    const general = parseSenmlCbor(samples.pack);
    if (!general.ok) throw new Error(general.code);
    const resolved = resolveSenml(general.value, null);
    if (!resolved.ok) throw new Error(resolved.code);
    const readings = resolved.value.filter(({ n }) => n !== `${baseName}salt`);
    expect(readings.map(({ n, t }) => [n, Math.round(t * 1000)])).toEqual(
      pack.records.map(({ name, timeMs }) => [baseName + name, timeMs]),
    );
  });

  test('every list of records comes back, to the millisecond', () => {
    const record = fc.record({
      name: fc
        .stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
        .filter((n) => !['salt', 'heartbeat', 'clock'].includes(n)),
      timeMs: fc.integer({ min: 300_000_000_000, max: 253_402_300_799_999 }),
      number: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
      other: fc.option(fc.oneof(fc.boolean(), fc.string(), fc.uint8Array())),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (list) => {
        const records: PackRecordFields[] = list.map(({ name, timeMs, number, other }) =>
          other === null
            ? { name, timeMs, value: number, unit: 'V' }
            : { name, timeMs, value: other },
        );
        const pack = parsed(encodePack({ baseName, salt, records }));
        expect(
          pack.records.map(({ name, timeMs, value, unit }) => ({ name, timeMs, value, unit })),
        ).toEqual(records.map((r) => ({ unit: null, ...r })));
        expect(pack.firstMs).toBe(Math.min(...records.map(({ timeMs }) => timeMs)));
      }),
    );
  });

  test.each<[string, string | null, CborValue[]]>([
    ['good', null, [SALT, GOOD]],
    ['no records', 'pack_count', [SALT]],
    ['the salt not first', 'pack_salt', [GOOD, SALT]],
    ['a short salt', 'pack_salt', [new Map(SALT).set(8, new Uint8Array(15)), GOOD]],
    ['another field in the salt', 'pack_salt', [new Map(SALT).set(-4, 'Cel'), GOOD]],
    ['a base name without a colon', 'pack_name', [new Map(SALT).set(-2, DEVICE), GOOD]],
    ['a base name that is no device', 'pack_name', [new Map(SALT).set(-2, 'urn:x:'), GOOD]],
    ['a second base name', 'pack_field', [SALT, new Map(GOOD).set(-2, baseName)]],
    ['a text label', 'pack_field', [SALT, new Map(GOOD).set('x', 1)]],
    ['a sum', 'pack_field', [SALT, new Map(GOOD).set(5, 1)]],
    ['two values', 'pack_value', [SALT, new Map(GOOD).set(4, true)]],
    [
      'no value',
      'pack_value',
      [
        SALT,
        map([
          [0, 't'],
          [6, 1],
        ]),
      ],
    ],
    [
      'a number without a unit',
      'pack_value',
      [
        SALT,
        map([
          [0, 't'],
          [2, 1],
        ]),
      ],
    ],
    [
      'a text with a unit',
      'pack_value',
      [
        SALT,
        map([
          [0, 't'],
          [1, 'V'],
          [3, 'x'],
        ]),
      ],
    ],
    [
      'a second salt',
      'pack_name',
      [
        SALT,
        map([
          [0, 'salt'],
          [8, salt],
        ]),
      ],
    ],
    [
      'no name',
      'pack_name',
      [
        SALT,
        map([
          [1, 'V'],
          [2, 1],
        ]),
      ],
    ],
    [
      'an odd name',
      'pack_name',
      [
        SALT,
        map([
          [0, 'a b'],
          [4, true],
        ]),
      ],
    ],
    [
      'a slash',
      'pack_name',
      [
        SALT,
        map([
          [0, 't/x'],
          [3, 'y'],
        ]),
      ],
    ],
    [
      'a fault that isn’t a code',
      'pack_name',
      [
        SALT,
        map([
          [0, 't/fault'],
          [3, 'No!'],
        ]),
      ],
    ],
    [
      'a flag without suspect',
      'pack_name',
      [
        SALT,
        map([
          [0, 't/flag'],
          [3, 'late'],
        ]),
      ],
    ],
    [
      'a dead heartbeat',
      'pack_name',
      [
        SALT,
        map([
          [0, 'heartbeat'],
          [4, false],
        ]),
      ],
    ],
    ['a time finer than ms', 'pack_time', [SALT, new Map(GOOD).set(6, 0.0005)]],
    ['a time before 1978', 'pack_time', [SALT, new Map(GOOD).set(6, -1_600_000_000)]],
    ['a time after 9999', 'pack_time', [SALT, new Map(GOOD).set(6, 253_402_300_799)]],
    ['a base time that is relative', 'pack_time', [new Map(SALT).set(-3, 5), GOOD]],
  ])('%s: %s', (_, expected, records) => expect(code(...records)).toBe(expected));

  test('a relative time is never ahead', () => {
    const base = map([
      [0, 'salt'],
      [8, salt],
      [-2, baseName],
    ]);
    expect(code(base, new Map(GOOD).set(6, -1))).toBe(null);
    expect(code(base, new Map(GOOD).set(6, 1))).toBe('pack_time');
    expect(code(base, new Map(GOOD).set(6, -(2 ** 28)))).toBe('pack_time');
    expect(code(base, new Map(GOOD).set(6, 1_764_000_000))).toBe('pack_time');
  });

  test('caps', () => {
    const records = Array.from({ length: PACK_RECORDS_MAX }, () => GOOD);
    expect(code(SALT, ...records)).toBe(null);
    expect(code(SALT, ...records, GOOD)).toBe('pack_count');
    expect(parsePack(new Uint8Array(PACK_BYTES_MAX + 1))).toMatchObject({ code: 'pack_too_large' });
    expect(() => encodePack({ baseName, salt, records: [] })).toThrow(TypeError);
    expect(() => encodePack({ baseName, salt, records: [{ ...reading, timeMs: 5 }] })).toThrow(
      TypeError,
    );
    expect(() => encodePack({ baseName: 'x:', salt, records: [reading] })).toThrow(TypeError);
  });
});

describe('a pack against a registration', () => {
  const sensors = sensorTable(registration.sensors);
  const verdict = (...records: Omit<PackRecordFields, 'timeMs'>[]) =>
    checkPack(
      parsed(
        encodePack({ baseName, salt, records: records.map((r) => ({ ...r, timeMs: NOW_MS })) }),
      ),
      sensors,
    );

  test('fits', () => {
    expect(checkPack(parsed(samples.pack), sensors)).toBe(null);
    expect(checkPack(parsed(samples.heartbeat), sensors)).toBe(null);
  });

  test('is refused for its first fault', () => {
    const temperature = { name: 'temperature', unit: 'Cel', value: 20 };
    expect(verdict({ ...temperature, name: 'pressure' })).toBe('unknown_sensor');
    expect(verdict({ name: 'pressure/fault', value: 'timeout' })).toBe('unknown_sensor');
    expect(verdict({ ...temperature, unit: 'K' })).toBe('unit');
    expect(verdict({ name: 'temperature', value: 'hot' })).toBe('unit');
    expect(verdict({ name: 'door', unit: 'Cel', value: 1 })).toBe('unit');
    expect(verdict({ ...temperature, value: 60.1 })).toBe('range');
    expect(verdict({ ...temperature, value: -40.5 })).toBe('range');
    expect(verdict({ ...temperature, value: 60 }, { ...temperature, value: -40 })).toBe(null);
    expect(verdict({ ...temperature, value: 61 }, { ...temperature, unit: 'K' })).toBe('range');
  });
});
