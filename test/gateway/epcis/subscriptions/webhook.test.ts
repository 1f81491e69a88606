import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { deliver, isPrivateAddress } from '../../../../gateway/epcis/subscriptions/webhook.ts';

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '2002:7f00:1::',
  '2001:db8::1',
])('%s is nobody on the Internet', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])(
  '%s is somebody',
  (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  },
);

/** What the subscriber saw, and what came of the delivery. */
async function delivered(dest: (port: number) => string, privateDests: boolean) {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  const outcome = await deliver({
    dest: dest(port),
    body: '{}',
    signatureToken: null,
    privateDests,
    signal,
  });
  await new Promise((resolve) => server.close(resolve));
  return { outcome, requests };
}

test.each([
  (port: number) => `http://127.0.0.1:${port}/`,
  // A name of this machine, and addresses in other clothes.
  (port: number) => `http://localhost:${port}/`,
  (port: number) => `http://2130706433:${port}/`,
  (port: number) => `http://0x7f.1:${port}/`,
  (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
])('a private address is not connected to: %#', async (dest) => {
  const { outcome, requests } = await delivered(dest, false);
  expect(outcome).toEqual({ ok: false, detail: 'dest is in a private network' });
  expect(requests).toBe(0);
});

test('unless the operator allows it', async () => {
  const { outcome, requests } = await delivered((port) => `http://localhost:${port}/`, true);
  expect([outcome, requests]).toEqual([{ ok: true }, 1]);
});

test('a subscriber that is not there is a failure, not an exception', async () => {
  const { signal } = new AbortController();
  const dest = 'http://127.0.0.1:1/';
  const parts = { dest, body: '{}', signatureToken: null, privateDests: true, signal };
  expect(await deliver(parts)).toMatchObject({ ok: false });
});
