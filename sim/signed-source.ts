import { encodeBoot } from '@truegrain/device-sdk/formats/boot.js';
import { encodeFrame } from '@truegrain/device-sdk/formats/frame.js';
import { MEDIA_BOOT, MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { baseNameOf } from '@truegrain/device-sdk/formats/pack.js';
import { encodePack } from '@truegrain/device-sdk/formats/pack-encode.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { newSecret, type Signer, softSigner } from '@truegrain/device-sdk/formats/signer.js';
import {
  finishStatement,
  prepareStatement,
  type StatementFields,
} from '@truegrain/device-sdk/formats/statement.js';
import type { Reading } from './instrument.ts';
import type { World } from './world.ts';

/** A statement on its way, with what its sender remembers of it. */
export interface SignedFrame {
  readonly id: Uint8Array;
  readonly seq: number;
  readonly statement: Uint8Array;
  readonly content: Uint8Array;
  readonly frame: Uint8Array;
}

/** How a frame departs from what an honest device would make. */
export interface Departure {
  readonly fields?: Partial<StatementFields>;
  /** Signs instead of the registered key, under the registered key's kid. */
  readonly signer?: Signer;
  /** Goes out beside the statement instead of what the statement's digest is of. */
  readonly content?: Uint8Array;
}

export interface SourceOptions {
  readonly urn: string;
  readonly subject: string;
  readonly alg?: -7 | -8;
  /** Where a part of the world takes over from an earlier run of itself. */
  readonly after?: { readonly seq: number; readonly id: Uint8Array };
}

/**
 * A device by hand: it makes frames byte by byte with the public formats, honest ones and, on
 * request, ones that depart in one thing. Where honesty is all that is asked, the real firmware
 * is run instead.
 */
export class SignedSource {
  readonly urn: string;
  readonly subject: string;
  readonly signer: Signer;
  /** Known once the device is enrolled. */
  ledgerId: Uint8Array | null = null;
  readonly #world: World;
  #bootId: Uint8Array;
  #seq: number;
  #prev: Uint8Array | null;
  #bootCount = 1;

  constructor(world: World, options: SourceOptions) {
    this.#world = world.part(`source ${options.urn}`);
    this.urn = options.urn;
    this.subject = options.subject;
    this.signer = softSigner(
      options.alg ?? -8,
      newSecret(options.alg ?? -8, (length) => this.#world.bytes(length)),
    );
    this.#bootId = this.#world.bytes(16);
    this.#seq = options.after?.seq ?? 0;
    this.#prev = options.after?.id ?? null;
  }

  get seq(): number {
    return this.#seq;
  }

  readings(readings: readonly Reading[], departure: Departure = {}): SignedFrame {
    const times = readings.map(({ timeMs }) => timeMs);
    const content = encodePack({
      baseName: baseNameOf(this.urn),
      salt: this.#world.bytes(16),
      records: readings,
    });
    const claims = {
      count: readings.length,
      firstMs: Math.min(...times),
      lastMs: Math.max(...times),
    };
    return this.#sign(content, { type: MEDIA_SENML_CBOR, claims, departure });
  }

  /** Power is gone: numbers reserved and not used are skipped, and the next boot says why. */
  powerCut(lostNumbers: number, nowMs: number): SignedFrame {
    const prevSeqDurable = this.#seq;
    this.#seq += lostNumbers;
    this.#bootId = this.#world.bytes(16);
    this.#bootCount += 1;
    const content = encodeBoot({
      bootId: this.#bootId,
      bootCount: this.#bootCount,
      prevSeqDurable,
      firstSeq: this.#seq + 1,
      gapReason: lostNumbers === 0 ? null : 'power cut: numbers reserved and never used',
      firmware: 'truegrain-sim/1',
      buildDateS: Math.floor(nowMs / 1000) - 86_400,
      tornBytes: 0,
    });
    const claims = { count: 1, firstMs: nowMs, lastMs: nowMs };
    return this.#sign(content, { type: MEDIA_BOOT, claims, departure: {} });
  }

  #sign(
    content: Uint8Array,
    made: {
      type: string;
      claims: { count: number; firstMs: number; lastMs: number };
      departure: Departure;
    },
  ): SignedFrame {
    const { claims, departure } = made;
    const fields: StatementFields = {
      alg: this.signer.alg,
      kid: this.signer.kid,
      iss: this.urn,
      sub: this.subject,
      iat: Math.floor(claims.lastMs / 1000),
      payload: { kind: 'hash', digest: sha256(content), preimageType: made.type },
      seq: this.#seq + 1,
      prev: this.#prev,
      ledgerId: this.ledgerId,
      device: { bootId: this.#bootId, quality: 3, errorMs: 50, ...claims },
      ...departure.fields,
    };
    const prepared = prepareStatement(fields);
    const signature = (departure.signer ?? this.signer).sign(prepared.toBeSigned);
    const statement = finishStatement(prepared, signature);
    const shown = departure.content ?? content;
    // A departure is not part of the device's own history: the next honest frame follows the last.
    if (Object.keys(departure).length === 0) {
      this.#seq = fields.seq;
      this.#prev = prepared.id;
    }
    const frame = encodeFrame({ statement, content: shown });
    return { id: prepared.id, seq: fields.seq, statement, content: shown, frame };
  }
}
