import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Process id of the engine that runs in this member's data folder; null where none does. */
export async function enginePidOf(data: string): Promise<number | null> {
  const tail = ['start', '--home', join(data, 'engine')];
  if (existsSync('/proc/self/cmdline')) {
    const end = `\0${tail.join('\0')}\0`;
    const found = readdirSync('/proc').find(
      (name) => /^\d+$/.test(name) && commandLine(name).endsWith(end),
    );
    return found === undefined ? null : Number(found);
  }
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,args=']);
  const found = stdout.split('\n').find((line) => line.endsWith(` ${tail.join(' ')}`));
  return found === undefined ? null : Number.parseInt(found, 10);
}

/** Empty for a process that is gone or only waits to be collected. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** An engine that outlived its gateway. */
export async function killEngineOf(data: string): Promise<void> {
  const pid = await enginePidOf(data);
  if (pid !== null) process.kill(pid, 'SIGKILL');
}
