import { afterEach, describe, expect, test } from 'vitest';
import { ModbusBus, type ModbusBusOptions } from '../../../device-sdk/bus/modbus-bus.ts';
import { isSensorName } from '../../../device-sdk/formats/pack-name.ts';
import { isProducibleUnit } from '../../../device-sdk/formats/senml-units.ts';
import { seededRandom } from '../../../device-sdk/sensors/generator.ts';
import { ModbusSensor, probeRegisterMap } from '../../../device-sdk/sensors/modbus.ts';
import {
  decodeRegister,
  planBlocks,
  REGISTER_MAPS,
  type RegisterMap,
  SDM630,
  XY_MD02,
  XY_MD02_CLONE,
} from '../../../device-sdk/sensors/register-map.ts';
import { isFault, isText, type Measurement } from '../../../device-sdk/sensors/sensor.ts';
import { group } from '../../support/group.ts';
import { type Behaviour, ModbusSlave, type Request, withCrc } from '../../support/modbus-slave.ts';
import { hasSocat, openPtyPair, until } from '../../support/pty.ts';

const never = new AbortController().signal;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface RigOptions {
  readonly registers: (table: 'input' | 'holding', address: number) => number | undefined;
  readonly map?: RegisterMap;
  readonly behave?: (request: Request) => Behaviour;
  readonly bus?: Partial<ModbusBusOptions>;
}

async function rig(options: RigOptions) {
  const pty = await openPtyPair();
  closers.push(() => pty.close());
  const slave = await ModbusSlave.open({ path: pty.a, unitId: 1, ...options });
  closers.push(() => slave.close());
  const bus = new ModbusBus({
    path: pty.b,
    responseTimeoutMs: 800,
    worstResponseMs: 60,
    interFrameMs: 5,
    presenceCheckMs: 20,
    reopenMsMin: 20,
    reopenMsMax: 40,
    ...options.bus,
  });
  closers.push(() => bus.close());
  await until(() => bus.line.isOpen, 'bus never opened');
  const map = options.map ?? XY_MD02;
  const sensor = new ModbusSensor({ name: 'air', bus, unitId: 1, map });
  return { pty, slave, bus, sensor };
}

/** Temperatures live in 15…30 and humidities in 40…70, so a swap can't hide. */
function room(temperature: () => number, humidity: () => number) {
  return (table: 'input' | 'holding', address: number) => {
    if (table === 'holding') return address === 0x0101 ? 1 : undefined;
    if (address === 1) return temperature();
    return address === 2 ? humidity() : undefined;
  };
}

const steady = room(
  () => 205,
  () => 551,
);

describe('register maps', () => {
  test.each([...REGISTER_MAPS])('%s: names and units a registration accepts', (_key, map) => {
    const names = map.quantities.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !isSensorName(name))).toEqual([]);
    expect(map.quantities.filter(({ unit }) => !isProducibleUnit(unit))).toEqual([]);
  });

  test('a constant register that looks like a value block proves nothing, and is refused', () => {
    const identity = { ...XY_MD02.identity!, table: 'input' as const, type: 'uint32' as const };
    const bus = { doubtOf: () => 0 } as unknown as ModbusBus;
    const map = { ...XY_MD02, identity };
    expect(() => new ModbusSensor({ name: 'x', bus, unitId: 1, map })).toThrow('shape');
  });

  test('0xFF33 is −20.5 °C', () => {
    expect(decodeRegister('int16', Uint8Array.of(0xff, 0x33)) / 10).toBe(-20.5);
  });

  test('blocks join neighbours, stay under the limit and cover every quantity', () => {
    expect(planBlocks(XY_MD02)).toMatchObject([{ address: 1, count: 2 }]);
    const blocks = planBlocks(SDM630);
    expect(blocks.flatMap(({ quantities }) => quantities)).toHaveLength(SDM630.quantities.length);
    for (const { address, count, quantities } of blocks) {
      expect(count).toBeLessThanOrEqual(SDM630.registersPerReadMax);
      for (const q of quantities) expect(q.address + 2).toBeLessThanOrEqual(address + count);
    }
  });
});

group('pty', hasSocat)('ModbusSensor over a pty pair', () => {
  test('a sample with units, raw bytes and a signed temperature', async () => {
    const { sensor, slave } = await rig({
      registers: room(
        () => 0xff33,
        () => 551,
      ),
    });
    const { measurements } = await sensor.sample(never);
    expect(measurements).toEqual([
      { name: 'temperature', unit: 'Cel', value: -20.5, rawHex: 'ff33' },
      { name: 'humidity', unit: '%RH', value: 55.1, rawHex: '0227' },
    ]);
    // One block for both values, and the closing constant.
    expect(slave.requests.map(({ address }) => address)).toEqual([1, 0x0101]);
  });

  test('SDM630 floats over several blocks; kWh become joules', async () => {
    const words = (address: number, value: number) => {
      const view = new DataView(new ArrayBuffer(4));
      view.setFloat32(0, value);
      return view.getUint16((address % 2) * 2);
    };
    const { sensor } = await rig({
      map: SDM630,
      registers: (table, address) => {
        if (table === 'holding') return words(address, 1);
        const even = address - (address % 2);
        if (even === 0x0046) return words(address, 50.0625);
        if (even === 0x0048) return words(address, 12.5);
        return words(address, even < 6 ? 230.5 : 0.5);
      },
    });
    const { measurements } = await sensor.sample(never);
    expect(measurements.filter(isFault)).toEqual([]);
    const value = (name: string) =>
      (measurements.find((m) => m.name === name) as { value: number }).value;
    expect(value('voltage-l1')).toBe(230.5);
    expect(value('frequency')).toBe(50.0625);
    expect(value('import')).toBe(45_000_000);
  });

  test('out of range and NaN give a fault code and the raw bytes, never a number', async () => {
    const { sensor } = await rig({
      registers: room(
        () => 0x7fff,
        () => 551,
      ),
    });
    const [temperature, humidity] = (await sensor.sample(never)).measurements;
    expect(temperature).toMatchObject({ fault: 'out_of_range', rawHex: '7fff' });
    expect(temperature).not.toHaveProperty('value');
    expect(humidity).toMatchObject({ value: 55.1 });
  });

  test('an exception is a fault of its own, and raises no doubt', async () => {
    const { sensor, slave } = await rig({ registers: steady });
    slave.behave = ({ functionCode }) => (functionCode === 4 ? { exception: 4 } : { delayMs: 0 });
    const first = await sensor.sample(never);
    expect(first.measurements).toMatchObject([{ fault: 'exception' }, { fault: 'exception' }]);
    slave.behave = () => ({ delayMs: 0 });
    const second = await sensor.sample(never);
    expect(second.measurements[0]).toMatchObject({ value: 20.5 });
    expect(second.measurements[0]).not.toHaveProperty('suspect');
  });

  test('after a timeout: line rests, constant re-read, first reading suspect, then clean', async () => {
    const { sensor, slave, bus } = await rig({ registers: steady, bus: { worstResponseMs: 200 } });
    slave.behave = ({ index }) => (index === 0 ? 'silence' : { delayMs: 0 });
    const lost = await sensor.sample(never);
    expect(lost.measurements).toMatchObject([{ fault: 'timeout' }, { fault: 'timeout' }]);
    const restedFrom = performance.now();
    const first = await sensor.sample(never);
    expect(performance.now() - restedFrom).toBeGreaterThanOrEqual(195);
    expect(first.measurements).toMatchObject([
      { value: 20.5, suspect: 'after_timeout' },
      { value: 55.1, suspect: 'after_timeout' },
    ]);
    expect(slave.requests.map(({ address }) => address)).toEqual([1, 0x0101, 1, 0x0101]);
    const second = await sensor.sample(never);
    expect(second.measurements[0]).not.toHaveProperty('suspect');
    expect(bus.stats.timeouts).toBe(1);
  });

  test('a flipped bit is caught by the CRC', async () => {
    const { sensor, slave } = await rig({ registers: steady });
    const frame = withCrc([1, 4, 4, 0, 205, 2, 39]);
    frame[4] = (frame[4] ?? 0) ^ 1;
    slave.behave = ({ index }) => (index === 0 ? { raw: frame } : { delayMs: 0 });
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ fault: 'garbled' });
  });

  test('another device at this address is not read', async () => {
    const { sensor } = await rig({
      registers: (table, address) => (table === 'holding' ? 7 : steady(table, address)),
    });
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ fault: 'wrong_device' });
  });

  test('two noise bytes at the turn of the line are tolerated', async () => {
    const { sensor, slave } = await rig({ registers: steady });
    slave.behave = ({ index }) =>
      index === 0
        ? { raw: Uint8Array.of(0, 255, ...withCrc([1, 4, 4, 0, 205, 2, 39])) }
        : { delayMs: 0 };
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ value: 20.5 });
  });

  test('a babbling line is a fault, and the port is reopened', async () => {
    const { sensor, slave, bus } = await rig({
      registers: steady,
      bus: { drainMsMax: 200, worstResponseMs: 1_000 },
    });
    const babble = setInterval(() => slave.write(Uint8Array.of(0x55)), 2);
    closers.push(async () => clearInterval(babble));
    await until(() => bus.line.stats.bytesIn > 0, 'no babble');
    const opens = bus.line.stats.opens;
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ fault: 'line_busy' });
    clearInterval(babble);
    await until(() => bus.line.stats.opens > opens, 'not reopened');
  });

  test('unplugged is a fault, plugged in again is a suspect reading', async () => {
    const { sensor, pty, bus } = await rig({ registers: steady });
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ value: 20.5 });
    await pty.unplug();
    await until(() => !bus.line.isOpen, 'unplug not noticed');
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ fault: 'disconnected' });
    await pty.plug();
    const slave = await ModbusSlave.open({ path: pty.a, unitId: 1, registers: steady });
    closers.push(() => slave.close());
    await until(() => bus.line.isOpen, 'never reopened');
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({
      value: 20.5,
      suspect: 'after_timeout',
    });
  });

  test('requests into a dead line trip the byte watchdog', async () => {
    const { sensor, slave, bus } = await rig({
      registers: steady,
      bus: { responseTimeoutMs: 30, worstResponseMs: 10, silentExchangesMax: 3 },
    });
    slave.behave = () => 'silence';
    for (let i = 0; i < 3; i += 1) await sensor.sample(never);
    expect(bus.line.stats.watchdogTrips).toBe(1);
  });

  test('abort rejects the sample and leaves the bus usable', async () => {
    const { sensor } = await rig({ registers: steady });
    await expect(sensor.sample(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ value: 20.5 });
  });

  test('the probe tells a clone from the original', async () => {
    const { bus } = await rig({
      registers: (table, address) => {
        if (table === 'holding') return 1;
        return [205, 551][address];
      },
    });
    const maps = [XY_MD02, XY_MD02_CLONE];
    expect(await probeRegisterMap({ bus, unitId: 1, maps }, never)).toBe(XY_MD02_CLONE);
  });
});

/** Polls `polls` times against a slave with random late replies; every value must be current. */
async function pollLateSlave(options: {
  readonly polls: number;
  readonly seed: number;
  readonly lateMs: { readonly min: number; readonly max: number };
  readonly bus: Partial<ModbusBusOptions>;
}) {
  const random = seededRandom(options.seed);
  let temperature = 150;
  const { sensor, slave, bus } = await rig({
    // Two requests of one shape, so that a late reply could pass for the other's answer.
    map: { ...XY_MD02, registersPerReadMax: 1 },
    // Each read measures anew, so that a value left over from an earlier poll shows.
    registers: room(
      () => {
        temperature += 1;
        return temperature;
      },
      () => temperature + 300,
    ),
    bus: options.bus,
  });
  let late = 0;
  slave.behave = () => {
    if (random() > 0.15) return { delayMs: 0 };
    late += 1;
    return { delayMs: options.lateMs.min + random() * (options.lateMs.max - options.lateMs.min) };
  };
  const wrong: Measurement[] = [];
  const good: Measurement[] = [];
  const faults = new Set<string>();
  for (let poll = 0; poll < options.polls; poll += 1) {
    const measuredBefore = temperature;
    const { measurements } = await sensor.sample(never);
    for (const measurement of measurements) {
      if (isFault(measurement)) {
        faults.add(measurement.fault);
        continue;
      }
      if (isText(measurement)) throw new Error('a text');
      const degrees =
        measurement.name === 'temperature' ? measurement.value : measurement.value - 30;
      const current =
        Math.round(degrees * 10) > measuredBefore && Math.round(degrees * 10) <= temperature;
      (current ? good : wrong).push(measurement);
    }
  }
  return { wrong, good, faults, late, bus };
}

group('pty', hasSocat)('the late-reply trap, cured', () => {
  test('50 polls with random late replies: no wrong value is ever reported', async () => {
    const { wrong, good, faults, late, bus } = await pollLateSlave({
      polls: 50,
      seed: 1,
      lateMs: { min: 50, max: 110 },
      bus: { responseTimeoutMs: 40, worstResponseMs: 120 },
    });
    expect(wrong).toEqual([]);
    expect(late).toBeGreaterThan(5);
    expect(bus.stats.timeouts).toBeGreaterThan(3);
    expect(faults).toContain('timeout');
    expect(good.filter((m) => 'suspect' in m).length).toBeGreaterThan(0);
    expect(good.length).toBeGreaterThan(10);
  }, 60_000);

  test('even when replies are later than the configured worst case', async () => {
    const { wrong, good, faults } = await pollLateSlave({
      polls: 50,
      seed: 2,
      lateMs: { min: 45, max: 75 },
      bus: {
        responseTimeoutMs: 40,
        worstResponseMs: 10,
        interFrameMs: 1,
        silentExchangesMax: 1_000,
      },
    });
    expect(wrong).toEqual([]);
    expect(good.length).toBeGreaterThan(0);
    expect(faults.size).toBeGreaterThan(0);
  }, 60_000);
});
