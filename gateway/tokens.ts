// Bearer tokens (RFC 6750) with roles, kept as SHA-256 hashes in one JSON file.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** `capture` captures EPCIS events, and nothing else: what a scanner's or an ERP's token needs. */
export const ROLES = ['operator', 'auditor', 'deviceAdmin', 'device', 'capture'] as const;
export type Role = (typeof ROLES)[number];

/** What may be shown of a token; the secret is shown once, by `add`. */
export interface TokenView {
  readonly id: string;
  readonly roles: readonly Role[];
  readonly label: string;
  /** A device-role token may be tied to one device URN; null = not tied. */
  readonly device: string | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
}

export interface NewToken {
  readonly roles: readonly Role[];
  readonly label?: string;
  readonly device?: string | null;
  readonly expiresMs?: number | null;
}

export interface Authenticator {
  /** The holder of a presented token, or null when it is unknown, revoked or expired. */
  authenticate(token: string): TokenView | null;
}

export interface TokenStore extends Authenticator {
  list(): TokenView[];
  add(spec: NewToken): { token: string; view: TokenView };
  /** False when no token has this id. */
  revoke(id: string): boolean;
}

interface StoredToken extends TokenView {
  readonly sha256: string;
}

/** Why a token file cannot be used; main prints `message` alone. */
export class TokenFileError extends Error {}

const LOCK_STALE_MS = 10_000;
const LOCK_TRIES_MAX = 200;

/**
 * Opens (or starts) the token file. A running gateway and `truegrain token …` share it: every
 * `authenticate` stats the file, so a revocation by the command acts on the next request.
 */
export function openTokens(path: string, nowMs: () => number = Date.now): TokenStore {
  let seen = 'unread';
  let byHash = new Map<string, StoredToken>();

  const refresh = () => {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    // Emptied first: if the new file cannot be read, nobody gets in with the old one.
    byHash = new Map();
    for (const token of readTokens(path)) byHash.set(token.sha256, token);
    seen = stamp;
  };
  const change = (edit: () => void) =>
    withLock(path, () => {
      seen = 'unread';
      refresh();
      edit();
      writeTokens(path, [...byHash.values()]);
      seen = 'unread';
    });
  refresh();

  return {
    authenticate(token) {
      refresh();
      // Looked up by hash: what timing shows of a hash of 256 random bits helps nobody.
      const found = byHash.get(hashToken(token));
      if (found === undefined) return null;
      if (found.expiresMs !== null && found.expiresMs <= nowMs()) return null;
      return viewOf(found);
    },
    list() {
      refresh();
      return [...byHash.values()].map(viewOf);
    },
    add(spec) {
      const token = `tg_${randomBytes(32).toString('base64url')}`;
      const stored = newStored(token, spec, nowMs());
      change(() => byHash.set(stored.sha256, stored));
      return { token, view: viewOf(stored) };
    },
    revoke(id) {
      let found = false;
      change(() => {
        for (const token of byHash.values()) {
          if (token.id !== id) continue;
          found = true;
          byHash.delete(token.sha256);
        }
      });
      return found;
    },
  };
}

const hashToken = (token: string) => createHash('sha256').update(token).digest('hex');

function newStored(token: string, spec: NewToken, createdMs: number): StoredToken {
  const roles = ROLES.filter((role) => spec.roles.includes(role));
  if (roles.length === 0 || roles.length !== new Set(spec.roles).size) {
    throw new TypeError(`roles must be one or more of ${ROLES.join(', ')}`);
  }
  return {
    id: randomBytes(6).toString('hex'),
    roles,
    label: (spec.label ?? '').slice(0, 200),
    device: spec.device ?? null,
    createdMs,
    expiresMs: spec.expiresMs ?? null,
    sha256: hashToken(token),
  };
}

function viewOf({ sha256: _, ...view }: StoredToken): TokenView {
  return view;
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'absent' : `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
}

function readTokens(path: string): StoredToken[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if ((stat.mode & 0o022) !== 0) {
    throw new TokenFileError(`${path} can be written by others; run chmod 600 on it`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new TokenFileError(`${path} is not readable JSON`, { cause });
  }
  const tokens = isObject(parsed) && parsed['v'] === 1 ? parsed['tokens'] : undefined;
  if (!Array.isArray(tokens) || !tokens.every(isStored)) {
    throw new TokenFileError(`${path} is not a token file of version 1`);
  }
  return tokens;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function isStored(value: unknown): value is StoredToken {
  if (!isObject(value) || !Array.isArray(value['roles'])) return false;
  const { id, sha256, label, device, createdMs, expiresMs } = value;
  return (
    value['roles'].every((role) => ROLES.includes(role)) &&
    typeof id === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof label === 'string' &&
    (device === null || typeof device === 'string') &&
    typeof createdMs === 'number' &&
    (expiresMs === null || typeof expiresMs === 'number')
  );
}

// write temp (0600) → fsync → rename → fsync directory. A crash before the rename leaves the old
// file and a stray .tmp that the next write truncates; after it, the new file.
function writeTokens(path: string, tokens: StoredToken[]): void {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify({ v: 1, tokens }, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

// Two writers at once would lose one change, perhaps a revocation. The lock is a file made with
// O_EXCL; one left by a crash is taken over when it is LOCK_STALE_MS old.
function withLock(path: string, work: () => void): void {
  mkdirSync(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  for (let tries = 0; !takeLock(lock); tries += 1) {
    if (tries === LOCK_TRIES_MAX) throw new TokenFileError(`${lock} is held by another process`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  const stat = statSync(lock, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs > LOCK_STALE_MS) rmSync(lock);
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (isObject(error) && error['code'] === 'EEXIST') return false;
    throw error;
  }
}
