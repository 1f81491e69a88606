import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { verifySignature } from '../../../device-sdk/formats/signature.ts';
import { createKeyFile, openKeyFile } from '../../../device-sdk/keys/key-file.ts';
import { nativeVerifier } from '../../../device-sdk/keys/native-verify.ts';

const directory = mkdtempSync(join(tmpdir(), 'truegrain-key-'));
let path = '';
let files = 0;
beforeEach(() => {
  files += 1;
  path = join(directory, `${files}.pem`);
});
afterAll(() => rmSync(directory, { recursive: true }));

const pem = (pair: ReturnType<typeof generateKeyPairSync>) => ({
  secret: (pair.privateKey as unknown as { export(o: object): string }).export({
    type: 'pkcs8',
    format: 'pem',
  }),
  open: (pair.publicKey as unknown as { export(o: object): string }).export({
    type: 'spki',
    format: 'pem',
  }),
});
const ecPair = () => pem(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) as never);
const edPair = () => pem(generateKeyPairSync('ed25519') as never);
const put = (text: string, mode = 0o600) => writeFileSync(path, text, { mode });

describe.each([-7, -8] as const)('alg %i', (alg) => {
  test('created 0600, opened again as the same key, signs what everybody verifies', () => {
    const made = createKeyFile(path, alg);
    const opened = openKeyFile(path);
    if (!made.ok || !opened.ok) throw new Error('no key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}.new`)).toBe(false);
    expect(opened.value.kid).toEqual(made.value.kid);
    expect(opened.value.alg).toBe(alg);
    const message = new TextEncoder().encode('4.2 °C');
    for (let i = 0; i < 20; i += 1) {
      const signature = opened.value.sign(message);
      expect(signature).toHaveLength(64);
      const { key } = opened.value;
      expect(verifySignature({ alg, key, message, signature })).toBe(true);
      expect(verifySignature({ alg, key, message, signature, native: nativeVerifier() })).toBe(
        true,
      );
    }
  });

  test('never replaces a key', () => {
    createKeyFile(path, alg);
    const before = readFileSync(path);
    expect(createKeyFile(path, alg)).toMatchObject({ ok: false, code: 'exists' });
    expect(readFileSync(path)).toEqual(before);
  });

  test('a half-made file of a crash is cleared away', () => {
    writeFileSync(`${path}.new`, 'half');
    expect(createKeyFile(path, alg).ok).toBe(true);
  });
});

describe('refusals', () => {
  test.each([0o640, 0o604, 0o660, 0o644, 0o610])('mode %o', (mode) => {
    createKeyFile(path, -7);
    chmodSync(path, mode);
    expect(openKeyFile(path)).toMatchObject({ ok: false, code: 'mode' });
  });

  test('missing, a folder, empty, cut short, not a key', () => {
    expect(openKeyFile(path)).toMatchObject({ code: 'missing' });
    expect(openKeyFile(directory).ok).toBe(false);
    const whole = ecPair();
    for (const text of [
      '',
      whole.secret,
      whole.open,
      (whole.secret + whole.open).slice(0, -40),
      'x',
    ]) {
      put(text);
      expect(openKeyFile(path), text).toMatchObject({ code: 'malformed' });
    }
  });

  test('another pair’s public half, both kinds and mixed', () => {
    put(ecPair().secret + ecPair().open);
    expect(openKeyFile(path)).toMatchObject({ code: 'public_mismatch' });
    put(edPair().secret + edPair().open);
    expect(openKeyFile(path)).toMatchObject({ code: 'public_mismatch' });
    put(edPair().secret + ecPair().open);
    expect(openKeyFile(path)).toMatchObject({ code: 'public_mismatch' });
  });

  test('a foreign point inside the private key, which OpenSSL believes', () => {
    const [mine, other] = [ecPair(), ecPair()];
    const der = (text: string) => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const secret = der(mine.secret);
    // The last 65 bytes of both encodings are the uncompressed point.
    der(other.open)
      .subarray(-65)
      .copy(secret, secret.length - 65);
    const body = secret
      .toString('base64')
      .replace(/(.{64})/g, '$1\n')
      .trim();
    const forged = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
    expect(createPublicKey(forged).export({ type: 'spki', format: 'pem' })).toBe(other.open);
    put(forged + other.open);
    expect(openKeyFile(path)).toMatchObject({ code: 'public_mismatch' });
  });

  test('curves and algorithms no statement has', () => {
    const p384 = pem(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }) as never);
    const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }) as never);
    for (const pair of [p384, rsa]) {
      put(pair.secret + pair.open);
      expect(openKeyFile(path)).toMatchObject({ code: 'algorithm' });
    }
  });

  test('no detail ever quotes the key', () => {
    const whole = ecPair();
    put(whole.secret);
    const refused = openKeyFile(path);
    expect(JSON.stringify(refused)).not.toContain(whole.secret.split('\n')[1]);
  });
});
