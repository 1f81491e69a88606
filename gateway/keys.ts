import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type CoseKey, keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { createDurably, moveInto, syncPath } from './store/durable-files.ts';

/** The keys of one member in solo mode; each has one use (DESIGN §4). */
export const MEMBER_KEYS = ['member', 'log', 'cosigner', 'gateway'] as const;
export type MemberKeyName = (typeof MEMBER_KEYS)[number];
export type MemberSigners = Record<MemberKeyName, Signer>;

export class KeyError extends Error {}

/** Alliance: the engine's keys, Ed25519; `node` votes, `p2p` is who it is to the others' engines. */
export const ENGINE_KEYS = ['node', 'p2p'] as const;
export type EngineKeys = Record<(typeof ENGINE_KEYS)[number], KeyObject>;
export type KeyFileName = MemberKeyName | (typeof ENGINE_KEYS)[number];

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
  { name, isActive }: { name: KeyFileName; isActive: IsActive },
): KeyObject {
  const next = nextKeyFile(dir, name);
  if (existsSync(next)) {
    const secret = createPrivateKey(readSecret(next));
    if (isActive(signerOf(secret).kid)) return secret;
  }
  return createPrivateKey(readSecret(join(dir, `${name}.pem`)));
}

export function loadSigner(file: string): Signer {
  return signerOf(createPrivateKey(readSecret(file)));
}

/** The key that is to follow: made before it is proposed, used once the ledger has it in force. */
export function nextKeyFile(dir: string, name: KeyFileName): string {
  return join(dir, `${name}.next.pem`);
}

/**
 * Next keys that are in force take the place of the present ones, which are kept under their kid.
 * A crash after the link leaves both names on the present key and the next call goes on; after the
 * rename all is done. Gives the names of those that changed.
 */
export function promoteKeys(dir: string, isActive: IsActive): KeyFileName[] {
  return ROTATED_KEYS.filter((name) => {
    const next = nextKeyFile(dir, name);
    if (!existsSync(next) || !isActive(loadSigner(next).kid)) return false;
    const present = join(dir, `${name}.pem`);
    if (existsSync(present)) {
      const kid = toHex(loadSigner(present).kid).slice(0, KID_DIGITS);
      const retired = join(dir, `${name}.retired-${kid}.pem`);
      if (!existsSync(retired)) linkSync(present, retired);
      syncPath(dir);
    }
    moveInto(next, present);
    return true;
  });
}

const ROTATED_KEYS = [...MEMBER_KEYS, 'node'] as const;
const KID_DIGITS = 8;

export function createMemberKeys(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of MEMBER_KEYS) createKeyFile(join(dir, `${name}.pem`));
}

/** Ed25519, 0600, whole and on disk before this returns; a file that is there is refused. */
export function createKeyFile(file: string): Signer {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    createDurably(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
    throw new KeyError(`${file} exists; a key is never overwritten`, { cause: error });
  }
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
