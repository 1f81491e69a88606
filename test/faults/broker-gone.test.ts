import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeviceProcess } from '../support/device-process.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const WINDOW_FRAMES = 8;

built('the broker is gone for longer than the window', () => {
  let gateway: GatewayProcess;
  let device: DeviceProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    device = await DeviceProcess.enrolled(gateway, { name: 'alone', sampleMs: 20, packMs: 40 });
  }, 60_000);
  afterAll(async () => {
    await device?.kill();
    await gateway?.remove();
  });

  it('the device goes on measuring, and all of it arrives in order', {
    timeout: 60_000,
  }, async () => {
    const running = device.start();
    await running.until(() => device.receipted.size >= 3);
    await gateway.kill();
    const queuedBefore = device.queued.size;
    // Three windows full: more than could ever be in flight.
    await running.until(() => device.queued.size >= queuedBefore + 3 * WINDOW_FRAMES);
    const receiptedBefore = device.receipted.size;
    await gateway.start();
    await device.arrived(gateway.api);
    expect(device.receipted.size).toBeGreaterThan(receiptedBefore + 2 * WINDOW_FRAMES);
    await device.stop();
    const { streams } = await gateway.api.completeness(device.urn);
    expect(streams.flatMap(({ gaps }) => gaps)).toEqual([]);
  });

  it('a queue that is full meanwhile owns up to what it dropped', { timeout: 90_000 }, async () => {
    const small = await DeviceProcess.enrolled(gateway, {
      name: 'small',
      sampleMs: 10,
      packMs: 20,
      queue: { segmentBytes: 65_536, bytesMax: 4 * 65_536 },
    });
    try {
      const running = small.start();
      await running.until(() => small.receipted.size >= 3);
      await gateway.kill();
      await running.until(() => small.gapRecords.size > 0);
      await gateway.start();
      // Another episode may begin before the queue has room again: all records, and the newest pack.
      const marker = [...small.queued].at(-1) ?? '';
      const owned = () => [...small.gapRecords].every((id) => small.receipted.has(id));
      await running.until(() => small.receipted.has(marker) && owned());
      expect(owned(), running.program.lines.at(-1)).toBe(true);
      await small.stop();
      const { streams } = await gateway.api.completeness(small.urn);
      const gaps = streams.flatMap((stream) => stream.gaps);
      expect(gaps.length).toBeGreaterThan(0);
      expect(gaps.filter(({ explained }) => !explained)).toEqual([]);
    } finally {
      await small.kill();
    }
  });
});
