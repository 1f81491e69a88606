import { randomBytes } from 'node:crypto';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeFrame, FRAME_BYTES_MAX, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { MEDIA_EPCIS_EVENT } from '@truegrain/device-sdk/formats/media-types.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement, signStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Settle } from '../../admit/outcome.ts';
import type { LedgerState } from '../../ledger/state.ts';
import type { ReadEvent } from '../event.ts';
import type { CaptureIdentity } from './capture-key.ts';
import { contentOf, eventOf, identityOf } from './captured-content.ts';

/** Of a statement without its content: key, claims, signature. */
const STATEMENT_BYTES_MAX = 1_024;
export const EVENT_CONTENT_BYTES_MAX = FRAME_BYTES_MAX - STATEMENT_BYTES_MAX;

/** The machine's own clock (SPEC §3.2, quality 2): nobody told this program what sets it. */
const OWN_CLOCK = 2;
const BOOT_ID_BYTES = 16;

interface Tip {
  seq: number;
  id: Uint8Array | null;
}

export interface WrittenEvent {
  readonly id: Uint8Array;
  readonly frame: Uint8Array;
}

/**
 * Signs events one after the other with a capture key: number, predecessor, digest of the content.
 * The number goes on from what the ledger has and, in an alliance, from what waits for its block.
 */
export class EventWriter {
  readonly #state: () => LedgerState;
  readonly #waiting: () => Iterable<Uint8Array>;
  readonly #presentMs: () => number;
  readonly #bootId = randomBytes(BOOT_ID_BYTES);

  constructor(options: {
    state: () => LedgerState;
    /** Frames that were accepted and are in no block yet. */
    waiting: () => Iterable<Uint8Array>;
    presentMs: () => number;
  }) {
    this.#state = options.state;
    this.#waiting = options.waiting;
    this.#presentMs = options.presentMs;
  }

  /** Nothing else signs with this key meanwhile. */
  write(identity: CaptureIdentity, events: readonly ReadEvent[]): WrittenEvent[] {
    const tip = this.#tip(identity);
    return events.map((event) => {
      const content = contentOf(event);
      const { id, bytes } = this.#sign(identity, tip, content);
      tip.seq += 1;
      tip.id = id;
      return { id, frame: encodeFrame({ statement: bytes, content }) };
    });
  }

  /** Events that an earlier run had accepted and that are in no block yet: their statements' ids. */
  pending({ signer }: CaptureIdentity): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const frame of this.#waiting()) {
      const parts = parseFrame(frame);
      const statement = parts.ok ? parseStatement(parts.value.statement) : parts;
      if (!parts.ok || !statement.ok || !equal(statement.value.kid, signer.kid)) continue;
      const event = eventOf(parts.value.content);
      if (event) found.set(identityOf(event), statement.value.id);
    }
    return found;
  }

  #sign({ signer, device }: CaptureIdentity, tip: Tip, content: Uint8Array) {
    const { ledgerId } = this.#state();
    return signStatement(
      {
        iss: device,
        sub: device,
        iat: Math.floor(this.#presentMs() / 1000),
        payload: { kind: 'hash', digest: sha256(content), preimageType: MEDIA_EPCIS_EVENT },
        seq: tip.seq + 1,
        prev: tip.id,
        ledgerId,
        device: {
          bootId: this.#bootId,
          quality: OWN_CLOCK,
          errorMs: null,
          count: 0,
          firstMs: null,
          lastMs: null,
        },
      },
      signer,
    );
  }

  #tip({ signer, record }: CaptureIdentity): Tip {
    const stream = this.#state().streams.get(record.no);
    const tip: Tip = { seq: stream?.maxSeq ?? 0, id: stream?.tipId ?? null };
    for (const frame of this.#waiting()) {
      const parts = parseFrame(frame);
      const statement = parts.ok ? parseStatement(parts.value.statement) : parts;
      if (!statement.ok || !equal(statement.value.kid, signer.kid)) continue;
      const { seq, id } = statement.value;
      if (seq > tip.seq) Object.assign(tip, { seq, id });
    }
    return tip;
  }
}

/** Brings a frame to admission; resolves when it is settled. */
export type Submit = (frame: Uint8Array, settle: Settle) => void;
