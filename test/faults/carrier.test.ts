// Somebody between device and gateway changes what needs no key to change.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseFrame } from '../../device-sdk/formats/frame.ts';
import { DeviceProcess } from '../support/device-process.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { malleated } from '../support/hostile-frames.ts';
import { MqttTap } from '../support/mqtt-tap.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const FRAMES = 20;

built('a carrier who changes frames on the way', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.started();
  }, 60_000);
  afterAll(() => gateway.remove());

  async function run(name: string, change: (payload: Uint8Array) => Uint8Array): Promise<void> {
    const tap = await MqttTap.open(gateway.mqtt, change);
    const device = await DeviceProcess.enrolled(gateway, { name, alg: 'es256', mqttUrl: tap.url });
    try {
      const running = device.start();
      await running.until(() => device.queued.size >= FRAMES);
      await device.arrived(gateway.api);
      // The firmware itself verified them: it may forget the frames.
      await running.until(() => device.receipted.size >= FRAMES);
      expect(device.receipted.size, running.program.lines.at(-1)).toBeGreaterThanOrEqual(FRAMES);
    } finally {
      await device.kill();
      await tap.close();
    }
  }

  it(
    'the other s of every ES256 signature: the device verifies its receipts all the same',
    {
      timeout: 60_000,
    },
    () => run('mirrored', (payload) => malleated(partsOf(payload), 'signature')),
  );

  it('an unprotected header in every statement', { timeout: 60_000 }, () =>
    run('decorated', (payload) => malleated(partsOf(payload), 'unprotected')),
  );
});

function partsOf(payload: Uint8Array): { statement: Uint8Array; content: Uint8Array } {
  const frame = parseFrame(payload);
  if (!frame.ok) throw new Error(frame.code);
  return frame.value;
}
