// The link against the gateway's own broker, over TLS: who is trusted, and what is said when not.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { topicOf } from '../../../device-sdk/formats/topic.ts';
import { type LinkOptions, openLink } from '../../../device-sdk/uplink/link.ts';
import { openEmbedded } from '../../support/embedded.ts';
import { group } from '../../support/group.ts';
import { DEVICE } from '../../support/queued-frames.ts';

const describe = group('openssl', spawnSync('openssl', ['version']).error === undefined);

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-link-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const subject = ['-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  });
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}

const never = new AbortController().signal;
const linkTo = (url: string, rest: Partial<LinkOptions> = {}) =>
  openLink(
    {
      ...{ url, clientId: DEVICE, username: DEVICE, password: 'secret', onDown: () => {} },
      ...{ downTopic: topicOf(DEVICE, 'down'), upTopic: topicOf(DEVICE, 'up') },
      ...rest,
    },
    never,
  );

describe('over TLS', () => {
  test('carries a frame up and an answer down; strangers are not talked to', async () => {
    const tls = certificate();
    const { broker, frames, until } = await openEmbedded({ tls });
    const url = `mqtts://127.0.0.1:${broker.port}`;

    const untrusted = await linkTo(url);
    expect(untrusted).toMatchObject({ ok: false, code: 'unreachable' });
    expect(JSON.stringify(untrusted)).toMatch(/self.signed/);
    const other = await linkTo(url, { tls: { ca: certificate().cert } });
    expect(other).toMatchObject({ ok: false, code: 'unreachable' });

    let heard: (payload: Uint8Array) => void = () => {};
    const answer = new Promise<Uint8Array>((resolve) => {
      heard = resolve;
    });
    const link = await linkTo(url, { tls: { ca: tls.cert }, onDown: (payload) => heard(payload) });
    if (!link.ok) throw new Error(link.detail);
    const pubacked = new Promise<void>((resolve) =>
      link.value.publish(Uint8Array.of(1, 2), resolve),
    );
    await until(() => frames.length === 1);
    expect(frames[0]?.payload).toEqual(Uint8Array.of(1, 2));
    frames[0]?.done();
    await pubacked;
    broker.publishDown(DEVICE, Uint8Array.of(9));
    expect(Array.from(await answer)).toEqual([9]);
    link.value.close('done');
    expect(await link.value.ended).toBe('done');
    await broker.close();
  });
});

test('credentials and topics that are refused are told apart from nobody there', async () => {
  const { broker } = await openEmbedded();
  const url = `mqtt://127.0.0.1:${broker.port}`;
  expect(await linkTo(url, { password: 'wrong' })).toMatchObject({ ok: false, code: 'refused' });
  const foreign = topicOf('urn:dev:ow:00', 'down');
  expect(await linkTo(url, { downTopic: foreign })).toMatchObject({ code: 'subscribe_refused' });
  await broker.close();
  expect(await linkTo(url)).toMatchObject({ ok: false, code: 'unreachable' });
});
