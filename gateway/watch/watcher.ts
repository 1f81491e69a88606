import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Checkpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import type { Alarm } from './alarm.ts';
import { keepEvidence } from './evidence.ts';
import { type LookOptions, look } from './look.ts';
import { type Remembered, writeMemory } from './memory.ts';

/** One look, as it is told: every field is JSON. */
export interface Report {
  /** By the auditor's own clock, ISO 8601. */
  readonly lookedAt: string;
  readonly origin: string | null;
  /** What was shown, believed or not; null where nothing was. */
  readonly shown: TreeJson | null;
  /** What is remembered now. */
  readonly remembered: (TreeJson & { readonly seenMs: number }) | null;
  /** A checkpoint was remembered that was not before. */
  readonly isNews: boolean;
  readonly alarms: readonly Alarm[];
  /** The file with both signed notes; null where none speaks against another. */
  readonly evidence: string | null;
}

interface TreeJson {
  readonly size: number;
  readonly rootHash: string;
}

export interface WatcherOptions extends Omit<LookOptions, 'nowMs'> {
  /** Where the memory is. */
  readonly file: string;
}

/** An auditor's own memory of one log, in one file. */
export class Watcher {
  readonly #options: WatcherOptions;
  #remembered: Remembered | null;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#remembered = options.remembered;
  }

  /** Evidence and memory are on disk before anybody is told; throws where the disk refuses. */
  async look(nowMs: number): Promise<Report> {
    const { file } = this.#options;
    const seen = await look({ ...this.#options, remembered: this.#remembered, nowMs });
    const { shown, remembered, alarms, contradiction } = seen;
    const evidence = contradiction && keepEvidence(file, contradiction);
    const isNews = remembered !== null && remembered !== this.#remembered;
    if (isNews) {
      writeMemory(file, remembered);
      this.#remembered = remembered;
    }
    return {
      lookedAt: new Date(nowMs).toISOString(),
      origin: (shown ?? remembered?.checkpoint)?.origin ?? null,
      shown: shown && treeJson(shown),
      remembered: remembered && { ...treeJson(remembered.checkpoint), seenMs: remembered.seenMs },
      isNews,
      alarms,
      evidence,
    };
  }
}

function treeJson({ size, root }: Checkpoint): TreeJson {
  return { size, rootHash: toHex(root) };
}
