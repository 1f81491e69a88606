import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasSocat = spawnSync('socat', ['-V']).status === 0;

/** Two pseudo terminals joined by socat: the closest thing to a serial cable without hardware. */
export interface PtyPair {
  readonly a: string;
  readonly b: string;
  /** Both ends hang up, as when a USB adapter is pulled. */
  unplug(): Promise<void>;
  /** A new cable under the same names. */
  plug(): Promise<void>;
  close(): Promise<void>;
}

export async function openPtyPair(): Promise<PtyPair> {
  const directory = mkdtempSync(join(tmpdir(), 'truegrain-pty-'));
  const [a, b] = [join(directory, 'a'), join(directory, 'b')];
  let socat: ChildProcess | null = null;

  async function unplug(): Promise<void> {
    const running = socat;
    socat = null;
    if (running === null || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGTERM');
    await exited;
  }

  async function plug(): Promise<void> {
    await unplug();
    for (const path of [a, b]) rmSync(path, { force: true });
    const ends = [a, b].map((path) => `pty,raw,echo=0,link=${path}`);
    socat = spawn('socat', ends, { stdio: 'ignore' });
    await until(() => existsSync(a) && existsSync(b), 'socat made no ptys');
  }

  await plug();
  return {
    a,
    b,
    unplug,
    plug,
    async close() {
      await unplug();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Polls a condition that has no event of its own. */
export async function until(
  condition: () => boolean,
  complaint: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(complaint);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
