import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '../programs/program.ts';

/** One start of a program, and when it does its work. */
export interface Launched {
  readonly program: Program;
  ready(): Promise<unknown>;
}

export interface SupervisedOptions {
  /** As it stands in a sentence: "the gateway of mill". */
  readonly words: string;
  readonly launch: () => Launched;
  /** What happened, for a person. */
  readonly onNews: (words: string) => void;
}

const RESTART_MS = 1_000;
/** A member lets its engine end and closes a database. */
const GRACE_MS = 20_000;

/** A program that is started again whenever it ends by itself, as systemd does with Restart=always. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  #launched: Launched | null = null;
  #isReady = false;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** The first start must come to something: what fails here would fail for ever. */
  async start(): Promise<void> {
    this.#launched = this.#options.launch();
    await this.#launched.ready();
    this.#isReady = true;
    this.#kept = this.#keep(this.#launched);
  }

  get state(): 'up' | 'starting' | 'down' {
    if (!this.#launched || this.#launched.program.ending) return 'down';
    return this.#isReady ? 'up' : 'starting';
  }

  /** Null while it does not run. */
  get pid(): number | null {
    return this.state === 'down' ? null : (this.#launched?.program.pid ?? null);
  }

  /** SIGTERM, and SIGKILL for one that does not go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#launched?.program.stop(GRACE_MS);
    await this.#kept;
  }

  async #keep(first: Launched): Promise<void> {
    const { words, launch, onNews } = this.#options;
    for (let running = first; ; ) {
      await running.program.ended;
      if (this.#isStopping) return;
      this.#isReady = false;
      onNews(`${words} ${endingOf(running.program)}; it is started again in a second`);
      await delay(RESTART_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#isStopping) return;
      const startedMs = performance.now();
      running = launch();
      this.#launched = running;
      const failure = await failureOf(running);
      if (failure !== null) continue;
      this.#isReady = true;
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      onNews(`${words} is back as process ${running.program.pid}, ${seconds} s after its start`);
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

/** What keeps it from starting it has said itself, and its end is told by the loop. */
async function failureOf(launched: Launched): Promise<Error | null> {
  try {
    await launched.ready();
    return null;
  } catch (error) {
    return error as Error;
  }
}

function endingOf({ ending, lines }: Program): string {
  if (ending?.signal) return `was ended by ${ending.signal}`;
  const said = lines.filter((line) => !line.startsWith('{')).at(-1);
  return `ended with code ${ending?.code}${said ? ` (${said})` : ''}`;
}
