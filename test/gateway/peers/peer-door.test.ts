import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { renewMemberTls } from '../../../gateway/peers/member-tls.ts';
import { type PeerDoor, type PeerRoutes, peerOf } from '../../../gateway/peers/peer-door.ts';
import { group } from '../../support/group.ts';
import { folder, json, type Member, member, memberOf, openDoor, peerRecord } from './rig.ts';

const DAY_MS = 86_400_000;

const whoami: PeerRoutes = (app) => {
  app.get('/whoami', async (request) => ({ iss: peerOf(request).iss }));
  app.post('/echo', { bodyLimit: 100 }, async (request) => (request.body as Buffer).length);
};

/** Calls the door of `host` as `from`, whatever `from` itself knows. */
async function call(from: Member, host: Member, port: number, path = '/whoami') {
  const answer = await from.client.request(peerRecord(host, port), { method: 'GET', path });
  if (!answer.ok) return answer;
  return { status: answer.status, ...json(answer.body) };
}

async function pair() {
  const [host, guest] = [await member('host'), await member('guest')];
  host.knows.push(peerRecord(guest));
  const door = await openDoor(host, { routes: [whoami] });
  return { host, guest, door };
}

test('a member is known by the CA of its certificate', async () => {
  const { host, guest, door } = await pair();
  expect(await call(guest, host, door.port)).toEqual({ status: 200, iss: guest.iss });
  expect(await call(guest, host, door.port, '/healthz')).toMatchObject({ ok: true, iss: host.iss });
});

test('a certificate of an unknown CA is refused, on every path, and the connection closed', async () => {
  const { host, door } = await pair();
  const stranger = await member('stranger');
  for (const path of ['/whoami', '/healthz', '/nothing']) {
    const answer = await stranger.client.request(peerRecord(host, door.port), {
      method: 'GET',
      path,
    });
    expect(answer).toMatchObject({ ok: true, status: 403, headers: { connection: 'close' } });
    if (answer.ok) expect(json(answer.body)).toMatchObject({ code: 'not_a_member', status: 403 });
  }
});

test('no certificate at all is refused before the body is read', async () => {
  const { door } = await pair();
  const socket = await bareConnection(door);
  socket.write('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n');
  expect(await everything(socket)).toMatch(/^HTTP\/1\.1 403 .*"code":"not_a_member"/s);
});

test('TLS 1.2 is refused, before and after a renewal', async () => {
  const { door, host } = await pair();
  const old = async () => {
    const socket = connect({ port: door.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    return error.code;
  };
  expect(await old()).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  door.useTls(host.tls);
  expect(await old()).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test("names prove nothing: a CA that copies another member's name is a stranger, and harms nobody", async () => {
  const { host, door } = await pair();
  const [victim, copy] = [
    await member('victim', { displayName: 'Same Name' }),
    await member('copy', { displayName: 'Same Name' }),
  ];
  host.knows.push(peerRecord(victim));
  expect(await call(copy, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
  // The copy becomes a member, and stands before its victim in the list.
  host.knows.unshift(peerRecord(copy));
  expect(await call(copy, host, door.port)).toEqual({ status: 200, iss: copy.iss });
  expect(await call(victim, host, door.port)).toEqual({ status: 200, iss: victim.iss });
});

test("a member's CA certificate is no certificate to call with", async () => {
  const dir = folder();
  const [host, guest] = [await member('host'), await member('guest', { dir })];
  host.knows.push(peerRecord(guest));
  const door = await openDoor(host, { routes: [whoami] });
  const certPem = readFileSync(join(dir, 'tls', 'ca.pem'), 'utf8');
  const keyPem = readFileSync(join(dir, 'tls', 'ca-key.pem'), 'utf8');
  const asCa = memberOf('guest', { ...guest.tls, certPem, keyPem });
  expect(await call(guest, host, door.port)).toMatchObject({ status: 200 });
  expect(await call(asCa, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
});

group('openssl', spawnSync('openssl', ['version']).status === 0)('forged announcements', () => {
  test("a CA certificate over another member's CA key takes nobody's place", async () => {
    const [victimDir, forgerDir] = [folder(), folder()];
    const [host, victim, forger] = [
      await member('host'),
      await member('victim', { dir: victimDir, displayName: 'Same Name' }),
      await member('forger', { dir: forgerDir, displayName: 'Same Name' }),
    ];
    const ca = forgedCa(join(victimDir, 'tls'), join(forgerDir, 'tls'));
    host.knows.push({ ...peerRecord(forger), ca }, peerRecord(victim));
    const door = await openDoor(host, { routes: [whoami] });
    expect(await call(victim, host, door.port)).toEqual({ status: 200, iss: victim.iss });
    expect(await call(forger, host, door.port)).toMatchObject({ status: 403 });
  });
});

test('an expired certificate is refused', async () => {
  const [host, guest] = [await member('host'), await member('guest')];
  host.knows.push(peerRecord(guest));
  let nowMs = Date.now();
  const door = await openDoor(host, { routes: [whoami], nowMs: () => nowMs });
  expect(await call(guest, host, door.port)).toEqual({ status: 200, iss: guest.iss });
  // The same connection, a moment after the certificate has run out.
  nowMs = guest.tls.notAfterMs;
  expect(await call(guest, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
  nowMs = Date.now() - 2 * DAY_MS;
  expect(await call(guest, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
});

test('a removed member is cut off, and its open connection with it', async () => {
  const { host, guest, door } = await pair();
  const socket = await memberConnection(guest, door);
  socket.write('GET /whoami HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  host.knows.length = 0;
  door.refreshPeers();
  await ended;
  expect(await call(guest, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
});

test('a member removed and not yet refreshed is refused at its next request', async () => {
  const { host, guest, door } = await pair();
  expect(await call(guest, host, door.port)).toMatchObject({ status: 200 });
  host.knows.length = 0;
  expect(await call(guest, host, door.port)).toMatchObject({ status: 403, code: 'not_a_member' });
});

test('refreshing leaves the others connected', async () => {
  const { host, guest, door } = await pair();
  const other = await member('other');
  host.knows.push(peerRecord(other));
  const socket = await memberConnection(guest, door);
  await call(other, host, door.port);
  host.knows.pop();
  door.refreshPeers();
  socket.write('GET /whoami HTTP/1.1\r\nHost: x\r\n\r\n');
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(String(data)).toContain('200 OK');
  socket.destroy();
});

test('a resumed TLS session is the same member, until it is none', async () => {
  const { host, guest, door } = await pair();
  const first = await memberConnection(guest, door);
  const session = once(first, 'session') as Promise<[Buffer]>;
  first.write('GET /whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [ticket] = await session;
  await everything(first);
  const again = await memberConnection(guest, door, ticket);
  expect(again.isSessionReused()).toBe(true);
  again.write('GET /whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await everything(again)).toContain(guest.iss);
  host.knows.length = 0;
  const late = await memberConnection(guest, door, ticket);
  late.write('GET /whoami HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await everything(late)).toContain('not_a_member');
});

test('a renewed certificate is shown to new connections', async () => {
  const dir = folder();
  const [host, guest] = [
    await member('host', { dir, hosts: ['127.0.0.1'] }),
    await member('guest'),
  ];
  host.knows.push(peerRecord(guest));
  const door = await openDoor(host, { routes: [whoami] });
  const renewed = await renewMemberTls(join(dir, 'tls'), {
    hosts: ['127.0.0.1', 'new.example'],
    nowMs: Date.now(),
  });
  if (renewed === null) throw new Error('not renewed');
  door.useTls(renewed);
  const socket = await memberConnection(guest, door);
  expect(socket.getPeerCertificate().subjectaltname).toContain('new.example');
  socket.destroy();
  expect(await call(guest, host, door.port)).toMatchObject({ status: 200 });
});

test('each member has its own rate limit, on unknown paths too', async () => {
  const [host, loud, quiet] = [await member('host'), await member('loud'), await member('quiet')];
  host.knows.push(peerRecord(loud), peerRecord(quiet));
  const door = await openDoor(host, { routes: [whoami], limits: { requestsPerMinute: 3 } });
  for (let i = 0; i < 3; i += 1) {
    expect(await call(loud, host, door.port)).toMatchObject({ status: 200 });
  }
  expect(await call(loud, host, door.port)).toMatchObject({ status: 429, code: 'rate_limited' });
  expect(await call(loud, host, door.port, '/nothing')).toMatchObject({ status: 429 });
  expect(await call(quiet, host, door.port)).toMatchObject({ status: 200 });
});

test('a body larger than the route takes is refused', async () => {
  const { host, guest, door } = await pair();
  const peer = peerRecord(host, door.port);
  const send = (bytes: number) => {
    return guest.client.request(peer, {
      method: 'POST',
      path: '/echo',
      body: new Uint8Array(bytes),
    });
  };
  expect(await send(100)).toMatchObject({ ok: true, status: 200 });
  const over = await send(101);
  expect(over).toMatchObject({ ok: true, status: 413 });
  if (over.ok) expect(json(over.body)).toMatchObject({ code: 'body_too_large' });
});

/** Name and public key of the victim's CA, signed by a CA of the same name. */
function forgedCa(victim: string, forger: string): Uint8Array {
  const at = (name: string) => join(forger, name);
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const { subject, publicKey } = new X509Certificate(readFileSync(join(victim, 'ca.pem')));
  writeFileSync(at('pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(at('ext'), 'basicConstraints=critical,CA:TRUE\n');
  const name = `/${subject}`;
  run('req', '-new', '-key', at('ca-key.pem'), '-subj', name, '-out', at('csr.pem'));
  const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-extfile', at('ext')];
  const request = ['-req', '-in', at('csr.pem'), '-force_pubkey', at('pub.pem'), '-days', '9'];
  const der = run('x509', ...request, ...issuer, '-outform', 'DER');
  const forged = new X509Certificate(der);
  expect(forged.subject).toBe(forged.issuer);
  expect(forged.publicKey.equals(publicKey)).toBe(true);
  return new Uint8Array(der);
}

async function bareConnection(door: PeerDoor): Promise<TLSSocket> {
  const socket = connect({ port: door.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

async function memberConnection(
  from: Member,
  door: PeerDoor,
  session?: Buffer,
): Promise<TLSSocket> {
  const { certPem: cert, keyPem: key } = from.tls;
  const place = { port: door.port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = connect({ ...place, cert, key, ...(session && { session }) });
  await once(socket, 'secureConnect');
  return socket;
}

async function everything(socket: TLSSocket): Promise<string> {
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  return said;
}
