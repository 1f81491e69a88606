import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openTokens, TokenFileError } from '../../gateway/tokens.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'tokens-')), 'deep', 'tokens.json');
});

test('a token is shown once, kept as a hash, and found again', () => {
  const store = openTokens(path, () => 1_000);
  const { token, view } = store.add({ roles: ['auditor', 'operator'], label: 'Ann' });
  expect(token).toMatch(/^tg_[\w-]{43}$/);
  expect(view).toMatchObject({ roles: ['operator', 'auditor'], label: 'Ann', createdMs: 1_000 });
  expect(view).not.toHaveProperty('sha256');
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain(token);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.tmp`) || existsSync(`${path}.lock`)).toBe(false);
  expect(openTokens(path).authenticate(token)).toEqual(view);
  expect(store.authenticate(`${token}x`)).toBeNull();
  expect(store.list()).toEqual([view]);
});

test('expiry, to the millisecond', () => {
  let now = 0;
  const store = openTokens(path, () => now);
  const { token } = store.add({ roles: ['device'], device: 'urn:dev:mac:00', expiresMs: 100 });
  now = 99;
  expect(store.authenticate(token)?.device).toBe('urn:dev:mac:00');
  now = 100;
  expect(store.authenticate(token)).toBeNull();
});

test('what another process adds or revokes holds on the next request', () => {
  const gateway = openTokens(path);
  const command = openTokens(path);
  const { token, view } = command.add({ roles: ['operator'] });
  expect(gateway.authenticate(token)?.id).toBe(view.id);
  const second = gateway.add({ roles: ['auditor'] });
  expect(command.list()).toHaveLength(2);
  expect(command.revoke(view.id)).toBe(true);
  expect(command.revoke(view.id)).toBe(false);
  expect(gateway.authenticate(token)).toBeNull();
  expect(gateway.authenticate(second.token)).not.toBeNull();
});

test('a damaged file lets nobody in', () => {
  const store = openTokens(path);
  const { token } = store.add({ roles: ['operator'] });
  for (const text of ['{', '{"v":2,"tokens":[]}', '{"v":1,"tokens":[{"roles":["root"]}]}', '']) {
    writeFileSync(path, text);
    expect(() => store.authenticate(token)).toThrow(TokenFileError);
    expect(() => store.authenticate(token)).toThrow(TokenFileError);
    expect(() => openTokens(path)).toThrow(TokenFileError);
  }
});

test('a file that others can write is refused', () => {
  openTokens(path).add({ roles: ['operator'] });
  chmodSync(path, 0o660);
  expect(() => openTokens(path)).toThrow('can be written by others');
});

test('roles are required and known', () => {
  const store = openTokens(path);
  expect(() => store.add({ roles: [] })).toThrow(TypeError);
  expect(() => store.add({ roles: ['root' as 'operator', 'device'] })).toThrow(TypeError);
  expect(store.list()).toEqual([]);
});
