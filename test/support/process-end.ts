// The end of a process that is not this one's child: nobody tells when it comes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 10;

/**
 * Whether a process is still there, in any state but waiting to be collected. A killed one's main
 * thread waits, without a command line, while others may still write for tens of milliseconds: so
 * its threads are counted (proc(5)).
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (!existsSync('/proc/self')) return true;
    const state = /\) (\S)[^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state !== 'Z' || readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** A process that is gone already needs no signal. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** kill -9; resolves when nothing of it runs any more. */
export async function killToTheEnd(pid: number): Promise<void> {
  signalTo(pid, 'SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
