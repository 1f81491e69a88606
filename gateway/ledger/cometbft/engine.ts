// The supervised engine: started after the application listens, replaced when it is gone or hangs.

/** @module engine */
import { rmSync } from 'node:fs';
import type { EngineHome } from './engine-home.ts';
import { type EngineFaultCode, type EngineLogLine, faultOf, parseLogLine } from './engine-log.ts';
import { EngineProcess, killStaleEngines } from './engine-process.ts';
import type { EngineRpc } from './engine-rpc.ts';
import { Watchdog } from './watchdog.ts';

export interface EngineDown {
  /** `exited`: by itself, with any exit code; 0 is what it ends with when the application goes. */
  readonly code: EngineFaultCode | 'exited' | 'stalled' | 'unresponsive' | 'application_failed';
  readonly detail: string;
  /** Downs in a row, this one included. */
  readonly downs: number;
}

export interface EngineOptions {
  readonly binary: string;
  readonly home: EngineHome;
  readonly rpc: EngineRpc;
  /** See watchdog.ts. */
  hasWork(): boolean;
  activity(): number;
  onLog(line: EngineLogLine): void;
  /**
   * The process is gone. The owner drops what the application holds of undecided blocks, once its
   * server is idle, and says whether a new engine is to start; that one waits longer each time.
   */
  onDown(down: EngineDown): Promise<'restart' | 'stay_down'>;
  readonly limits?: Partial<EngineLimits>;
}

export interface EngineLimits {
  /** Without a block while something waits; see watchdog.ts. */
  readonly stallMs: number;
  readonly watchEveryMs: number;
  /** SIGKILL this long after SIGTERM. */
  readonly killAfterMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

const LIMITS: EngineLimits = {
  stallMs: 30_000,
  watchEveryMs: 1_000,
  killAfterMs: 10_000,
  backoffMinMs: 500,
  backoffMaxMs: 60_000,
};

/** The first lines of a panic say what happened; the stacks come after them. */
const WORDS_LINES_MAX = 6;

interface Running {
  readonly process: EngineProcess;
  readonly watchdog: Watchdog;
  readonly startedMs: number;
  readonly words: string[];
  reason: Pick<EngineDown, 'code' | 'detail'> | null;
  stopping: boolean;
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #limits: EngineLimits;
  #running: Running | null = null;
  #downs = 0;
  #retry: NodeJS.Timeout | null = null;
  /** Resolves when what a former call began has ended. */
  #turn: Promise<void> = Promise.resolve();
  /** Resolves when `onDown` has answered for the process that ended last. */
  #ending: Promise<void> = Promise.resolve();
  #wanted = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  get pid(): number | null {
    return this.#running?.process.pid ?? null;
  }

  /** The application listens already: a failed dial costs three seconds. */
  start(): Promise<void> {
    this.#wanted = true;
    return this.#inTurn(() => this.#begin());
  }

  /**
   * Resolves when the process is gone. `onDown` is not called, and one that is answering is waited
   * for: not to be awaited from within it.
   */
  stop(): Promise<void> {
    this.#wanted = false;
    return this.#inTurn(() => this.#end());
  }

  /** For a home that was written anew: other peers, another key. */
  restart(): Promise<void> {
    this.#wanted = true;
    return this.#inTurn(async () => {
      await this.#end();
      await this.#begin();
    });
  }

  /**
   * The application answers nothing more (AbciServerOptions.onFatal): its engine is killed, not left
   * to notice, since some hang then. `onDown` follows, unless it was down already.
   */
  applicationFailed(error: Error): void {
    if (this.#running) {
      this.#putDown(this.#running, { code: 'application_failed', detail: error.message });
    }
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #begin(): Promise<void> {
    this.#cancelRetry();
    if (!this.#wanted || this.#running) return;
    const { binary, home, rpc, onLog, hasWork, activity } = this.#options;
    const stale = await killStaleEngines(home.root);
    for (const pid of stale) {
      const message = `process ${pid} of a gateway that was killed is ended`;
      onLog({ level: 'info', module: 'gateway', message, fields: {} });
    }
    // A killed engine leaves its socket, and a new one can't listen on it then.
    rmSync(home.rpcSocket, { force: true });
    const running: Running = {
      process: new EngineProcess({
        binary,
        home: home.root,
        onLine: (line) => this.#onLine(running, line),
      }),
      watchdog: new Watchdog({
        rpc,
        hasWork,
        activity,
        stallMs: this.#limits.stallMs,
        everyMs: this.#limits.watchEveryMs,
        onHang: (code, detail) => this.#putDown(running, { code, detail }),
      }),
      startedMs: performance.now(),
      words: [],
      reason: null,
      stopping: false,
    };
    this.#running = running;
    this.#ending = running.process.ended.then((how) => this.#onEnded(running, how));
  }

  async #end(): Promise<void> {
    this.#cancelRetry();
    const running = this.#running;
    if (!running) return this.#ending;
    running.stopping = true;
    running.watchdog.stop();
    await running.process.stop(this.#limits.killAfterMs);
    this.#running = null;
    this.#downs = 0;
  }

  #onLine(running: Running, line: string): void {
    const parsed = parseLogLine(line);
    if (parsed.level === 'panic' && line.trim() !== '') {
      if (running.words.length < WORDS_LINES_MAX) running.words.push(line.trim());
    }
    this.#options.onLog(parsed);
    // Consensus that failed leaves a process that answers and decides nothing.
    const fault = faultOf(parsed);
    if (fault) this.#putDown(running, fault);
  }

  #putDown(running: Running, reason: Pick<EngineDown, 'code' | 'detail'>): void {
    if (running.stopping) return;
    running.reason ??= reason;
    running.process.kill('SIGKILL');
  }

  async #onEnded(running: Running, how: string): Promise<void> {
    running.watchdog.stop();
    if (running.stopping || this.#running !== running) return;
    this.#running = null;
    const stable = performance.now() - running.startedMs > this.#limits.backoffMaxMs;
    this.#downs = stable ? 1 : this.#downs + 1;
    const detail = [how, ...running.words].join('; ');
    const down = { ...(running.reason ?? { code: 'exited', detail }), downs: this.#downs } as const;
    const verdict = await this.#options.onDown(down);
    if (verdict === 'stay_down') this.#wanted = false;
    if (!this.#wanted) return;
    const { backoffMinMs, backoffMaxMs } = this.#limits;
    const waitMs = Math.min(backoffMinMs * 2 ** (down.downs - 1), backoffMaxMs);
    this.#retry = setTimeout(() => void this.#inTurn(() => this.#begin()), waitMs);
  }

  #cancelRetry(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
