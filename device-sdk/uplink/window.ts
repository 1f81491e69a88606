/**
 * Which frames are with the gateway: at most `framesMax` published and unanswered, and behind them
 * those that wait for their receipt or for another try. Memory only; the queue is the truth, and a
 * reconnect begins again from its head.
 *
 * @module window
 */
import { toHex } from '../formats/bytes.ts';
import type { SentStatement } from './release.ts';

export interface Tracked extends SentStatement {
  readonly position: number;
  readonly seq: number;
}

interface Flight {
  readonly tracked: Tracked;
  readonly sentAtMs: number;
  /** Has the line to itself, because connections died while it was in flight. */
  readonly alone: boolean;
  pubacked: boolean;
}

interface Waiting {
  readonly tracked: Tracked;
  dueAtMs: number;
  /** Survives a reconnect: sending it at once would only kill the next connection too. */
  readonly aside: boolean;
}

export interface WindowOptions {
  readonly framesMax?: number;
  /** Without any answer for this long a frame is asked for again; doubles with every ask. */
  readonly answerTimeoutMs?: number;
  readonly askAgainMsMax?: number;
  /** Frames remembered while they wait; more are found again from the queue by the next pass. */
  readonly waitingMax?: number;
  readonly lossesBeforeAlone?: number;
  readonly lossesBeforeAside?: number;
  readonly asideMs?: number;
}

/** A gateway that hung for a day must not cost its recovery another day. */
const ASIDE_MS_MAX = 3_600_000;

export class Window {
  readonly #framesMax: number;
  readonly #answerTimeoutMs: number;
  readonly #askAgainMsMax: number;
  readonly #waitingMax: number;
  readonly #lossesBeforeAlone: number;
  readonly #lossesBeforeAside: number;
  readonly #asideMs: number;
  readonly #inFlight = new Map<string, Flight>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #asks = new Map<string, number>();
  /** Connections lost while this frame was in flight and unanswered. */
  readonly #losses = new Map<string, number>();
  #forgotten = false;

  constructor(options: WindowOptions = {}) {
    this.#framesMax = options.framesMax ?? 8;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? 30_000;
    this.#askAgainMsMax = Math.max(options.askAgainMsMax ?? 3_600_000, this.#answerTimeoutMs);
    this.#waitingMax = options.waitingMax ?? 4_096;
    this.#lossesBeforeAlone = options.lossesBeforeAlone ?? 2;
    this.#lossesBeforeAside = options.lossesBeforeAside ?? 5;
    this.#asideMs = options.asideMs ?? 600_000;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  find(id: Uint8Array): Tracked | null {
    const key = toHex(id);
    return (this.#inFlight.get(key) ?? this.#waiting.get(key))?.tracked ?? null;
  }

  isFlying(id: Uint8Array): boolean {
    return this.#inFlight.has(toHex(id));
  }

  /** Free places; a suspect frame takes the whole window. */
  room(): number {
    for (const { alone } of this.#inFlight.values()) if (alone) return 0;
    return Math.max(0, this.#framesMax - this.#inFlight.size);
  }

  /** Whether this frame may go now, beside what is in flight. */
  admits(id: Uint8Array): boolean {
    return this.room() > 0 && (!this.#isSuspect(toHex(id)) || this.#inFlight.size === 0);
  }

  send(tracked: Tracked, nowMs: number): void {
    const key = toHex(tracked.id);
    this.#waiting.delete(key);
    const alone = this.#isSuspect(key);
    this.#inFlight.set(key, { tracked, sentAtMs: nowMs, alone, pubacked: false });
    this.#asks.set(key, (this.#asks.get(key) ?? 0) + 1);
  }

  pubacked(id: Uint8Array): void {
    const flight = this.#inFlight.get(toHex(id));
    if (flight !== undefined) flight.pubacked = true;
  }

  /** The gateway spoke of it and will again: its place is free, its receipt is still owed. */
  await(tracked: Tracked, nowMs: number): void {
    const key = toHex(tracked.id);
    this.#losses.delete(key);
    this.#wait(key, { tracked, dueAtMs: nowMs + this.#askAgainMs(key), aside: false });
  }

  /** Released or parked: not ours any more. */
  forget(id: Uint8Array): void {
    const key = toHex(id);
    this.#inFlight.delete(key);
    this.#waiting.delete(key);
    this.#asks.delete(key);
    this.#losses.delete(key);
  }

  /**
   * Frames without an answer for too long free their places, so that one the gateway is silent
   * about blocks nobody. False: not even PUBACKed, so the connection itself is in doubt.
   */
  expire(nowMs: number): boolean {
    let sound = true;
    for (const [key, { tracked, sentAtMs, pubacked }] of this.#inFlight) {
      if (nowMs - sentAtMs < this.#answerTimeoutMs) continue;
      if (!pubacked) sound = false;
      else this.#wait(key, { tracked, dueAtMs: nowMs + this.#askAgainMs(key), aside: false });
    }
    return sound;
  }

  /** The waiting frame that is to be asked for again first, or null. */
  due(nowMs: number): Tracked | null {
    for (const { tracked, dueAtMs } of this.#waiting.values()) {
      if (dueAtMs <= nowMs) return tracked;
    }
    return null;
  }

  /** True once after frames were forgotten to save memory: the queue holds unasked ones behind us. */
  takeForgotten(): boolean {
    const forgotten = this.#forgotten && this.#waiting.size < this.#waitingMax / 2;
    if (forgotten) this.#forgotten = false;
    return forgotten;
  }

  /** The connection is gone: whoever was in flight may be the cause. */
  lost(nowMs: number): void {
    for (const [key, { tracked }] of this.#inFlight) {
      const losses = (this.#losses.get(key) ?? 0) + 1;
      this.#losses.set(key, losses);
      if (losses < this.#lossesBeforeAside) continue;
      const times = losses - this.#lossesBeforeAside;
      const asideMs = Math.min(this.#asideMs * 2 ** times, Math.max(this.#asideMs, ASIDE_MS_MAX));
      this.#waiting.set(key, { tracked, dueAtMs: nowMs + asideMs, aside: true });
    }
    this.#inFlight.clear();
    for (const [key, { aside }] of this.#waiting) if (!aside) this.#waiting.delete(key);
    for (const key of this.#asks.keys()) if (!this.#waiting.has(key)) this.#asks.delete(key);
    this.#forgotten = false;
  }

  #isSuspect(key: string): boolean {
    return (this.#losses.get(key) ?? 0) >= this.#lossesBeforeAlone;
  }

  #wait(key: string, waiting: Waiting): void {
    this.#inFlight.delete(key);
    this.#waiting.delete(key);
    this.#waiting.set(key, waiting);
    if (this.#waiting.size <= this.#waitingMax) return;
    for (const [oldest, { aside }] of this.#waiting) {
      if (aside) continue;
      this.#waiting.delete(oldest);
      this.#asks.delete(oldest);
      this.#forgotten = true;
      return;
    }
  }

  #askAgainMs(key: string): number {
    const asks = Math.max(1, this.#asks.get(key) ?? 1);
    return Math.min(this.#answerTimeoutMs * 2 ** (asks - 1), this.#askAgainMsMax);
  }
}
