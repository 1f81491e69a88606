import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function processTerminal(): Terminal {
  // `truegrain export … | head`: the reader has enough, which is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  const { stdin, stdout, stderr, env } = process;
  const isAttended = stdin.isTTY && stderr.isTTY;
  return { stdout, stderr, env, stopped, ...(isAttended && { ask }) };
}

/** On stderr: stdout may go into a file. The end of input is an empty answer. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.once('SIGINT', () => process.exit(1));
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question), closed]);
  } finally {
    lines.close();
  }
}

/** A second signal ends the process at once: the store survives that, only patience does not. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(1);
        resolve();
      });
    }
  });
}
