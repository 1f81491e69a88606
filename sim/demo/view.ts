// What the demo shows: a table that is drawn anew at a terminal, one line a second elsewhere.

export interface DeviceRow {
  readonly name: string;
  readonly urn: string;
  /** Newest reading in the log, in words. */
  lastReading: string;
  /** Frames signed and durable on the device. */
  queued: number;
  /** Committed by the gateway. */
  accepted: number;
  /** Receipt verified by the device, frame released. */
  receipted: number;
  /** What ails it, in one line; empty while it runs. */
  trouble: string;
}

export interface DemoState {
  readonly startedMs: number;
  readonly devices: readonly DeviceRow[];
  /** URLs and commands; the id is the newest receipted statement's. */
  readonly hints: (id: string | null) => readonly string[];
  logSize: number;
  anchoredSize: number;
  lastReceipt: {
    readonly device: string;
    readonly id: string;
    readonly leafIndex: number;
    readonly atMs: number;
  } | null;
  firstReceiptMs: number | null;
}

const REDRAW_MS = 250;
const LINE_MS = 1_000;

/** Boot records come first; the proof of a reading shows more. */
const HINT_FROM_LEAF = 12;

/** `screen` is process.stdout; rows are cut to its width, so that redrawing never scrolls. */
export class DemoView {
  readonly #screen: NodeJS.WriteStream;
  readonly #state: DemoState;
  #drawn = 0;
  #timer: NodeJS.Timeout | null = null;
  #hinted = false;

  constructor(screen: NodeJS.WriteStream, state: DemoState) {
    this.#screen = screen;
    this.#state = state;
  }

  start(): void {
    const { isTTY } = this.#screen;
    this.#timer = setInterval(() => this.#show(), isTTY ? REDRAW_MS : LINE_MS);
    if (!isTTY) this.#write(this.#hints());
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #show(): void {
    const nowMs = Date.now();
    if (!this.#screen.isTTY) {
      this.#write([lineOf(this.#state, nowMs)]);
      // Once: a log that is read later has a command that works then as well.
      if (this.#hinted || (this.#state.lastReceipt?.leafIndex ?? 0) < HINT_FROM_LEAF) return;
      this.#write(this.#hints().slice(-3));
      this.#hinted = true;
      return;
    }
    const columns = this.#screen.columns || 80;
    const lines = tableOf(this.#state, nowMs).map((line) => line.slice(0, columns - 1));
    const rows = this.#screen.rows || 24;
    // Taller than the window it would scroll: the URLs go first, the table stays.
    const shown = [...lines, ...wrapped(this.#hints(), columns - 1)].slice(0, rows - 1);
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#screen.write(`${up}${shown.map((line) => `\x1b[2K${line}\n`).join('')}\x1b[0J`);
    this.#drawn = shown.length;
  }

  #hints(): readonly string[] {
    return this.#state.hints(this.#state.lastReceipt?.id ?? null);
  }

  #write(lines: readonly string[]): void {
    for (const line of lines) this.#screen.write(`${line}\n`);
  }
}

export function tableOf(state: DemoState, nowMs: number): string[] {
  const head = row(['device', 'last reading', 'queued', 'accepted', 'receipted']);
  const rows = state.devices.map((device) => {
    const { name, lastReading, queued, accepted, receipted, trouble } = device;
    const counts = [queued, accepted, receipted].map(String);
    return `${row([name, lastReading || '…', ...counts])}${trouble ? `  ${trouble}` : ''}`;
  });
  return ['', head, ...rows, '', `  ${logLine(state)}`, `  ${receiptLine(state, nowMs)}`, ''];
}

export function lineOf(state: DemoState, nowMs: number): string {
  const devices = state.devices.map(
    ({ name, accepted, receipted }) => `${name} ${receipted}/${accepted}`,
  );
  return `${devices.join(' · ')} · ${logLine(state)} · ${receiptLine(state, nowMs)}`;
}

function row(cells: readonly string[]): string {
  const [name = '', reading = '', ...counts] = cells;
  const right = counts.map((cell) => cell.padStart(10)).join('');
  return `  ${name.padEnd(14)} ${reading.slice(0, 30).padEnd(30)}${right}`;
}

function logLine({ logSize, anchoredSize }: DemoState): string {
  return `log ${logSize} leaves, ${anchoredSize} anchored`;
}

function receiptLine({ lastReceipt, firstReceiptMs, startedMs }: DemoState, nowMs: number): string {
  if (!lastReceipt) return `no receipt verified yet (${seconds(nowMs - startedMs)})`;
  const { device, leafIndex, atMs } = lastReceipt;
  const first = firstReceiptMs === null ? '' : `, the first ${seconds(firstReceiptMs)} after start`;
  return `last receipt verified ${seconds(nowMs - atMs)} ago (${device}, leaf ${leafIndex}${first})`;
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

/** Copy and paste must work, so long lines are wrapped and not cut. */
function wrapped(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const parts = [];
    for (let at = 0; at < Math.max(1, line.length); at += width) {
      parts.push(line.slice(at, at + width));
    }
    return parts;
  });
}
