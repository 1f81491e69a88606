// Power cuts: gateway and device are killed at random points while frames flow.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../../sim/world.ts';
import { DeviceProcess } from '../support/device-process.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';

const KILLS = process.env['TRUEGRAIN_LONG'] === '1' ? 100 : 6;
const built = group('programs', hasPrograms, 'not built; run npm run build');

built(`kill -9 of gateway and device, ${KILLS} times`, () => {
  let gateway: GatewayProcess;
  let device: DeviceProcess;
  const world = new World(Number(process.env['TRUEGRAIN_SEED'] ?? Date.now() % 100_000));

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    device = await DeviceProcess.enrolled(gateway, { name: 'killed', sampleMs: 20, packMs: 40 });
  }, 60_000);
  afterAll(async () => {
    await device.kill();
    await gateway.remove();
  });

  it(`nothing receipted is lost, nothing queued is left, nothing is twice (seed ${world.seed})`, {
    timeout: 60_000 + KILLS * 15_000,
  }, async () => {
    device.start();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const until = device.receipted.size + world.integer(1, 8);
      const flows = await device.running.until(() => device.receipted.size >= until);
      expect(flows, device.running.program.lines.at(-1)).toBe(true);
      // Somewhere in the middle of whatever comes next.
      await new Promise((resolve) => setTimeout(resolve, world.between(0, 60)));
      if (world.chance(0.5)) {
        await device.kill();
        device.start();
      } else {
        await gateway.kill();
        await gateway.start();
      }
    }
    await device.arrived(gateway.api);
    await device.stop();

    const rows = await gateway.api.readings({ device: device.urn });
    const inLog = new Set(rows.map(({ statementId }) => statementId));
    const bySeq = new Map(rows.map(({ seq, statementId }) => [seq, statementId]));
    expect(bySeq.size, 'one statement under each number').toBe(inLog.size);
    const leaves = new Set(rows.map(({ leafIndex }) => leafIndex));
    expect(leaves.size, 'one leaf for each statement').toBe(inLog.size);
    // Boot records have no readings; there are few of them, and requests are limited by the minute.
    for (const id of device.receipted) {
      if (inLog.has(id)) continue;
      const receipt = await gateway.api.receipt(Buffer.from(id, 'hex'));
      expect(receipt, `receipted statement ${id} is there`).not.toBeNull();
    }
    const { streams } = await gateway.api.completeness(device.urn);
    const unexplained = streams.flatMap(({ gaps }) => gaps).filter(({ explained }) => !explained);
    expect(unexplained, 'numbers lost without a boot record that says so').toEqual([]);
    expect(device.refused).toEqual([]);
  });

  it('fsck finds nothing', { timeout: 60_000 }, async () => {
    await gateway.stop();
    const { code, lines } = await gateway.run('fsck');
    expect(code, lines.join('\n')).toBe(0);
  });
});
