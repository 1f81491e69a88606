// C2SP tlog-witness v1.0.0, add-checkpoint: the side that asks for a cosignature.
import { toBase64 } from '@truegrain/device-sdk/formats/bytes.js';
import { parseDecimal } from '@truegrain/device-sdk/formats/checkpoint.js';
import {
  type NoteKey,
  type NoteSignature,
  parseSignatureLines,
} from '@truegrain/device-sdk/formats/note.js';
import type { OwnLog } from './own-log.ts';

export interface HttpAnswer {
  status: number;
  contentType: string;
  body: string;
}

/** Another member, or an outside witness. */
export interface WitnessPeer {
  /** For people: the member's name, or that of the witness in the configuration. */
  name: string;
  /** Its cosigning key, type 0x04. */
  key: NoteKey;
  /** POST `<submission prefix>/add-checkpoint`; rejects where no answer came. */
  addCheckpoint(body: string, signal: AbortSignal): Promise<HttpAnswer>;
}

export type Asked =
  | { kind: 'lines'; signatures: NoteSignature[] }
  /** It has cosigned a larger tree and can't go back. */
  | { kind: 'ahead'; size: number }
  /** No answer, or "not now". */
  | { kind: 'unavailable'; detail: string }
  /** It answered that it will not cosign this. */
  | { kind: 'refused'; detail: string }
  /** No answer that the protocol knows. */
  | { kind: 'malformed'; detail: string };

const SIZE_TYPE = 'text/x.tlog.size';
/** Its size moves whenever somebody else asks; a fifth conflict in a row is no race any more. */
const TRIES_MAX = 4;

/** Asks one witness, remembering the size at which it stands. */
export class WitnessClient {
  readonly #peer: WitnessPeer;
  readonly #log: OwnLog;
  #size = 0;
  /** It mostly stands at the asked size already: it has seen the same block and was as quick. */
  #isAsQuick = false;

  constructor(peer: WitnessPeer, log: OwnLog) {
    this.#peer = peer;
    this.#log = log;
  }

  async ask(checkpoint: { size: number; note: string }, signal: AbortSignal): Promise<Asked> {
    const { size } = checkpoint;
    if (this.#isAsQuick || this.#size > size) this.#size = size;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const old = this.#size;
      const answer = await this.#post(old, checkpoint, signal);
      if ('kind' in answer) return answer;
      if (answer.status === 200) {
        this.#size = size;
        const signatures = parseSignatureLines(answer.body);
        if (signatures.ok) return { kind: 'lines', signatures: signatures.value };
        return { kind: 'malformed', detail: signatures.detail };
      }
      if (answer.status !== 409) return refusalOf(answer);
      const at = sizeOf(answer);
      if (at === null || at === old) return { kind: 'malformed', detail: '409 without its size' };
      if (at > size) return { kind: 'ahead', size: at };
      if (tries === 0) this.#isAsQuick = at === size;
      this.#size = at;
    }
    return { kind: 'unavailable', detail: 'its size moved at every try' };
  }

  async #post(
    old: number,
    { size, note }: { size: number; note: string },
    signal: AbortSignal,
  ): Promise<HttpAnswer | Asked> {
    const proof = old > 0 && old < size ? this.#log.consistency(old, size) : [];
    const lines = [`old ${old}`, ...proof.map(toBase64)];
    const body = `${lines.join('\n')}\n\n${note}`;
    try {
      return await Promise.race([this.#peer.addCheckpoint(body, signal), cutOff(signal)]);
    } catch (error) {
      return {
        kind: 'unavailable',
        detail: error instanceof Error ? error.message : String(error),
      };
    }
  }
}

function sizeOf({ contentType, body }: HttpAnswer): number | null {
  if (contentType.split(';', 1)[0]?.trim() !== SIZE_TYPE || !body.endsWith('\n')) return null;
  return parseDecimal(body.slice(0, -1));
}

const DETAIL_CHARS_MAX = 200;

function refusalOf({ status, body }: HttpAnswer): Asked {
  const detail = `${status} ${body.trim().slice(0, DETAIL_CHARS_MAX)}`.trim();
  // Of the client errors, these two say "later" and the others say "no".
  const isLater = status >= 500 || status === 408 || status === 429;
  if (isLater) return { kind: 'unavailable', detail };
  return status >= 400 ? { kind: 'refused', detail } : { kind: 'malformed', detail };
}

/** Whatever the transport makes of its signal, the ask ends when it is aborted. */
function cutOff(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
