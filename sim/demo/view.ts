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
  /** URLs and commands; the id is of a receipted statement. */
  readonly hints: (id: string | null) => readonly string[];
  logSize: number;
  anchoredSize: number;
  lastReceipt: {
    readonly device: string;
    readonly leafIndex: number;
    readonly atMs: number;
  } | null;
  /** A pack of readings with a receipt; it stands for a while, so that its command can be copied. */
  proof: { readonly id: string; readonly atMs: number } | null;
  firstReceiptMs: number | null;
}

const REDRAW_MS = 250;
const LINE_MS = 1_000;

/** What stands on the screen: lines, and how many rows each takes. */
interface Drawn {
  readonly lines: readonly string[];
  readonly heights: readonly number[];
}

export class DemoView {
  readonly #screen: NodeJS.WriteStream;
  readonly #state: DemoState;
  #drawn: Drawn = { lines: [], heights: [] };
  #timer: NodeJS.Timeout | null = null;
  #hinted = false;

  /** `screen` is process.stdout. */
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
    if (this.#screen.isTTY) {
      this.#draw(nowMs);
      return;
    }
    this.#write([lineOf(this.#state, nowMs)]);
    // Once: a log that is read later has a command that works then as well.
    if (this.#hinted || this.#state.proof === null) return;
    this.#write(this.#hints().slice(-3));
    this.#hinted = true;
  }

  /** Only what changed is written: a command that is being selected with the mouse stays so. */
  #draw(nowMs: number): void {
    const { columns = 80, rows = 24 } = this.#screen;
    const table = tableOf(this.#state, nowMs).map((line) => line.slice(0, columns));
    const lines = fitting([...table, ...this.#hints()], { columns, rows: rows - 1 });
    const heights = lines.map((line) => heightOf(line, columns));
    const before = this.#drawn;
    const fits = heights.every((height, at) => height === before.heights[at]);
    const anew = !fits || heights.length !== before.heights.length;
    const up = before.heights.reduce((sum, height) => sum + height, 0);
    const body = lines.map((line, at) => {
      const down = '\n'.repeat(heights[at] ?? 1);
      return !anew && line === before.lines[at] ? down : `\x1b[2K${line}\n`;
    });
    this.#screen.write(`${up > 0 ? `\x1b[${up}A` : ''}${anew ? '\x1b[0J' : ''}${body.join('')}`);
    this.#drawn = { lines, heights };
  }

  #hints(): readonly string[] {
    return this.#state.hints(this.#state.proof?.id ?? null);
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

/** The terminal wraps long lines itself: a command copied from two rows has no line break in it. */
function heightOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.length / columns));
}

/** Taller than the window, redrawing would scroll; the end goes first, the table stays. */
function fitting(
  lines: readonly string[],
  { columns, rows }: { columns: number; rows: number },
): string[] {
  let left = rows;
  const shown = [];
  for (const line of lines) {
    left -= heightOf(line, columns);
    if (left < 0) break;
    shown.push(line);
  }
  return shown;
}
