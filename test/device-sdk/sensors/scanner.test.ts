import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ByteSource, SerialLine } from '../../../device-sdk/bus/serial-port.ts';
import { SystemClock } from '../../../device-sdk/clock.ts';
import { ConditionWatch } from '../../../device-sdk/condition-watch.ts';
import { GS } from '../../../device-sdk/formats/gs1-element-string.ts';
import { EVENT_BYTES, HidKeys } from '../../../device-sdk/sensors/hid-keys.ts';
import { HidScanner } from '../../../device-sdk/sensors/hid-scanner.ts';
import { type HandoverSetting, ScannerSensor } from '../../../device-sdk/sensors/scanner.ts';
import type { Measurement } from '../../../device-sdk/sensors/sensor.ts';
import { CONTROL, event, held, keysOf, press, SHIFT } from '../../support/evdev.ts';
import { group } from '../../support/group.ts';
import { hasSocat, openPtyPair, until } from '../../support/pty.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;
const SSCC = '395212300000000018';
const OTHER = '395212300000000025';
const GIVER = { role: 'giver', counterpart: null, pauseMs: 5_000 } as const;

function rig(handover: HandoverSetting | null = null) {
  let feed: (bytes: Uint8Array) => void = () => {};
  const port = { isOpen: true };
  const source: ByteSource = {
    get isOpen() {
      return port.isOpen;
    },
    onBytes: (listener) => {
      feed = listener;
      return () => {};
    },
    close: () => Promise.resolve(),
  };
  const clock = new VirtualClock();
  const sensor = new ScannerSensor({ name: 'scanner', source, clock, handover });
  return {
    sensor,
    clock,
    port,
    scan: (...lines: string[]) => {
      for (const line of lines) feed(Buffer.from(`${line}\r\n`, 'latin1'));
    },
    feed: (text: string) => feed(Buffer.from(text, 'latin1')),
    sample: async () => (await sensor.sample(never)).measurements,
  };
}

const textsOf = (all: readonly Measurement[]) =>
  all.map((one) => ('text' in one ? `${one.name}=${one.text}` : one));

describe('a scanner that observes', () => {
  test('every scan is one reading, GS1 data as people write it', async () => {
    const { scan, sample } = rig();
    scan(`]C100${SSCC}`, 'SEAL-7', `]d20109521234543213${GS}10L7${GS}21S1`);
    expect(textsOf(await sample())).toEqual([
      `scan=(00)${SSCC}`,
      'scan=SEAL-7',
      'scan=(01)09521234543213(10)L7(21)S1',
    ]);
    expect(await sample()).toEqual([]);
  });

  test('CR, LF or both end a scan, whatever the chunks', async () => {
    const { feed, sample } = rig();
    for (const char of `\n\rA-1\rB-2\n\r\nC-3`) feed(char);
    expect(textsOf(await sample())).toEqual(['scan=A-1', 'scan=B-2']);
    feed('x\r');
    expect(textsOf(await sample())).toEqual(['scan=C-3x']);
  });

  test('a read that is not right is a fault, never a thing', async () => {
    const { scan, sample, sensor } = rig();
    scan(`]C100${SSCC.slice(0, -1)}9`, '\u0001\u0002', `]C1${'05'.repeat(9)}`);
    expect(await sample()).toEqual(
      Array.from({ length: 3 }, () => ({ name: 'scan', fault: 'unreadable' })),
    );
    expect(sensor.stats).toEqual({ scans: 0, unreadable: 3 });
  });

  test('a line without end is dropped whole, and the next one is whole', async () => {
    const { feed, sample } = rig();
    feed('x'.repeat(1_500));
    feed(`tail\r\nGOOD\r\n`);
    expect(textsOf(await sample())).toEqual(['scan=GOOD']);
  });

  test('a stuck trigger does not fill the memory', async () => {
    const { scan, sample } = rig();
    for (let i = 0; i < 10_000; i += 1) scan('A');
    expect(await sample()).toHaveLength(256);
    scan('B');
    expect(textsOf(await sample())).toEqual(['scan=B']);
  });

  test('one that is away says so when it goes, once a minute, and when it goes again', async () => {
    const { port, clock, sample } = rig();
    const away = [{ name: 'scan', fault: 'disconnected' }];
    expect(await sample()).toEqual([]);
    port.isOpen = false;
    expect(await sample()).toEqual(away);
    expect(await sample()).toEqual([]);
    await clock.advance(60_000);
    expect(await sample()).toEqual(away);
    port.isOpen = true;
    expect(await sample()).toEqual([]);
    port.isOpen = false;
    expect(await sample()).toEqual(away);
  });
});

describe('a scanner that hands over', () => {
  test('what was scanned without a pause is one half', async () => {
    const { scan, sample, clock } = rig(GIVER);
    scan(`]C100${SSCC}`);
    await clock.advance(4_000);
    scan(`]C100${OTHER}`, 'SEAL-7', `]C140209521230000000002`, 'https://example.com/x');
    await clock.advance(4_999);
    expect(textsOf(await sample()).filter((one) => String(one).startsWith('handover'))).toEqual([]);
    await clock.advance(1);
    expect(textsOf(await sample())).toEqual([
      'handover.role=giver',
      `handover.item=https://id.gs1.org/00/${SSCC}`,
      `handover.item=https://id.gs1.org/00/${OTHER}`,
      'handover.seal=SEAL-7',
      'handover.number=09521230000000002',
      { name: 'handover.count', unit: 'count', value: 2 },
    ]);
    await clock.advance(60_000);
    expect(await sample()).toEqual([]);
  });

  test('cards turn the side round, counts on labels are added, a counterpart is named', async () => {
    const counterpart = 'urn:dev:ow:10e2073a01080063';
    const { scan, sample, clock } = rig({ ...GIVER, counterpart });
    scan('TG-RECEIVER', `(00)${SSCC}`, '(02)09521234543213(37)48', 'WRONG', 'SEAL-8');
    await sample();
    await clock.advance(5_000);
    expect(textsOf(await sample())).toEqual([
      'handover.role=receiver',
      `handover.item=https://id.gs1.org/00/${SSCC}`,
      'handover.seal=SEAL-8',
      `handover.counterpart=${counterpart}`,
      { name: 'handover.count', unit: 'count', value: 48 },
    ]);
  });

  test('a seal alone is handed to nobody; the same thing twice is one', async () => {
    const { scan, sample, clock } = rig(GIVER);
    scan('SEAL-7');
    await sample();
    await clock.advance(5_000);
    expect(await sample()).toEqual([]);
    scan(`(00)${SSCC}`, `(00)${SSCC}`);
    await sample();
    await clock.advance(5_000);
    expect(await sample()).toHaveLength(3);
  });

  test('states the condition since the last one, and over which time', async () => {
    const clock = new VirtualClock();
    const watch = new ConditionWatch(['temperature', 'cargo-temperature'], clock);
    const at = (value: number) => [{ name: 'temperature', unit: 'Cel', value }];
    watch.observe([...at(4), { name: 'humidity', unit: '%RH', value: 80 }], '');
    watch.observe(at(7.5), '');
    watch.observe(at(-2), 'cargo-');
    watch.observe([{ name: 'temperature', fault: 'not_a_number' }], '');
    watch.observe([{ name: 'temperature', text: 'no number' }], '');
    watch.observe(at(5), '');
    await clock.advance(90_000);
    const { scan, sample } = rig({ ...GIVER, pauseMs: 0, condition: () => watch.take() });
    scan(`(00)${SSCC}`);
    expect((await sample()).slice(-6)).toEqual([
      { name: 'handover.since', unit: 's', value: 90 },
      { name: 'handover.faults', unit: 'count', value: 1 },
      { name: 'handover.min.temperature', unit: 'Cel', value: 4 },
      { name: 'handover.max.temperature', unit: 'Cel', value: 7.5 },
      { name: 'handover.min.cargo-temperature', unit: 'Cel', value: -2 },
      { name: 'handover.max.cargo-temperature', unit: 'Cel', value: -2 },
    ]);
    scan(`(00)${SSCC}`);
    expect((await sample()).slice(-2)).toEqual([
      { name: 'handover.since', unit: 's', value: 0 },
      { name: 'handover.faults', unit: 'count', value: 0 },
    ]);
  });
});

const directory = mkdtempSync(join(tmpdir(), 'truegrain-scanner-'));
afterAll(() => rmSync(directory, { recursive: true }));

const TYPED = keysOf(`]C110aB${GS}375\r`);

describe('a keyboard scanner', () => {
  test('types what its keys say, whatever the chunks', () => {
    const typed = `]C110aB${GS}375\r`;
    for (const size of [1, 5, EVENT_BYTES, 100, TYPED.length]) {
      const keys = new HidKeys();
      let text = '';
      for (let at = 0; at < TYPED.length; at += size) {
        text += keys.push(TYPED.subarray(at, at + size));
      }
      expect(text, `chunks of ${size}`).toBe(typed);
    }
  });

  test('a key that is held, unknown or not a key types nothing', () => {
    const keys = new HidKeys();
    expect(keys.push(event(1, 30, 2))).toBe('');
    expect(keys.push(press(200))).toBe('');
    expect(keys.push(event(2, 30, 1))).toBe('');
    expect(keys.push(held(CONTROL, press(3)))).toBe('');
    keys.push(event(1, SHIFT, 1));
    keys.reset();
    expect(keys.push(press(30))).toBe('a');
  });

  // No pty is a HID device: a FIFO with recorded structs stands in for `/dev/input/event…`.
  test('is read from its device node, is away, and comes back', async () => {
    const path = join(directory, 'event0');
    const source = new HidScanner({ path, clock: new SystemClock(), pollMs: 2, reopenMs: 2 });
    const sensor = new ScannerSensor({ name: 'hid', source });
    const read = async () => (await sensor.sample(never)).measurements;
    try {
      expect(await read()).toEqual([{ name: 'scan', fault: 'disconnected' }]);
      expect(spawnSync('mkfifo', [path]).status).toBe(0);
      await until(() => source.isOpen, 'never opened');
      const fd = openSync(path, 'w');
      writeSync(fd, TYPED.subarray(0, 40));
      writeSync(fd, TYPED.subarray(40));
      await until(() => sensor.stats.scans === 1, 'no scan');
      closeSync(fd);
      expect(textsOf(await read())).toEqual(['scan=(10)aB(37)5']);
    } finally {
      await sensor.close();
    }
    expect(source.isOpen).toBe(false);
  });

  test('a device that can’t be read is dropped and tried again', async () => {
    const path = join(directory, 'folder');
    const source = new HidScanner({ path: directory, pollMs: 1, reopenMs: 1 });
    source.onBytes(() => {});
    await until(() => !source.isOpen, 'a folder was read');
    await source.close();
    writeFileSync(path, TYPED);
    const again = new HidScanner({ path, pollMs: 1, reopenMs: 1 });
    const sensor = new ScannerSensor({ name: 'file', source: again });
    await until(() => sensor.stats.scans === 1, 'no scan');
    await sensor.close();
  });
});

group('pty', hasSocat)('a serial scanner over a pty', () => {
  test('is read through a real serial line, and again after it was pulled', async () => {
    const pty = await openPtyPair();
    const source = new SerialLine({ path: pty.b, reopenMsMin: 5, presenceCheckMs: 10 });
    const sensor = new ScannerSensor({ name: 'scanner', source });
    const type = (text: string) => writeFileSync(pty.a, text, { flag: 'r+' });
    try {
      await until(() => source.isOpen, 'never opened');
      type(`]C100${SSCC}\r\n`);
      await until(() => sensor.stats.scans === 1, 'no scan');
      await pty.unplug();
      await until(() => !source.isOpen, 'still open');
      await pty.plug();
      await until(() => source.isOpen, 'not reopened');
      type('SEAL-7\n');
      await until(() => sensor.stats.scans === 2, 'no second scan');
      expect(textsOf((await sensor.sample(never)).measurements)).toEqual([
        `scan=(00)${SSCC}`,
        'scan=SEAL-7',
      ]);
    } finally {
      await sensor.close();
      await pty.close();
    }
  });
});
