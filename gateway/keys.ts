import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type CoseKey, keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';

/** The keys of one member in solo mode; each has one use (DESIGN §4). */
export const MEMBER_KEYS = ['member', 'log', 'cosigner', 'gateway'] as const;
export type MemberKeyName = (typeof MEMBER_KEYS)[number];
export type MemberSigners = Record<MemberKeyName, Signer>;

export class KeyError extends Error {}

/** Alliance: the engine's keys, Ed25519; `node` votes, `p2p` is who it is to the others' engines. */
export const ENGINE_KEYS = ['node', 'p2p'] as const;
export type EngineKeys = Record<(typeof ENGINE_KEYS)[number], KeyObject>;

/** Whether the ledger says that a key is in force; a rotation is prepared as `<name>.next.pem`. */
export type IsActive = (kid: Uint8Array) => boolean;

/** Reads the four keys of `dir`, PKCS#8 PEM; refuses one that others can read. */
export function loadMemberKeys(dir: string, isActive: IsActive = () => false): MemberSigners {
  const load = (name: MemberKeyName) => signerOf(loadSecret(dir, { name, isActive }));
  return {
    member: load('member'),
    log: load('log'),
    cosigner: load('cosigner'),
    gateway: load('gateway'),
  };
}

export function loadEngineKeys(dir: string, isActive: IsActive = () => false): EngineKeys {
  return {
    node: loadSecret(dir, { name: 'node', isActive }),
    p2p: loadSecret(dir, { name: 'p2p', isActive }),
  };
}

/** The next key once the ledger has it in force, else the present one. */
function loadSecret(
  dir: string,
  { name, isActive }: { name: string; isActive: IsActive },
): KeyObject {
  const next = join(dir, `${name}.next.pem`);
  if (existsSync(next)) {
    const secret = createPrivateKey(readSecret(next));
    if (isActive(signerOf(secret).kid)) return secret;
  }
  return createPrivateKey(readSecret(join(dir, `${name}.pem`)));
}

export function createMemberKeys(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of MEMBER_KEYS) createKeyFile(join(dir, `${name}.pem`));
}

/** Ed25519. The file is created exclusively, 0600, and is on disk before this returns. */
export function createKeyFile(file: string): Signer {
  if (existsSync(file)) throw new KeyError(`${file} exists; a key is never overwritten`);
  const { privateKey } = generateKeyPairSync('ed25519');
  const fd = openSync(file, 'wx', 0o600);
  writeSync(fd, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  fsyncSync(fd);
  closeSync(fd);
  return signerOf(privateKey);
}

/** Refuses a file that others can read. */
export function readSecret(file: string): Buffer {
  const { mode } = statSync(file);
  if ((mode & 0o077) !== 0) {
    throw new KeyError(
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
    );
  }
  return readFileSync(file);
}

/** The signer of a secret Ed25519 key. */
export function signerOf(secret: KeyObject): Signer {
  const jwk = createPublicKey(secret).export({ format: 'jwk' });
  if (jwk.crv !== 'Ed25519' || !jwk.x) throw new KeyError('member keys are Ed25519');
  const key: CoseKey = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: new Uint8Array(Buffer.from(jwk.x, 'base64url')),
  };
  return {
    alg: -8,
    key,
    kid: keyThumbprint(key),
    sign: (message) => new Uint8Array(sign(null, message, secret)),
  };
}
