import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Checked, CheckKey } from './check.ts';
import { type Answer, packFrames, unpackAnswer } from './check-wire.ts';
import type { ToWorker } from './check-worker.ts';

/** Frames handed to a thread at once: enough to make the hand-over cheap, few enough to stay fair. */
const CHUNK_FRAMES_MAX = 128;
/** One chunk being checked and one waiting, so that a thread never idles for the main thread. */
const CHUNKS_PER_THREAD_MAX = 2;

/** Checking makes much short-lived garbage; a larger nursery is swept less often. */
const YOUNG_GENERATION_MB = 64;

interface Thread {
  worker: Worker;
  chunks: number;
}

/**
 * Checks frames on every core. `onChecked` gets them in the order in which they came, whatever
 * thread was faster: a device's statement must not look late because its predecessor is still being
 * checked. A thread that dies is a bug and is reported through `onFailure`: the gateway stops,
 * unacknowledged frames come again.
 */
export class CheckPool<T> {
  readonly #threads: Thread[];
  readonly #onChecked: (context: T, checked: Checked) => void;
  readonly #onChunk: () => void;
  #waiting: { frame: Uint8Array; context: T }[] = [];
  #urgent: { frame: Uint8Array; context: T }[] = [];
  readonly #contexts = new Map<number, T[]>();
  readonly #answers = new Map<number, Answer>();
  #nextChunk = 0;
  #nextDelivered = 0;
  #scheduled = false;

  constructor(options: {
    threads?: number;
    onChecked: (context: T, checked: Checked) => void;
    /** After the last frame of a chunk: the time to close a group. */
    onChunk: () => void;
    onFailure: (error: Error) => void;
  }) {
    this.#onChecked = options.onChecked;
    this.#onChunk = options.onChunk;
    const count = options.threads ?? Math.max(1, availableParallelism());
    this.#threads = Array.from({ length: count }, () => this.#start(options.onFailure));
  }

  setLedger(ledgerId: Uint8Array): void {
    this.#broadcast({ kind: 'ledger', ledgerId });
  }

  /** In message order: frames checked from here on know the key. */
  setKey(kid: string, key: CheckKey): void {
    this.#broadcast({ kind: 'key', kid, key });
  }

  /** A frame, or a bare entry out of a block: the latter is `urgent`, a vote waits for it. */
  check(frame: Uint8Array, context: T, { urgent = false } = {}): void {
    (urgent ? this.#urgent : this.#waiting).push({ frame, context });
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Everything that arrived in this turn of the event loop goes out together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(onFailure: (error: Error) => void): Thread {
    // Node 20 runs no TypeScript in threads: from sources, the built worker next door is used.
    const fromSource = import.meta.url.endsWith('.ts');
    const file = fromSource ? '../dist/admit/check-worker.js' : './check-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const thread: Thread = { worker, chunks: 0 };
    worker.on('message', (message: { chunk: number; answer: Answer }) => {
      thread.chunks -= 1;
      this.#dispatch();
      this.#deliver(message.chunk, message.answer);
    });
    worker.on('error', onFailure);
    return thread;
  }

  #dispatch(): void {
    while (this.#waiting.length + this.#urgent.length > 0) {
      const thread = this.#threads.reduce((least, next) =>
        next.chunks < least.chunks ? next : least,
      );
      if (thread.chunks >= CHUNKS_PER_THREAD_MAX) return;
      const queue = this.#urgent.length > 0 ? this.#urgent : this.#waiting;
      const batch = queue.splice(0, CHUNK_FRAMES_MAX);
      const chunk = this.#nextChunk;
      this.#nextChunk += 1;
      this.#contexts.set(
        chunk,
        batch.map(({ context }) => context),
      );
      const frames = packFrames(batch.map(({ frame }) => frame));
      thread.chunks += 1;
      this.#post(thread, { kind: 'frames', chunk, frames }, [frames]);
    }
  }

  #deliver(chunk: number, answer: Answer): void {
    this.#answers.set(chunk, answer);
    for (;;) {
      const next = this.#answers.get(this.#nextDelivered);
      const contexts = this.#contexts.get(this.#nextDelivered);
      if (!next || !contexts) return;
      this.#answers.delete(this.#nextDelivered);
      this.#contexts.delete(this.#nextDelivered);
      this.#nextDelivered += 1;
      for (const [i, checked] of unpackAnswer(next).entries()) {
        const context = contexts[i];
        if (context !== undefined) this.#onChecked(context, checked);
      }
      this.#onChunk();
    }
  }

  #broadcast(message: ToWorker): void {
    for (const thread of this.#threads) this.#post(thread, message, []);
  }

  #post(thread: Thread, message: ToWorker, transfer: ArrayBuffer[]): void {
    thread.worker.postMessage(message, transfer);
  }
}
