import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/**
 * The only file of the queue that speaks to the file system, and the owner of fsync. A new name is
 * durable after: create → write → fdatasync → (rename) → fsyncDir, in that order; a write to an
 * existing file after write → fdatasync. Everything is synchronous: one write and one flush a group.
 */
export interface Disk {
  open(path: string, how: 'existing' | 'create'): DiskFile;
  list(dir: string): string[];
  rename(from: string, to: string): void;
  unlink(path: string): void;
  makeDir(dir: string): void;
  fsyncDir(dir: string): void;
  freeBytes(dir: string): number;
}

export interface DiskFile {
  /** Shorter than asked where the file ends. */
  read(at: { offset: number; length: number }): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  truncate(length: number): void;
  fdatasync(): void;
  size(): number;
  close(): void;
}

/**
 * The disk failed an operation. After a failed flush the kernel may have dropped the dirty pages and
 * marked them clean, so a second flush would lie: whoever sees this stops and starts again from what
 * is on the disk (B7). It is thrown, never returned, because no caller may go on.
 */
export class DiskFailure extends Error {
  readonly op: string;
  readonly path: string;
  /** errno name, for example `EIO`; null where the system gave none. */
  readonly errno: string | null;

  constructor(failed: { op: string; path: string }, options: { cause?: unknown } = {}) {
    super(`${failed.op} ${failed.path} failed`, options);
    this.name = 'DiskFailure';
    this.op = failed.op;
    this.path = failed.path;
    const code = (options.cause as { code?: unknown } | undefined)?.code;
    this.errno = typeof code === 'string' ? code : null;
  }
}

function guarded<T>(op: string, path: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new DiskFailure({ op, path }, { cause });
  }
}

/** read(2) and write(2) may do less than asked; `step` is repeated until all is done or it does 0. */
function untilDone(length: number, step: (done: number) => number): number {
  let done = 0;
  while (done < length) {
    const moved = step(done);
    if (moved === 0) break;
    done += moved;
  }
  return done;
}

function nodeFile(fd: number, path: string): DiskFile {
  return {
    read: ({ offset, length }) =>
      guarded('read', path, () => {
        const bytes = new Uint8Array(length);
        const done = untilDone(length, (from) =>
          readSync(fd, bytes, from, length - from, offset + from),
        );
        return bytes.subarray(0, done);
      }),
    write: (offset, bytes) =>
      guarded('write', path, () => {
        const length = bytes.length;
        const done = untilDone(length, (from) =>
          writeSync(fd, bytes, from, length - from, offset + from),
        );
        if (done < length) throw new Error(`short write: ${done} of ${length} bytes`);
      }),
    truncate: (length) => guarded('truncate', path, () => ftruncateSync(fd, length)),
    fdatasync: () => guarded('fdatasync', path, () => fdatasyncSync(fd)),
    size: () => guarded('size', path, () => fstatSync(fd).size),
    close: () => guarded('close', path, () => closeSync(fd)),
  };
}

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;

/** Readings are their owner's: files 0600, directories 0700. */
export const nodeDisk: Disk = {
  open: (path, how) =>
    guarded('open', path, () =>
      nodeFile(openSync(path, how === 'create' ? CREATE : constants.O_RDWR, 0o600), path),
    ),
  list: (dir) => guarded('list', dir, () => readdirSync(dir).sort()),
  rename: (from, to) => guarded('rename', from, () => renameSync(from, to)),
  unlink: (path) => guarded('unlink', path, () => unlinkSync(path)),
  makeDir: (dir) => guarded('makeDir', dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 })),
  fsyncDir: (dir) =>
    guarded('fsyncDir', dir, () => {
      const fd = openSync(dir, constants.O_RDONLY);
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    }),
  freeBytes: (dir) =>
    guarded('freeBytes', dir, () => {
      const { bavail, bsize } = statfsSync(dir);
      return bavail * bsize;
    }),
};
