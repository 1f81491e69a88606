import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHttp } from '../../../gateway/http/server.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { group } from '../../support/group.ts';
import { tokens } from './harness.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

function selfSigned() {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...options, ...subject, ...files], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

group('openssl', hasOpenssl)('TLS', () => {
  test('key and cert by configuration, HSTS with them', async () => {
    const tls = selfSigned();
    const server = await startHttp({ backend: new FakeBackend(), tokens, port: 0, tls });
    try {
      expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
      const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
        const outgoing = request(`${server.url}/healthz`, { ca: tls.cert }, resolve);
        outgoing.on('error', reject).end();
      });
      answer.resume();
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['strict-transport-security']).toContain('max-age');
    } finally {
      await server.close();
    }
  });
});
