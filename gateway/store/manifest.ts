import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './database.ts';

export const MANIFEST_NAME = 'manifest.json';

export interface ManifestFile {
  /** Relative to the backup folder, with `/`. */
  path: string;
  bytes: number;
  sha256: string;
}

/** What a backup holds; its own integrity is the operator's storage's. */
export interface Manifest {
  v: 1;
  createdMs: number;
  ledgerId: string;
  origin: string;
  size: number;
  root: string;
  /** Size of the newest checkpoint signed when the backup began; null before the first. */
  checkpointSize: number | null;
  files: ManifestFile[];
}

export function describeFile(folder: string, path: string): ManifestFile {
  const file = join(folder, path);
  return { path, bytes: statSync(file).size, sha256: sha256OfFile(file) };
}

/** Reads the manifest and holds every file against it; throws StoreError naming the bad one. */
export function verifyBackup(folder: string, onFile: (path: string) => void = () => {}): Manifest {
  const manifest = readManifest(folder);
  for (const { path, bytes, sha256 } of manifest.files) {
    onFile(path);
    const file = join(folder, path);
    if (!existsSync(file)) throw damaged(file, 'is missing from the backup');
    if (statSync(file).size !== bytes || sha256OfFile(file) !== sha256) {
      throw damaged(file, 'is not the file the manifest names; the backup is damaged');
    }
  }
  return manifest;
}

function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST_NAME);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw notManifest(file, error as Error);
  }
  if (!isManifest(value)) throw damaged(file, 'is not a manifest of version 1');
  return value;
}

function notManifest(file: string, cause: Error): StoreError {
  const message = `${file} is not a backup's manifest: ${cause.message}`;
  return new StoreError('store_corrupt', message, { cause });
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { v, ledgerId, origin, size, root, files } = value as Record<string, unknown>;
  const named = [ledgerId, origin, root].every((text) => typeof text === 'string');
  return (
    v === 1 && named && typeof size === 'number' && Array.isArray(files) && files.every(isFile)
  );
}

/** A path leads nowhere but into the backup. */
function isFile(value: unknown): value is ManifestFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, bytes, sha256 } = value as Record<string, unknown>;
  return (
    typeof path === 'string' &&
    /^(keys\/|tls\/)?[a-z][a-z0-9.-]*$/.test(path) &&
    typeof bytes === 'number' &&
    typeof sha256 === 'string'
  );
}

function damaged(file: string, what: string): StoreError {
  return new StoreError('store_corrupt', `${file} ${what}`);
}

const READ_BYTES = 1 << 20;

function sha256OfFile(file: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(READ_BYTES);
  const fd = openSync(file, 'r');
  try {
    for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, n));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
