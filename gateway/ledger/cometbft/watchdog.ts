// Is the engine still deciding? Its RPC answers while its consensus hangs (abci.md, "Engine bug"),
// so an answer alone proves nothing.

/** @module watchdog */
import type { EngineRpc } from './engine-rpc.ts';

export interface WatchdogOptions {
  readonly rpc: EngineRpc;
  /** Something waits for a block, and enough members are connected to make one or to give it. */
  hasWork(): boolean;
  /** Grows with each request of the engine (AbciServer.requestsAnswered). */
  activity(): number;
  /** Called once. */
  onHang(code: 'stalled' | 'unresponsive', detail: string): void;
  readonly stallMs: number;
  readonly everyMs: number;
}

/** A busy machine answers late; a hung engine accepts the connection and never does. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Progress is a height that moves; while the engine starts, replays or catches up, a request to the
 * application is progress too. Without progress for `stallMs` it hangs, unless it answers and
 * nothing waits.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  #asking = false;
  #done = false;
  #height = -1;
  #requests = 0;
  #movedMs = performance.now();

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#requests = options.activity();
    this.#timer = setInterval(() => void this.#look(), options.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#done = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { rpc, stallMs, hasWork, activity } = this.#options;
    const status = await rpc.status(Math.min(stallMs, ANSWER_TIMEOUT_MS));
    this.#asking = false;
    if (this.#done) return;
    const requests = activity();
    const isDeciding = status.ok && !status.value.catchingUp;
    const height = status.ok ? status.value.height : this.#height;
    const moved = height !== this.#height || (!isDeciding && requests !== this.#requests);
    const idle = status.ok && !hasWork();
    this.#height = height;
    this.#requests = requests;
    const nowMs = performance.now();
    if (moved || idle) this.#movedMs = nowMs;
    const stillMs = Math.round(nowMs - this.#movedMs);
    if (stillMs < stallMs) return;
    this.stop();
    const { onHang } = this.#options;
    if (status.ok) onHang('stalled', `at height ${height} for ${stillMs} ms while something waits`);
    else onHang('unresponsive', `no request for ${stillMs} ms and no answer: ${status.detail}`);
  }
}
