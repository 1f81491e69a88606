// A disk that is full soon: a tmpfs of a few MiB where we may mount one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Null where this user may not mount. */
  static mount(mebibytes: number): SmallDisk | null {
    if (process.getuid?.() !== 0 || process.platform !== 'linux') return null;
    const path = mkdtempSync(join(tmpdir(), 'truegrain-disk-'));
    const options = `size=${mebibytes}m,mode=700`;
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'truegrain-test', path]);
    if (status === 0) return new SmallDisk(path);
    rmSync(path, { recursive: true });
    return null;
  }

  /** Whether `mount` would give one. */
  static get isPossible(): boolean {
    const disk = SmallDisk.mount(1);
    disk?.remove();
    return disk !== null;
  }

  /** Takes all that is left. */
  fill(): void {
    const chunk = Buffer.alloc(64 * 1024);
    for (let file = 0; ; file += 1) {
      try {
        writeFileSync(join(this.path, `ballast-${file}`), chunk);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOSPC') throw error;
        return;
      }
    }
  }

  empty(): void {
    for (let file = 0; ; file += 1) {
      const { status } = spawnSync('rm', [join(this.path, `ballast-${file}`)]);
      if (status !== 0) return;
    }
  }

  readOnly(): void {
    spawnSync('mount', ['-o', 'remount,ro', this.path]);
  }

  remove(): void {
    spawnSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
