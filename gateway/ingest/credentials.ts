// A device's MQTT credential: user name = device URN, password = 32 random bytes as base64url,
// issued at enrolment and shown once.
//
// At rest: salt and SHA-256(salt ‖ password text). A slow hash (argon2, scrypt) protects passwords
// that people choose; against 256 random bits there is no list to try, so a fast hash loses nothing
// and a reconnecting fleet doesn't cost a core. The salt keeps equal rows from showing.

/** @module credentials */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface StoredCredential {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export interface CredentialStore {
  find(device: string): StoredCredential | null;
}

export interface IssuedCredential {
  /** For the device; exists nowhere else afterwards. */
  readonly password: string;
  readonly stored: StoredCredential;
}

const secretBytes = 32;
const saltBytes = 16;
/** base64url of 32 bytes, without padding. */
const passwordChars = 43;

/** Compared against when the device is unknown, so that the answer takes the same time. */
const nobody: StoredCredential = {
  salt: new Uint8Array(saltBytes),
  hash: new Uint8Array(secretBytes),
};

export function issueCredential(
  random: (bytes: number) => Uint8Array = randomBytes,
): IssuedCredential {
  const password = Buffer.from(random(secretBytes)).toString('base64url');
  const salt = Uint8Array.from(random(saltBytes));
  return { password, stored: { salt, hash: hashOf(salt, Buffer.from(password, 'ascii')) } };
}

/**
 * The device that these CONNECT fields prove, or null. The client identifier must be the device's
 * own: otherwise any device could take over another one's session by naming it (§3.1.4, clause 2).
 */
export function checkCredential(
  store: CredentialStore,
  connect: { clientId: string; username: string; password: Uint8Array },
): { readonly device: string } | null {
  const { clientId, username, password } = connect;
  const stored = store.find(username);
  const { salt, hash } = stored ?? nobody;
  const shown = hashOf(salt, password.subarray(0, passwordChars + 1));
  const matches = hash.length === shown.length && timingSafeEqual(hash, shown);
  const proved = matches && stored !== null && password.length === passwordChars;
  return proved && clientId === username ? { device: username } : null;
}

function hashOf(salt: Uint8Array, password: Uint8Array): Uint8Array {
  return createHash('sha256').update(salt).update(password).digest();
}
