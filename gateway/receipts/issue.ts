import {
  finishReceipt,
  type PreparedReceipt,
  prepareReceipt,
} from '@truegrain/device-sdk/formats/receipt.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Proofs } from '../log/proofs.ts';

/** Signatures kept for one root: a receipt costs a path, not a signature, for a known subject. */
const SUBJECTS_KEPT_MAX = 10_000;

/** COSE Receipts (RFC 9942) under the anchored root, signed once per root and subject, on demand. */
export class ReceiptIssuer {
  readonly #log: Signer;
  readonly #iss: string;
  readonly #proofs: Proofs;
  readonly #nowMs: () => number;
  #root: { size: number; hash: Uint8Array } | null = null;
  readonly #signed = new Map<string, { prepared: PreparedReceipt; signature: Uint8Array }>();

  constructor(options: {
    log: Signer;
    origin: string;
    proofs: Proofs;
    /** A receipt's `iat`: a device whose clock is lost learns from it how late it is at least. */
    nowMs: () => number;
  }) {
    this.#log = options.log;
    this.#iss = `https://${options.origin}`;
    this.#proofs = options.proofs;
    this.#nowMs = options.nowMs;
  }

  /** The receipt of one leaf in the anchored tree; `sub` is the statement's own subject. */
  issue(
    anchored: { size: number; root: Uint8Array },
    leaf: { index: number; sub: string },
  ): Uint8Array {
    const { prepared, signature } = this.#sign(anchored, leaf.sub);
    const path = this.#proofs.inclusion(leaf.index, anchored.size);
    return finishReceipt(prepared, signature, [{ size: anchored.size, index: leaf.index, path }]);
  }

  #sign(anchored: { size: number; root: Uint8Array }, sub: string) {
    if (this.#root?.size !== anchored.size || this.#signed.size >= SUBJECTS_KEPT_MAX) {
      this.#signed.clear();
      this.#root = { size: anchored.size, hash: anchored.root };
    }
    const known = this.#signed.get(sub);
    if (known) return known;
    const { alg, kid } = this.#log;
    const iat = Math.floor(this.#nowMs() / 1000);
    const prepared = prepareReceipt({ alg, kid, iss: this.#iss, sub, iat, root: anchored.root });
    const signed = { prepared, signature: this.#log.sign(prepared.toBeSigned) };
    this.#signed.set(sub, signed);
    return signed;
  }
}
