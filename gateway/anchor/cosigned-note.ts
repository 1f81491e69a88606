import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { verifyCosignature } from '@truegrain/device-sdk/formats/cosignature.js';
import {
  formatSignatureLine,
  type NoteKey,
  type NoteSignature,
} from '@truegrain/device-sdk/formats/note.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { isQuorumMet, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';

/** One checkpoint of the own log while its cosignatures come in; every line in it has verified. */
export class CosignedNote {
  readonly size: number;
  readonly root: Uint8Array;
  readonly body: string;
  readonly #logLine: string;
  readonly #native: NativeVerify | undefined;
  /** By the hex of the public key: a key's line stands once, the newest one. */
  readonly #lines = new Map<string, string>();

  constructor(checkpoint: {
    origin: string;
    size: number;
    root: Uint8Array;
    /** Signs the body as the log; the line with its newline. */
    signLog: (body: string) => string;
    native?: NativeVerify | undefined;
  }) {
    const { size, root } = checkpoint;
    this.size = size;
    this.root = root;
    this.body = formatCheckpointBody(checkpoint);
    this.#logLine = checkpoint.signLog(this.body);
    this.#native = checkpoint.native;
  }

  get logLine(): string {
    return this.#logLine;
  }

  /** A line this process made just now. */
  addOwn(key: NoteKey, line: string): void {
    this.#lines.set(toHex(key.key), line);
  }

  /** False, and nothing added, where the line is not this key's cosignature of this checkpoint. */
  add(key: NoteKey, signature: NoteSignature): boolean {
    const signed = verifyCosignature({ body: this.body, signature, key, native: this.#native });
    if (signed.ok) this.#lines.set(toHex(key.key), formatSignatureLine(signature));
    return signed.ok;
  }

  has(key: NoteKey): boolean {
    return this.#lines.has(toHex(key.key));
  }

  /** Whether the quorum is met by these lines and, supposing they come, those of `others`. */
  meets(policy: Policy, others: readonly NoteKey[] = []): boolean {
    const cosigned = policy.witnesses.filter(
      ({ key }) => this.has(key) || others.some((other) => equal(other.key, key.key)),
    );
    return isQuorumMet(policy, new Set(cosigned.map(({ name }) => name)));
  }

  text(): string {
    return `${this.body}\n${this.#logLine}${[...this.#lines.values()].join('')}`;
  }
}
