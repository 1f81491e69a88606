/**
 * The lowest key level, `file` (K1): a PEM file of two blocks, PKCS#8 private key (RFC 5958) and
 * SPKI public key. PEM rather than a COSE_Key: node:crypto and OpenSSL read it, so no secret passes
 * through a parser of our own, an operator can inspect it with `openssl pkey`, and it is what an
 * HSM imports on the day the device gets one.
 *
 * @module key-file
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { equal } from '../formats/bytes.ts';
import { encodeCoseKey } from '../formats/cose-key.ts';
import { fail, ok, type Result } from '../formats/result.ts';
import type { Signer } from '../formats/signer.ts';
import { coseKeyOf, derivedCoseKey, nodeSigner } from './node-signer.ts';

export type KeyFileCode =
  | 'missing'
  | 'exists'
  | 'unreadable'
  /** Someone but the owner may read or write it (K4). */
  | 'mode'
  | 'malformed'
  | 'algorithm'
  /** The stored public half is not the private half's (K4). */
  | 'public_mismatch';

const FILE_BYTES_MAX = 8_192;

/**
 * Makes a new key and its file; never replaces one.
 *
 * Syscalls: open tmp O_EXCL 0600 → write → fsync → link(tmp, path) → unlink tmp → fsync dir.
 * `link` fails where a rename would silently destroy a device's identity. A crash before the link
 * leaves a tmp file with a key nobody has seen, which the next call removes.
 */
export function createKeyFile(path: string, alg: -7 | -8): Result<Signer, KeyFileCode> {
  const { privateKey, publicKey } =
    alg === -7
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519');
  const pem =
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() +
    publicKey.export({ type: 'spki', format: 'pem' }).toString();
  try {
    placeNewFile(path, pem);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return fail('exists', `${path} holds a key already`);
    return fail('unreadable', message);
  }
  // What was written is read back through every check a later start will make.
  return openKeyFile(path);
}

function placeNewFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  removeIfThere(temporary);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
  } finally {
    unlinkSync(temporary);
  }
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

export function openKeyFile(path: string): Result<Signer, KeyFileCode> {
  const text = readPrivately(path);
  if (!text.ok) return text;
  const blocks = text.value.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  const [privatePem, publicPem] = blocks;
  if (blocks.length !== 2 || privatePem === undefined || publicPem === undefined) {
    return fail('malformed', `${path}: expected a private and a public PEM block`);
  }
  let privateKey: KeyObject;
  let publicKey: KeyObject;
  try {
    privateKey = createPrivateKey(privatePem);
    publicKey = createPublicKey(publicPem);
  } catch {
    // OpenSSL's message may quote what it could not decode.
    return fail('malformed', `${path}: not a readable key pair`);
  }
  return checkHalves(path, privateKey, publicKey);
}

function checkHalves(
  path: string,
  privateKey: KeyObject,
  publicKey: KeyObject,
): Result<Signer, KeyFileCode> {
  const derived = derivedCoseKey(privateKey);
  const embedded = coseKeyOf(privateKey);
  const beside = coseKeyOf(publicKey);
  const signer = nodeSigner(privateKey);
  if (derived === null || embedded === null || beside === null || signer === null) {
    return fail('algorithm', `${path}: neither P-256 nor Ed25519`);
  }
  const want = encodeCoseKey(derived);
  if (!equal(want, encodeCoseKey(embedded)) || !equal(want, encodeCoseKey(beside))) {
    return fail('public_mismatch', `${path}: the public half belongs to another key`);
  }
  return ok(signer);
}

/** Mode and content through one descriptor, so that they are of the same file. */
function readPrivately(path: string): Result<string, KeyFileCode> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? fail('missing', `no key at ${path}`) : fail('unreadable', message);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > FILE_BYTES_MAX)
      return fail('malformed', `${path}: no key file`);
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8);
      return fail('mode', `${path} has mode ${mode}; run chmod 600 and consider the key leaked`);
    }
    return ok(readFileSync(file, 'utf8'));
  } finally {
    closeSync(file);
  }
}
