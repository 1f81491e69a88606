import { type Disk, DiskFailure, type DiskFile } from '../../device-sdk/queue/disk.ts';

/** fail: nothing (or half a write) happens; persist: all of it happens, durably, and yet it fails. */
export type FaultMode = 'fail' | 'persist' | 'cut';

/** What a power cut leaves of what was never flushed. Sectors of 512 bytes go one by one. */
export type Survival = 'none' | 'all' | { seed: number };

export class PowerCut extends Error {}

interface Inode {
  cached: Uint8Array;
  durable: Uint8Array;
  pending: ({ offset: number; bytes: Uint8Array } | { length: number })[];
}

type NameChange =
  | { op: 'link'; path: string; inode: Inode }
  | { op: 'unlink'; path: string }
  | { op: 'rename'; from: string; to: string };

const SECTOR = 512;

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function random(seed: number): () => boolean {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 1) === 1;
  };
}

function written(old: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(old.length, offset + bytes.length));
  result.set(old);
  result.set(bytes, offset);
  return result;
}

function resized(old: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(old.subarray(0, length));
  return result;
}

function rename(names: Map<string, Inode>, change: NameChange): void {
  if (change.op === 'link') names.set(change.path, change.inode);
  else if (change.op === 'unlink') names.delete(change.path);
  else {
    const inode = names.get(change.from);
    names.delete(change.from);
    if (inode !== undefined) names.set(change.to, inode);
  }
}

/**
 * A disk in memory with a page cache: writes and names are durable only after their flush, and the
 * operation numbered `failAt` fails. Reads are not numbered. Of what was not flushed a cut leaves any
 * subset: of changes of names, and of sectors of data. That is harsher than a journalling file system.
 */
export class FaultyDisk implements Disk {
  operations: string[] = [];
  capacityBytes = Number.POSITIVE_INFINITY;
  readErrorIn: string | null = null;
  bytesRead = 0;
  #cached = new Map<string, Inode>();
  #durable = new Map<string, Inode>();
  #changes: NameChange[] = [];
  #fault: { at: number; mode: FaultMode } | null = null;
  #dead = false;

  failAt(at: number, mode: FaultMode): void {
    this.#fault = { at, mode };
  }

  /** The process ends and starts again; with `all` the machine stays up and the cache stays too. */
  restart(survival: Survival): void {
    this.#dead = false;
    this.#fault = null;
    this.operations = [];
    if (survival === 'all') return;
    const keep = survival === 'none' ? () => false : random(survival.seed);
    for (const change of this.#changes) {
      if (keep()) rename(this.#durable, change);
    }
    this.#changes = [];
    this.#cached = new Map(this.#durable);
    for (const inode of new Set(this.#durable.values())) {
      for (const change of inode.pending) persistSome(inode, change, keep);
      inode.pending = [];
      inode.cached = inode.durable.slice();
    }
  }

  /** For tests that damage a file behind the queue's back: cache and disk alike. */
  edit(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const inode = this.#inode(path);
    inode.cached = change(inode.cached.slice());
    inode.durable = inode.cached.slice();
    inode.pending = [];
  }

  bytes(path: string): Uint8Array {
    return this.#inode(path).cached.slice();
  }

  usedBytes(): number {
    return [...this.#cached.values()].reduce((sum, { cached }) => sum + cached.length, 0);
  }

  open(path: string, how: 'existing' | 'create'): DiskFile {
    if (how === 'create') {
      this.#step('create', path, () => {
        const inode = { cached: new Uint8Array(0), durable: new Uint8Array(0), pending: [] };
        this.#change({ op: 'link', path, inode });
      });
    }
    return this.#file(path, this.#inode(path));
  }

  list(dir: string): string[] {
    this.#alive();
    const inside = [...this.#cached.keys()].filter((path) => path.startsWith(`${dir}/`));
    return inside.map((path) => path.slice(dir.length + 1)).sort();
  }

  rename(from: string, to: string): void {
    this.#step('rename', from, () => {
      this.#inode(from);
      this.#change({ op: 'rename', from, to });
    });
  }

  unlink(path: string): void {
    this.#step('unlink', path, () => {
      this.#inode(path);
      this.#change({ op: 'unlink', path });
    });
  }

  makeDir(): void {
    this.#alive();
  }

  fsyncDir(dir: string): void {
    this.#step('fsyncDir', dir, () => this.#flushNames());
  }

  freeBytes(): number {
    this.#alive();
    return Math.max(0, this.capacityBytes - this.usedBytes());
  }

  #file(path: string, inode: Inode): DiskFile {
    return {
      read: ({ offset, length }) => {
        this.#alive();
        if (this.readErrorIn !== null && path.endsWith(this.readErrorIn)) {
          throw new DiskFailure({ op: 'read', path }, { cause: errno('EIO') });
        }
        const bytes = inode.cached.slice(offset, offset + length);
        this.bytesRead += bytes.length;
        return bytes;
      },
      write: (offset, bytes) => {
        const grows = offset + bytes.length - inode.cached.length;
        if (grows > 0 && grows > this.freeBytes()) {
          throw new DiskFailure({ op: 'write', path }, { cause: errno('ENOSPC') });
        }
        const put = (part: Uint8Array) => {
          inode.cached = written(inode.cached, offset, part);
          inode.pending.push({ offset, bytes: part.slice() });
        };
        const half = () => put(bytes.subarray(0, bytes.length >> 1));
        this.#step('write', path, () => put(bytes), { half, inode });
      },
      truncate: (length) => {
        const cut = () => {
          inode.cached = resized(inode.cached, length);
          inode.pending.push({ length });
        };
        this.#step('truncate', path, cut, { inode });
      },
      fdatasync: () => {
        const flush = () => flushInode(inode);
        // A kernel may mark pages clean that it failed to write: they are lost, and nobody says so again.
        const lose = () => {
          inode.pending = [];
        };
        this.#step('fdatasync', path, flush, { lose, inode });
      },
      size: () => {
        this.#alive();
        return inode.cached.length;
      },
      close: () => {},
    };
  }

  #step(
    op: string,
    path: string,
    apply: () => void,
    more: { half?: () => void; lose?: () => void; inode?: Inode } = {},
  ): void {
    this.#alive();
    this.operations.push(`${op} ${path.slice(path.lastIndexOf('/') + 1)}`);
    if (this.operations.length !== this.#fault?.at) {
      apply();
      return;
    }
    if (this.#fault.mode === 'cut') {
      more.half?.();
      this.#dead = true;
      throw new PowerCut(`power cut at ${op} ${path}`);
    }
    if (this.#fault.mode === 'persist') {
      apply();
      if (more.inode === undefined) this.#flushNames();
      else flushInode(more.inode);
    } else {
      more.half?.();
      more.lose?.();
    }
    throw new DiskFailure({ op, path }, { cause: errno('EIO') });
  }

  #alive(): void {
    if (this.#dead) throw new PowerCut('no power');
  }

  #inode(path: string): Inode {
    const inode = this.#cached.get(path);
    if (inode === undefined)
      throw new DiskFailure({ op: 'open', path }, { cause: errno('ENOENT') });
    return inode;
  }

  #change(change: NameChange): void {
    rename(this.#cached, change);
    this.#changes.push(change);
  }

  #flushNames(): void {
    for (const change of this.#changes) rename(this.#durable, change);
    this.#changes = [];
  }
}

function flushInode(inode: Inode): void {
  for (const change of inode.pending) persistSome(inode, change, () => true);
  inode.pending = [];
}

function persistSome(inode: Inode, change: Inode['pending'][number], keep: () => boolean): void {
  if ('length' in change) {
    if (keep()) inode.durable = resized(inode.durable, change.length);
    return;
  }
  for (let from = 0; from < change.bytes.length; ) {
    const at = change.offset + from;
    const length = Math.min(SECTOR - (at % SECTOR), change.bytes.length - from);
    if (keep()) {
      inode.durable = written(inode.durable, at, change.bytes.subarray(from, from + length));
    }
    from += length;
  }
}
