import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultConfigFile, loadConfig, parseConfig } from '../../gateway/config.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { lockFolder } from '../../gateway/store/lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'tg-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LEAST = {
  member: { iss: 'https://mill.example', name: 'Wuchang Mill' },
  ledgerName: 'ledger.mill.example/cold-chain',
};
const file = '/srv/tg/truegrain.json';
const parse = (value: unknown, env = {}) => parseConfig(value, { file, env });

describe('config', () => {
  test('names alone are enough; nothing listens beyond this machine', () => {
    expect(parse(LEAST)).toEqual({
      ...LEAST,
      data: '/srv/tg',
      cosignerName: 'ledger.mill.example/cold-chain/witness',
      http: { host: '127.0.0.1', port: 8080 },
      mqtt: { host: '127.0.0.1', port: 1883 },
      batchLingerMs: 15,
      anchorIntervalMs: 100,
      routes: [],
      tipCopies: [],
    });
  });

  test('paths are taken from the folder of the file', () => {
    const tls = { keyFile: 'tls/key.pem', certFile: '/etc/cert.pem' };
    const config = parse({ ...LEAST, data: 'd', http: { tls }, tipCopies: ['../tip'] });
    expect(config.data).toBe('/srv/tg/d');
    expect(config.http.tls).toEqual({ keyFile: '/srv/tg/tls/key.pem', certFile: '/etc/cert.pem' });
    expect(config.tipCopies).toEqual(['/srv/tip']);
  });

  test('who is told of findings: an address each, kinds that there are, a key from a file', () => {
    const webhooks = [{ url: 'https://a.example/', kinds: ['gap', 'fork'], secretFile: 'key' }];
    expect(parse({ ...LEAST, findings: { webhooks } }).findingWebhooks).toEqual([
      { url: 'https://a.example/', kinds: ['gap', 'fork'], secretFile: '/srv/tg/key' },
    ]);
    const home = [{ url: 'http://127.0.0.1/' }];
    expect(() => parse({ ...LEAST, findings: { webhooks: home } })).toThrow(/private network/);
    const http = { privateWebhooks: true };
    expect(parse({ ...LEAST, http, findings: { webhooks: home } }).findingWebhooks).toHaveLength(1);
    for (const [wrong, why] of [
      [[{ url: 'https://a.example/', kinds: ['gaps'] }], /gaps, which is none of/],
      [[{ url: 'https://a:b@c.example/' }], /carries no password/],
      [[{ url: 'https://a.example/' }, { url: 'https://a.example/' }], /twice/],
    ] as const) {
      expect(() => parse({ ...LEAST, findings: { webhooks: wrong } })).toThrow(why);
    }
  });

  test('the environment overrides data and ports', () => {
    const env = { TRUEGRAIN_DATA: '/data', TRUEGRAIN_HTTP_PORT: '0', TRUEGRAIN_MQTT_PORT: '9' };
    const config = parse({ ...LEAST, data: 'd' }, env);
    expect([config.data, config.http.port, config.mqtt.port]).toEqual(['/data', 0, 9]);
    expect(() => parse(LEAST, { TRUEGRAIN_MQTT_PORT: '70000' })).toThrow(/TRUEGRAIN_MQTT_PORT/);
    expect(defaultConfigFile({ TRUEGRAIN_DATA: '/x' })).toBe('/x/truegrain.json');
    expect(defaultConfigFile({})).toBe('.truegrain/truegrain.json');
  });

  test.each([
    [{}, 'member is missing'],
    [[], 'the file must be an object'],
    [{ ...LEAST, member: { iss: 'mill', name: 'x' } }, 'member.iss must be a URL'],
    [{ ...LEAST, ledgerName: 'https://x' }, 'ledgerName must match'],
    [{ ...LEAST, http: { port: '80' } }, 'http.port must be an integer'],
    [{ ...LEAST, http: { tls: { keyFile: 'k' } } }, 'http.tls.certFile is missing'],
    [{ ...LEAST, mqtt: { prot: 1 } }, 'mqtt.prot is not a known key'],
    [{ ...LEAST, mqtt: { url: 'http://x' } }, 'mqtt.url must be a URL'],
    [{ ...LEAST, mqtt: { username: 'x' } }, 'mqtt.username'],
    [{ ...LEAST, threads: 0 }, 'threads must be an integer'],
    [{ ...LEAST, tipCopies: 'x' }, 'tipCopies must be a list'],
    [{ ...LEAST, batchLinger: 5 }, 'batchLinger is not a known key'],
  ])('names the key it refuses: %j', (value, message) => {
    expect(() => parse(value)).toThrow(`${file}: ${message}`);
  });

  test('a file that is absent or no JSON is named', () => {
    const path = join(folder, 'truegrain.json');
    expect(() => loadConfig(path)).toThrow(`${path} does not exist`);
    writeFileSync(path, '{');
    expect(() => loadConfig(path)).toThrow(`${path} is not JSON`);
  });
});

test('one writer a data folder', () => {
  const { lock } = dataFolder(join(folder, 'data'));
  const first = lockFolder(lock);
  expect(() => lockFolder(lock)).toThrow(/in use by another truegrain process/);
  first.release();
  lockFolder(lock).release();
});
