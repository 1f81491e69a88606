import { describe, expect, test } from 'vitest';
import {
  correctWeekRollover,
  parseSentence,
  readGga,
  readRmc,
  type Sentence,
} from '../../../device-sdk/sensors/nmea-sentence.ts';

function sentence(line: string): Sentence {
  const parsed = parseSentence(line);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.value;
}

function withChecksum(body: string): string {
  const sum = [...body].reduce((acc, ch) => acc ^ ch.charCodeAt(0), 0);
  return `$${body}*${sum.toString(16).padStart(2, '0').toUpperCase()}`;
}

const rmc = (fields: string) => readRmc(sentence(withChecksum(`GPRMC,${fields}`)));

describe('parseSentence', () => {
  const line = '$GPRMC,030719.000,A,3747.0873,S,17518.8938,E,0.69,181.39,311214,,,A*7D';

  test('a real sentence', () => {
    expect(sentence(line)).toMatchObject({ talker: 'GP', type: 'RMC' });
    expect(sentence('$PMTK001,604,1*30')).toMatchObject({ talker: 'P', type: 'MTK001' });
  });

  test('every single-bit flip is refused, or is only the case of a checksum digit', () => {
    const bytes = Buffer.from(line, 'latin1');
    for (let i = 0; i < bytes.length * 8; i += 1) {
      const copy = Buffer.from(bytes);
      copy[i >> 3]! ^= 1 << (i & 7);
      const parsed = parseSentence(copy.toString('latin1'));
      if (parsed.ok) expect(copy.toString('latin1').toUpperCase()).toBe(line);
    }
  });

  test.each(['', '$', '$*00', '$GPRMC', 'GPRMC*4B', '$GPRMC*4', '$GPRMC*4BX', '$GP\u0001RMC*4A'])(
    'refused: %j',
    (text) => {
      expect(parseSentence(text).ok).toBe(false);
    },
  );
});

describe('readRmc', () => {
  test('position in degrees, speed in m/s, time in UTC', () => {
    const read = readRmc(
      sentence('$GPRMC,030719.000,A,3747.0873,S,17518.8938,E,0.69,181.39,311214,,,A*7D'),
    );
    expect(read).toEqual({
      ok: true,
      value: {
        valid: true,
        utcMs: Date.UTC(2014, 11, 31, 3, 7, 19),
        lat: -37.7847883,
        lon: 175.3148967,
        speed: 0.355,
      },
    });
  });

  test('void and empty', () => {
    expect(readRmc(sentence('$GPRMC,,V,,,,,,,,,,N*53'))).toMatchObject({
      value: { valid: false, utcMs: null, lat: null, lon: null, speed: null },
    });
  });

  test.each([
    ['latitude beyond the pole', '120000,A,9100.0,N,00100.0,E,0,0,010120,,', 'lat'],
    ['60 minutes', '120000,A,4560.0,N,00100.0,E,0,0,010120,,', 'lat'],
    ['no hemisphere', '120000,A,4500.0,,00100.0,E,0,0,010120,,', 'lat'],
    ['hemisphere of the other axis', '120000,A,4500.0,E,00100.0,E,0,0,010120,,', 'lat'],
    ['longitude beyond 180', '120000,A,4500.0,N,18100.0,E,0,0,010120,,', 'lon'],
    ['hour 24', '240000,A,4500.0,N,00100.0,E,0,0,010120,,', 'utcMs'],
    ['31 February', '120000,A,4500.0,N,00100.0,E,0,0,310220,,', 'utcMs'],
    ['month 13', '120000,A,4500.0,N,00100.0,E,0,0,011320,,', 'utcMs'],
    ['negative knots of words', '120000,A,4500.0,N,00100.0,E,fast,0,010120,,', 'speed'],
  ])('%s is null, not a guess', (_what, fields, key) => {
    expect(rmc(fields)).toMatchObject({ ok: true, value: { [key]: null } });
  });

  test('the equator west of Greenwich is 0, never −0', () => {
    const read = rmc('120000,A,0000.0,S,00000.0,W,0,0,010120,,');
    expect(read.ok && Object.is(read.value.lat, 0) && Object.is(read.value.lon, 0)).toBe(true);
  });
});

test('readGga', () => {
  const line = '$GPGGA,030719.000,3747.0873,S,17518.8938,E,1,08,1.1,59.9,M,23.7,M,,0000*7D';
  expect(readGga(sentence(line))).toEqual({
    ok: true,
    value: { quality: 1, satellites: 8, hdop: 1.1, altitude: 59.9 },
  });
});

describe('correctWeekRollover', () => {
  const build = Date.UTC(2019, 0, 1);

  test('1999-08-22 from a receiver built after 2019 is 2019-04-07', () => {
    expect(correctWeekRollover(Date.UTC(1999, 7, 22), build)).toEqual({
      timeMs: Date.UTC(2019, 3, 7),
      rollovers: 1,
    });
  });

  test('two rollovers, and none', () => {
    expect(correctWeekRollover(Date.UTC(1980, 0, 6), build).rollovers).toBe(2);
    expect(correctWeekRollover(build, build)).toEqual({ timeMs: build, rollovers: 0 });
  });
});
