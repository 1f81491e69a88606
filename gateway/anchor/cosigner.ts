import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { type NoteKey, noteKey } from '@truegrain/device-sdk/formats/note.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { OwnLog } from './own-log.ts';
import type { SigningFloor } from './signing-floor.ts';

export type CosignRefusal =
  /** The floor does not let this member sign yet, or ever. */
  | 'not_ready'
  /** A larger tree was cosigned already. */
  | 'smaller_than_signed'
  /** The own node has not committed that many leaves. */
  | 'beyond_own_log'
  /** The own node's root at that size is another one. */
  | 'not_own_root';

export interface Cosignable {
  size: number;
  root: Uint8Array;
  /** Verified signature lines of logs, each with its newline: shown to monitors with ours. */
  logLines: readonly string[];
}

/**
 * The one user of the cosigning key, for own checkpoints and those of other members alike: what it
 * signs never shrinks and has one root at a size. Synchronous, so that checking and persisting are
 * one step for everybody in this process; the folder's lock keeps out other processes.
 */
export class Cosigner {
  readonly name: string;
  readonly key: NoteKey;
  readonly floor: SigningFloor;
  readonly #origin: string;
  readonly #signer: Signer;
  readonly #log: OwnLog;
  readonly #nowMs: () => number;
  /** The lines under the newest checkpoint since the start; the tip file keeps the first of them. */
  #shown: { size: number; body: string; logLines: Set<string>; line: string } | null = null;

  constructor(options: {
    origin: string;
    name: string;
    signer: Signer;
    floor: SigningFloor;
    log: OwnLog;
    nowMs: () => number;
  }) {
    const { key } = options.signer;
    if (key.kty !== 'OKP') throw new TypeError('a checkpoint is cosigned with Ed25519');
    this.name = options.name;
    this.key = noteKey(options.name, 4, key.x);
    this.floor = options.floor;
    this.#origin = options.origin;
    this.#signer = options.signer;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  /** Of the largest tree ever cosigned; 0 for none. */
  size(): number {
    return this.floor.newest()?.size ?? 0;
  }

  /**
   * The cosignature line of a tree of the own node. Its size and root are on disk before this
   * returns; a crash in between leaves a signature that nobody saw, over a root the store holds.
   */
  cosign({ size, root, logLines }: Cosignable): Result<string, CosignRefusal> {
    const floor = this.floor.state();
    if (floor.state !== 'ready') return fail('not_ready', floorWords(floor));
    if (size < this.size()) return fail('smaller_than_signed', `${this.size()} was cosigned`);
    if (size > this.#log.size()) return fail('beyond_own_log', `${this.#log.size()} committed`);
    if (!equal(this.#log.root(size), root)) {
      return fail('not_own_root', `${toHex(root)} at size ${size}`);
    }
    const body = formatCheckpointBody({ origin: this.#origin, size, root });
    const timeSeconds = Math.floor(this.#nowMs() / 1000);
    const line = cosign(body, { name: this.name, signer: this.#signer, timeSeconds });
    if (size > this.size() || !this.floor.newest() || !this.floor.isDurable()) {
      this.floor.keep({ size, root, note: `${body}\n${logLines.join('')}${line}` });
    }
    const known = this.#shown?.body === body ? this.#shown.logLines : [];
    this.#shown = { size, body, logLines: new Set([...known, ...logLines]), line };
    return ok(line);
  }

  /** For monitors: the newest tree cosigned, under the lines of the logs that asked for it. */
  note(): string | null {
    const shown = this.#shown;
    if (shown?.size === this.size())
      return `${shown.body}\n${[...shown.logLines, shown.line].join('')}`;
    return this.floor.newest()?.note ?? null;
  }
}

function floorWords(floor: ReturnType<SigningFloor['state']>): string {
  switch (floor.state) {
    case 'ready':
      return 'ready';
    case 'asking':
      return `${floor.answered} of ${floor.needed} members have said what they hold of this one`;
    case 'waiting':
      return `size ${floor.size} was signed before (${floor.from}); the tree is not there yet`;
    case 'forked':
      return `another root was signed at size ${floor.size} (${floor.from})`;
  }
}
