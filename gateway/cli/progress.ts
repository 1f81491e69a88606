import type { Terminal } from './terminal.ts';

const WIDTH = 30;
const REDRAW_EVERY_MS = 100;

type Report = (label: string, done: number, total: number) => void;

/** A bar on stderr that overwrites itself: on a terminal only, and never with --no-progress. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #isShown: boolean;
  #drawnMs = 0;
  #label = '';

  constructor(terminal: Terminal, wanted: boolean) {
    this.#terminal = terminal;
    this.#isShown = wanted && terminal.stderr.isTTY === true;
  }

  readonly report: Report = (label, done, total) => {
    if (!this.#isShown) return;
    const nowMs = performance.now();
    if (label === this.#label && nowMs - this.#drawnMs < REDRAW_EVERY_MS) return;
    this.#drawnMs = nowMs;
    this.#label = label;
    const part = total > 0 ? Math.min(1, done / total) : 0;
    const filled = Math.round(part * WIDTH);
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.');
    this.#terminal.stderr.write(`\r\u001b[K${label} ${bar} ${Math.round(part * 100)}%`);
  };

  /** Clears the line, whatever happened. */
  end(): void {
    if (this.#isShown && this.#label !== '') this.#terminal.stderr.write('\r\u001b[K');
  }
}
