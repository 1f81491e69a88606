import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import { openEmbedded } from '../../support/embedded.ts';
import { group } from '../../support/group.ts';
import { connectPacket, WireClient } from '../../support/mqtt-wire.ts';

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;
const describe = group('openssl', hasOpenssl);
const device = 'urn:dev:os:32473-1';

describe('embedded broker over TLS', () => {
  it('carries frames, and refuses plain MQTT', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'truegrain-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const subject = ['-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    rmSync(folder, { recursive: true });
    const { broker, frames, refusals, until } = await openEmbedded({ tls });

    const plain = new WireClient(broker.port);
    plain.socket.write(connectPacket({ clientId: device }));
    await plain.untilClosed();
    expect(refusals).toEqual([['protocol', null]]);

    const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${broker.port}`, {
      ca: tls.cert,
      clientId: device,
      username: device,
      password: 'secret',
    });
    const published = Array.from({ length: 50 }, (_, i) =>
      client.publishAsync(`tg/1/${device}/up`, Buffer.alloc(20_000, i), { qos: 1 }),
    );
    await until(() => frames.length === 50);
    for (const frame of frames) frame.done();
    await Promise.all(published);
    expect(frames.every(({ payload }, i) => payload.every((byte) => byte === i))).toBe(true);
    await client.endAsync();
    await broker.close();
  });
});
