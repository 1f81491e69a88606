import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createMemberTls,
  loadMemberTls,
  renewMemberTls,
} from '../../../gateway/peers/member-tls.ts';
import { group } from '../../support/group.ts';

const DAY_MS = 86_400_000;
const NAMES = ['ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'] as const;
let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'member-tls-'));
  dir = join(root, 'tls');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const spec = {
  name: 'Rice Mill',
  hosts: ['gateway.example', '127.0.0.1', '::1'],
  nowMs: Date.now(),
};
const read = (name: (typeof NAMES)[number]) => readFileSync(join(dir, name), 'utf8');
const all = () => NAMES.map(read);

test('a CA of 20 years that may issue end certificates only, and a certificate of 2 years', async () => {
  const tls = await createMemberTls(dir, spec);
  const [ca, leaf] = [new X509Certificate(read('ca.pem')), new X509Certificate(read('cert.pem'))];
  expect(Buffer.from(tls.caDer)).toEqual(ca.raw);
  expect(ca.ca).toBe(true);
  expect(ca.verify(ca.publicKey)).toBe(true);
  expect(ca.subject).toContain('Rice Mill');
  expect(Date.parse(ca.validTo) - spec.nowMs).toBeGreaterThan(7_299 * DAY_MS);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  expect(leaf.checkHost('gateway.example')).toBe('gateway.example');
  expect(leaf.checkHost('other.example')).toBeUndefined();
  expect(leaf.checkIP('127.0.0.1')).toBeDefined();
  expect(leaf.checkIP('::1')).toBeDefined();
  expect(tls.notAfterMs).toBe(Date.parse(leaf.validTo));
  expect(tls.notAfterMs - spec.nowMs).toBeLessThanOrEqual(730 * DAY_MS);
  expect(tls.notAfterMs - spec.nowMs).toBeGreaterThan(729 * DAY_MS);
  for (const secret of ['key.pem', 'ca-key.pem']) {
    expect(statSync(join(dir, secret)).mode & 0o777).toBe(0o600);
  }
});

test('what is there is never made again', async () => {
  await createMemberTls(dir, spec);
  const before = all();
  await createMemberTls(dir, { ...spec, nowMs: spec.nowMs + DAY_MS });
  expect(all()).toEqual(before);
});

test.each(NAMES)(
  'after a crash before %s was written, the next run completes the set',
  async (name) => {
    await createMemberTls(dir, spec);
    // Files are made in this order; a crash leaves a prefix of it.
    const order = ['ca-key.pem', 'ca.pem', 'key.pem', 'cert.pem'] as const;
    const kept = order.slice(0, order.indexOf(name));
    const before = kept.map(read);
    for (const lost of order.slice(order.indexOf(name))) rmSync(join(dir, lost));
    const tls = await createMemberTls(dir, spec);
    expect(kept.map(read)).toEqual(before);
    expect(new X509Certificate(tls.certPem).verify(new X509Certificate(tls.caDer).publicKey)).toBe(
      true,
    );
  },
);

test('renewed with fewer than 60 days left, under the same CA and key', async () => {
  const first = await createMemberTls(dir, spec);
  const at = (days: number) => ({ hosts: spec.hosts, nowMs: first.notAfterMs - days * DAY_MS });
  expect(await renewMemberTls(dir, at(61))).toBeNull();
  const renewed = await renewMemberTls(dir, at(59));
  expect(renewed?.notAfterMs).toBeGreaterThan(first.notAfterMs + 600 * DAY_MS);
  expect(renewed?.caDer).toEqual(first.caDer);
  expect(renewed?.keyPem).toBe(first.keyPem);
  expect(loadMemberTls(dir)).toEqual(renewed);
});

test('renewed for a host it does not name, and for a key that was replaced', async () => {
  const first = await createMemberTls(dir, spec);
  const moved = await renewMemberTls(dir, { hosts: ['new.example'], nowMs: spec.nowMs });
  expect(new X509Certificate(moved?.certPem ?? '').checkHost('new.example')).toBeDefined();
  rmSync(join(dir, 'key.pem'));
  const rekeyed = await createMemberTls(dir, { ...spec, hosts: ['new.example'] });
  expect(rekeyed.keyPem).not.toBe(first.keyPem);
  expect(rekeyed.caDer).toEqual(first.caDer);
  expect(loadMemberTls(dir)).toEqual(rekeyed);
});

test('the CA key may be kept elsewhere; only a renewal asks for it', async () => {
  const tls = await createMemberTls(dir, spec);
  rmSync(join(dir, 'ca-key.pem'));
  expect(await createMemberTls(dir, spec)).toEqual(tls);
  await expect(renewMemberTls(dir, { hosts: ['new.example'], nowMs: spec.nowMs })).rejects.toThrow(
    /ca-key\.pem is needed/,
  );
});

test('a key that others can read is refused', async () => {
  await createMemberTls(dir, spec);
  chmodSync(join(dir, 'key.pem'), 0o640);
  expect(() => loadMemberTls(dir)).toThrow(/can be read by others/);
});

test('a certificate of another key is refused', async () => {
  await createMemberTls(dir, spec);
  const cert = read('cert.pem');
  rmSync(join(dir, 'key.pem'));
  await createMemberTls(dir, spec);
  writeFileSync(join(dir, 'cert.pem'), cert);
  expect(() => loadMemberTls(dir)).toThrow(/is not the certificate of/);
});

group('openssl', spawnSync('openssl', ['version']).status === 0)('OpenSSL', () => {
  test.each(['sslserver', 'sslclient'])('verifies the chain as %s', async (purpose) => {
    await createMemberTls(dir, spec);
    const options = ['-x509_strict', '-purpose', purpose, '-CAfile', join(dir, 'ca.pem')];
    const args = ['verify', ...options, join(dir, 'cert.pem')];
    expect(String(execFileSync('openssl', args))).toContain(': OK');
  });
});
