import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export function processTerminal(): Terminal {
  // `truegrain export … | head`: the reader has enough, which is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  const { stdout, stderr, env } = process;
  return { stdout, stderr, env, stopped };
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
