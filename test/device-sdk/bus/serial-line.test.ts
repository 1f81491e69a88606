import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type LineState,
  SerialLine,
  stableNameAdvice,
} from '../../../device-sdk/bus/serial-port.ts';
import { group } from '../../support/group.ts';
import { hasSocat, openPtyPair, until } from '../../support/pty.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openPeer(path: string): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 9600, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((e) => (e ? reject(e) : resolve())));
  port.on('error', () => {});
  closers.push(() => new Promise((resolve) => (port.isOpen ? port.close(resolve) : resolve(null))));
  return port;
}

group('pty', hasSocat)('SerialLine', () => {
  test('survives being unplugged and plugged in again, in process', async () => {
    const pty = await openPtyPair();
    closers.push(() => pty.close());
    const states: LineState[] = [];
    const received: number[] = [];
    const line = new SerialLine({
      path: pty.b,
      presenceCheckMs: 20,
      reopenMsMin: 20,
      reopenMsMax: 40,
      onState: (state) => states.push(state),
    });
    closers.push(() => line.close());
    line.onBytes((bytes) => received.push(...bytes));
    await until(() => line.isOpen, 'never opened');
    (await openPeer(pty.a)).write(Buffer.from([1, 2]));
    await until(() => received.length === 2, 'no bytes before the unplug');

    await pty.unplug();
    await until(() => !line.isOpen, 'unplug not noticed');
    expect(line.write(Uint8Array.of(9))).toBe(false);

    await pty.plug();
    await until(() => line.isOpen, 'never reopened');
    (await openPeer(pty.a)).write(Buffer.from([3]));
    await until(() => received.length === 3, 'no bytes after the replug');
    expect(received).toEqual([1, 2, 3]);
    expect(line.stats.opens).toBe(2);
    expect(states[0]).toEqual({ kind: 'open' });
    expect(states.some(({ kind }) => kind === 'down')).toBe(true);
  });

  test('a silent source trips the watchdog and the port is opened anew', async () => {
    const pty = await openPtyPair();
    closers.push(() => pty.close());
    const line = new SerialLine({ path: pty.b, reopenMsMin: 5, reopenMsMax: 5, silenceMsMax: 60 });
    closers.push(() => line.close());
    await until(() => line.stats.opens >= 3, 'watchdog never bit');
    expect(line.stats.watchdogTrips).toBeGreaterThanOrEqual(2);
  });
});

describe('SerialLine without a port', () => {
  test('a missing device is a state, not an exception, and close ends the retries', async () => {
    const states: LineState[] = [];
    const line = new SerialLine({
      path: '/dev/truegrain-none',
      reopenMsMin: 5,
      onState: (state) => states.push(state),
    });
    await until(() => states.length >= 2, 'no retry');
    expect(states[0]).toMatchObject({ kind: 'down', retryInMs: 5 });
    expect(states[1]).toMatchObject({ kind: 'down', retryInMs: 10 });
    await line.close();
    expect(line.isOpen).toBe(false);
  });
});

describe('stableNameAdvice', () => {
  test('names the by-id link of a renumbering tty, and nothing for other paths', () => {
    const directory = mkdtempSync(join(tmpdir(), 'truegrain-byid-'));
    try {
      symlinkSync('/dev/ttyUSB7', join(directory, 'usb-other'));
      symlinkSync('/dev/ttyUSB3', join(directory, 'usb-FTDI_A9-if00'));
      const advice = stableNameAdvice('/dev/ttyUSB3', directory);
      expect(advice).toBe(join(directory, 'usb-FTDI_A9-if00'));
      expect(stableNameAdvice('/dev/ttyUSB0', directory)).toBe(null);
      expect(stableNameAdvice('/dev/serial/by-id/usb-FTDI-1', directory)).toBe(null);
      expect(stableNameAdvice('/dev/ttyACM1', join(directory, 'absent'))).toBe(null);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
