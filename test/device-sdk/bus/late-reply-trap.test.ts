import modbusSerial from 'modbus-serial';
import { afterEach, expect, test } from 'vitest';
import { group } from '../../support/group.ts';
import { ModbusSlave } from '../../support/modbus-slave.ts';
import { hasSocat, openPtyPair, type PtyPair } from '../../support/pty.ts';

/**
 * The trap itself, without our code: a wrong value with a valid CRC, unit and length. If this test
 * ever fails, modbus-serial has changed, and the bus's rules can be looked at again.
 */
const TEMPERATURE = 205;
const HUMIDITY = 551;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function trap(connect: 'connectRTU' | 'connectRTUBuffered', pty: PtyPair) {
  const slave = await ModbusSlave.open({
    path: pty.a,
    unitId: 1,
    registers: (_table, address) => [undefined, TEMPERATURE, HUMIDITY][address],
    // One reply in the life of this slave is late: it comes when the next request does.
    behave: ({ index }) => (index === 2 ? { holdUntil: 'next-request' } : { delayMs: 30 }),
  });
  closers.push(() => slave.close());
  const client = new modbusSerial.default();
  client.on('error', () => {});
  await client[connect](pty.b, { baudRate: 9600 });
  closers.push(() => new Promise((resolve) => client.close(resolve)));
  client.setID(1);
  client.setTimeout(400);
  const polls: (string | number | undefined)[] = [];
  // The naive loop: temperature, humidity, temperature, …, the next request as soon as one ends.
  for (let poll = 0; poll < 10; poll += 1) {
    const address = poll % 2 === 0 ? 1 : 2;
    polls.push(
      await client.readInputRegisters(address, 1).then(
        ({ data }) => data[0],
        (error: { name: string }) => error.name,
      ),
    );
  }
  return polls;
}

group('pty', hasSocat)('the late-reply trap of modbus-serial', () => {
  for (const connect of ['connectRTU', 'connectRTUBuffered'] as const) {
    test(`${connect}: one late reply makes every later poll wrong`, async () => {
      const pty = await openPtyPair();
      closers.push(() => pty.close());
      const polls = await trap(connect, pty);
      expect(polls.slice(0, 2)).toEqual([TEMPERATURE, HUMIDITY]);
      expect(polls[2]).toBe('TransactionTimedOutError');
      // From here on temperature is reported as humidity and humidity as temperature.
      const swapped = polls.slice(3).map((_, i) => (i % 2 === 0 ? TEMPERATURE : HUMIDITY));
      expect(polls.slice(3)).toEqual(swapped);
      expect(polls[4]).toBe(HUMIDITY);
    });
  }
});
