import { Writable } from 'node:stream';
import { runCli } from '../../gateway/cli/program.ts';

export interface CliRun {
  code: number;
  out: string;
  err: string;
}

/** One command in this process, with its own streams and environment. */
export async function truegrain(
  args: readonly string[],
  { env = {}, isTTY = false }: { env?: Record<string, string>; isTTY?: boolean } = {},
): Promise<CliRun> {
  const stdout = new Collector();
  const stderr = new Collector();
  const code = await runCli(args, {
    stdout,
    stderr: Object.assign(stderr, { isTTY }),
    env,
    stopped: () => new Promise(() => {}),
  });
  return { code, out: stdout.text, err: stderr.text };
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
