import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../../device-sdk/bus/serial-port.ts';
import { SerialLine } from '../../../device-sdk/bus/serial-port.ts';
import { seededRandom } from '../../../device-sdk/sensors/generator.ts';
import { type GnssTimeFix, NmeaSensor } from '../../../device-sdk/sensors/nmea.ts';
import { parseSentence } from '../../../device-sdk/sensors/nmea-sentence.ts';
import { isFault } from '../../../device-sdk/sensors/sensor.ts';
import { group } from '../../support/group.ts';
import { ModbusSlave } from '../../support/modbus-slave.ts';
import { hasSocat, openPtyPair, until } from '../../support/pty.ts';
import { hasSharedData, sharedData } from '../../support/shared-data.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;
const build = Date.UTC(2010, 0, 1);

function rig(buildDateMs = build) {
  let feed: (bytes: Uint8Array) => void = () => {};
  const source: ByteSource = {
    isOpen: true,
    onBytes: (listener) => {
      feed = listener;
      return () => {};
    },
    close: () => Promise.resolve(),
  };
  const clock = new VirtualClock();
  const fixes: GnssTimeFix[] = [];
  const onTime = (fix: GnssTimeFix) => fixes.push(fix);
  const sensor = new NmeaSensor({ name: 'gnss', source, buildDateMs, clock, onTime });
  return { sensor, clock, fixes, feed: (bytes: Uint8Array) => feed(bytes) };
}

/** gpsd's logs carry a header of `#` lines that no receiver sent. */
function log(name: string): Buffer {
  const text = readFileSync(sharedData('nmea', name), 'latin1');
  return Buffer.from(text.replace(/^#.*\n/gm, ''), 'latin1');
}

const VALID = '$GPRMC,030719.000,A,3747.0873,S,17518.8938,E,0.69,181.39,311214,,,A*7D\r\n';
const VOID = '$GPRMC,,V,,,,,,,,,,N*53\r\n';

describe('NmeaSensor', () => {
  test('a fix becomes lat, lon, m/s and a time', async () => {
    const { sensor, feed, fixes } = rig();
    feed(Buffer.from(VALID));
    expect((await sensor.sample(never)).measurements).toEqual([
      { name: 'lat', unit: 'lat', value: -37.7847883 },
      { name: 'lon', unit: 'lon', value: 175.3148967 },
      { name: 'speed', unit: 'm/s', value: 0.355 },
    ]);
    expect(fixes).toEqual([
      { utcMs: Date.UTC(2014, 11, 31, 3, 7, 19), monotonicMs: 1_000, errorMs: 1_000, rollovers: 0 },
    ]);
  });

  test('no fix, a void fix and an old fix are faults, never the last position', async () => {
    const { sensor, feed, clock, fixes } = rig();
    const faults = async () => (await sensor.sample(never)).measurements.map((m) => isFault(m));
    expect(await faults()).toEqual([true, true, true]);
    feed(Buffer.from(VALID));
    expect(await faults()).toEqual([false, false, false]);
    feed(Buffer.from(VOID));
    expect(await faults()).toEqual([true, true, true]);
    feed(Buffer.from(VALID));
    await clock.advance(5_001);
    expect(await faults()).toEqual([true, true, true]);
    expect(fixes).toHaveLength(2);
  });

  test('a date before the firmware was built is corrected and flagged', async () => {
    const { sensor, feed, fixes } = rig(Date.UTC(2026, 0, 1));
    feed(Buffer.from(VALID));
    expect(fixes[0]?.rollovers).toBe(1);
    expect(new Date(fixes[0]!.utcMs).getUTCFullYear()).toBe(2034);
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({
      suspect: 'week_rollover',
    });
  });
});

group('data', hasSharedData)('recorded receivers', () => {
  test.each([
    ['bu353s4.log', { accepted: 90, rejected: 0, valid: 25, void: 0 }],
    ['mtk-3329.log', { accepted: 28, rejected: 0, valid: 5, void: 0 }],
    ['ublox-zed-f9p-nmea.log', { accepted: 1015, rejected: 0, valid: 29, void: 0 }],
    ['telit-he910.log', { accepted: 1558, rejected: 0, valid: 187, void: 37 }],
  ])('%s', (name, counts) => {
    const { sensor, feed } = rig();
    feed(log(name));
    expect(sensor.stats).toEqual(counts);
  });

  test('gp-320fw: boot text between sentences is dropped; resync at `$` saves whole ones', () => {
    const text = log('gp-320fw-2019-04-07-coldboot.log');
    // Line by line, as a naive reader would: the counts everybody gets.
    const lines = text.toString('latin1').split(/\r?\n/).map(parseSentence);
    const rmcs = lines.flatMap((line) =>
      line.ok && line.value.type === 'RMC' ? [line.value] : [],
    );
    expect(rmcs.filter(({ fields }) => fields[1] === 'A')).toHaveLength(1);
    expect(rmcs.filter(({ fields }) => fields[1] === 'V')).toHaveLength(11);
    const { sensor, feed } = rig(Date.UTC(2019, 0, 1));
    feed(text);
    // Four more void RMCs stood behind a sentence that the reboot cut short.
    expect(sensor.stats).toMatchObject({ valid: 1, void: 15 });
    expect(sensor.stats.rejected).toBeGreaterThan(0);
  });

  test('chunks of any size give the same counts', () => {
    const bytes = log('gp-320fw-2019-04-07-coldboot.log');
    const whole = rig();
    whole.feed(bytes);
    for (const size of [1, 2, 7, 64, 1000]) {
      const { sensor, feed } = rig();
      for (let i = 0; i < bytes.length; i += size) feed(bytes.subarray(i, i + size));
      expect(sensor.stats, `chunks of ${size}`).toEqual(whole.sensor.stats);
    }
  });

  test('one flipped bit in every fourth line: those are rejected, no position moves', async () => {
    const random = seededRandom(7);
    const lines = log('bu353s4.log').toString('latin1').split('\n').filter(Boolean);
    let flipped = 0;
    const damaged = lines.map((line, index) => {
      if (index % 4 !== 0) return line;
      flipped += 1;
      const bytes = Buffer.from(line, 'latin1');
      // Within the body, so that the checksum's own case bit is not what flips.
      bytes[1 + Math.floor(random() * (bytes.length - 6))]! ^= 1 << Math.floor(random() * 7);
      return bytes.toString('latin1');
    });
    const { sensor, feed } = rig();
    feed(Buffer.from(damaged.join('\n').concat('\n'), 'latin1'));
    expect(sensor.stats.accepted).toBeLessThanOrEqual(90 - flipped);
    expect(sensor.stats.accepted).toBeGreaterThan(60);
    const [lat] = (await sensor.sample(never)).measurements;
    expect(lat).toMatchObject({ value: expect.closeTo(-37.7848, 3) });
  });
});

group('pty', hasSocat)('NmeaSensor over a pty', () => {
  test('reads a receiver through a real serial line', async () => {
    const pty = await openPtyPair();
    const source = new SerialLine({ path: pty.b, baudRate: 4800 });
    const sensor = new NmeaSensor({ name: 'gnss', source, buildDateMs: build });
    try {
      await until(() => source.isOpen, 'never opened');
      const peer = await ModbusSlave.open({ path: pty.a, unitId: 0, registers: () => undefined });
      peer.write(Buffer.from(`garbage${VALID}`));
      await until(() => sensor.stats.valid === 1, 'no fix');
      expect((await sensor.sample(never)).measurements[0]).toMatchObject({ name: 'lat' });
      await peer.close();
    } finally {
      await sensor.close();
      await pty.close();
    }
  });
});
