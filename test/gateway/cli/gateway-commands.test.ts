import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { truegrain } from '../../support/cli.ts';
import { DEVICE, EVIDENCE, FakeBackend, KID, RECEIPTED } from '../../support/fake-backend.ts';
import { tokens } from '../http/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'tg-cli-'));
const backend = new FakeBackend();
let server: HttpServer;
beforeAll(async () => {
  server = await startHttp({ backend, tokens, port: 0 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const run = (role: string, ...args: string[]) =>
  truegrain([...args, '--url', server.url], { env: { TRUEGRAIN_TOKEN: role } });

describe('device', () => {
  test('add makes a token from flags, and says how the device uses it', async () => {
    const sensor = 'temp, air temperature, Cel, -40, 85, 0.1, modbus-rtu';
    const made = await run('deviceAdmin', 'device', 'add', DEVICE, '--sensor', sensor);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/truegrain-device enrol .* --token once --ledger [0-9a-f]{64}/);
    expect(backend.enrolments.at(-1)).toMatchObject({
      device: DEVICE,
      reportingIntervalS: 600,
      subjects: null,
      sensors: [{ name: 'temp', unit: 'Cel', min: -40, max: 85, interface: 'modbus-rtu' }],
    });
  });

  test('add takes a file, and names one that is none', async () => {
    const file = join(folder, 'spec.json');
    const { sensors } = backend.devices()[0] ?? { sensors: [] };
    const shown = sensors.map((one) => ({ ...one, calibration: null }));
    writeFileSync(file, JSON.stringify({ sensors: shown, reportingIntervalS: 30 }));
    const made = await run('deviceAdmin', 'device', 'add', DEVICE, '--spec', file, '--json');
    expect(JSON.parse(made.out)).toMatchObject({ token: 'once' });
    expect(backend.enrolments.at(-1)).toMatchObject({ reportingIntervalS: 30 });
    writeFileSync(file, '{');
    const bad = await run('deviceAdmin', 'device', 'add', DEVICE, '--spec', file);
    expect(bad).toMatchObject({ code: 2, err: expect.stringContaining('spec.json is not JSON') });
  });

  test('list and revoke', async () => {
    const { out } = await run('auditor', 'device', 'list');
    expect(out).toMatch(new RegExp(`^device .*\\n${DEVICE} `));
    const revoked = await run('deviceAdmin', 'device', 'revoke', DEVICE, '--reason', 'stolen');
    expect(revoked.out).toMatch(/revoked at leaf 10/);
    const one = ['device', 'revoke', DEVICE, '--reason', 'stolen', '--kid', toHex(KID)];
    await run('deviceAdmin', ...one);
    expect(backend.revoked.slice(-2)).toEqual([
      { urn: DEVICE, kid: null },
      { urn: DEVICE, kid: expect.objectContaining({ length: 32 }) },
    ]);
  });

  test('what the gateway refuses is told in its own words', async () => {
    const nobody = await run('nobody', 'device', 'list');
    expect(nobody).toMatchObject({ code: 5, out: '' });
    expect(nobody.err).toMatch(
      /^truegrain: the gateway refused \(401 unauthorized\): Token missing or not valid/,
    );
    const other = await run('deviceAdmin', 'device', 'revoke', 'urn:dev:x', '--reason', 'x');
    expect(other.err).toMatch(/404.*no such device/);
  });
});

describe('evidence and export', () => {
  test('evidence goes to a file', async () => {
    const id = toHex(RECEIPTED);
    const file = join(folder, 'one.tgev');
    const { out } = await run('auditor', 'evidence', id, '--out', file);
    expect(out).toMatch(/one\.tgev \(3 bytes\); check it with: truegrain verify/);
    expect(new Uint8Array(readFileSync(file))).toEqual(EVIDENCE);
    const none = await run('auditor', 'evidence', 'ab'.repeat(32));
    expect(none).toMatchObject({ code: 5 });
  });

  test('readings as one array or as CSV, over all pages', async () => {
    backend.readingsTotal = 2_500;
    const json = await run('auditor', 'export', 'readings', '--device', DEVICE);
    expect(JSON.parse(json.out)).toHaveLength(2_500);
    const file = join(folder, 'readings.csv');
    const csv = await run('auditor', 'export', 'readings', '--format', 'csv', '--out', file);
    expect(csv).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2_501);
    await run('auditor', 'export', 'readings', '--from', '2026-01-01T00:00Z');
    expect(backend.queries.at(-1)).toMatchObject({ fromMs: Date.UTC(2026, 0, 1) });
    expect((await run('auditor', 'export', 'readings', '--from', 'noon')).code).toBe(2);
  });

  test('an export that breaks off is no success', async () => {
    backend.readingsTotal = 5_000;
    backend.pagesServed = 0;
    backend.failAfterPages = 2;
    const { code, err } = await run('auditor', 'export', 'readings');
    expect(code).toBe(5);
    expect(err).toMatch(/^truegrain: the export broke off and is incomplete/);
  });
});
