import { encodeDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Anchored } from '../anchor/anchor.ts';
import type { ReceiptIssuer } from './issue.ts';

/** Owed to devices that listen; one that does not is answered when it sends its frame again. */
const OWED_MAX = 100_000;

interface OwedReceipt {
  device: string;
  id: Uint8Array;
  leafIndex: number;
  sub: string;
}

interface OwedRefusal {
  device: string;
  id: Uint8Array;
  code: RefusalCode;
  batchLeaf: number;
}

export interface Downlinks {
  publishDown(device: string, payload: Uint8Array): void;
  isListening(device: string): boolean;
}

/** Sends each device its receipts once a checkpoint covers their leaves. Memory only: see OWED_MAX. */
export class Delivery {
  readonly #issuer: ReceiptIssuer;
  readonly #batch: (leafIndex: number) => { entry: Uint8Array; sub: string } | null;
  readonly #onReceipt: () => void;
  #receipts: OwedReceipt[] = [];
  #refusals: OwedRefusal[] = [];

  constructor(options: {
    issuer: ReceiptIssuer;
    batch: (leafIndex: number) => { entry: Uint8Array; sub: string } | null;
    onReceipt: () => void;
  }) {
    this.#issuer = options.issuer;
    this.#batch = options.batch;
    this.#onReceipt = options.onReceipt;
  }

  oweReceipt(owed: OwedReceipt): void {
    if (this.#receipts.length < OWED_MAX) this.#receipts.push(owed);
  }

  oweRefusal(owed: OwedRefusal): void {
    if (this.#refusals.length < OWED_MAX) this.#refusals.push(owed);
  }

  deliver(anchored: Anchored, downlinks: Downlinks): void {
    const receipts = this.#receipts;
    const refusals = this.#refusals;
    this.#receipts = [];
    this.#refusals = [];
    for (const owed of receipts) {
      if (owed.leafIndex >= anchored.size) this.#receipts.push(owed);
      else if (downlinks.isListening(owed.device)) this.#sendReceipt(anchored, owed, downlinks);
    }
    for (const owed of refusals) {
      if (owed.batchLeaf >= anchored.size) this.#refusals.push(owed);
      else if (downlinks.isListening(owed.device)) this.#sendRefusal(anchored, owed, downlinks);
    }
  }

  #sendReceipt(anchored: Anchored, owed: OwedReceipt, downlinks: Downlinks): void {
    const { device, id, leafIndex: index, sub } = owed;
    const receipt = this.#issuer.issue(anchored, { index, sub });
    downlinks.publishDown(device, encodeDownlink({ kind: 'receipt', id, receipt }));
    this.#onReceipt();
  }

  #sendRefusal(anchored: Anchored, owed: OwedRefusal, downlinks: Downlinks): void {
    const { device, id, code, batchLeaf } = owed;
    const statement = this.#batch(batchLeaf);
    if (!statement) throw new Error(`no batch at leaf ${batchLeaf}`);
    const receipt = this.#issuer.issue(anchored, { index: batchLeaf, sub: statement.sub });
    const batch = { statement: statement.entry, receipt };
    downlinks.publishDown(device, encodeDownlink({ kind: 'refused', id, code, batch }));
  }
}
