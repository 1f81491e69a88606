// Devices that publish whatever happens to their gateways, and what the log must have in the end.
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import { expect } from 'vitest';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { LinkError } from '../../sim/device-link.ts';
import type { SignedFrame } from '../../sim/signed-source.ts';
import type { AllianceDevice } from './alliance-device.ts';
import type { AllianceMember } from './alliance-member.ts';
import type { AllianceFleet } from './alliance-process.ts';

/** Between two frames of a device: enough for blocks to be full of them, on two cores. */
const PACE_MS = 30;

export class AllianceLoad {
  readonly devices: readonly AllianceDevice[];
  /** Receipts as they came down the devices' connections, by statement id in hex. */
  readonly receipts = new Map<string, { frame: SignedFrame; receipt: Uint8Array }>();
  #running = true;
  readonly #loops: Promise<void>[];

  constructor(...devices: AllianceDevice[]) {
    this.devices = devices;
    this.#loops = devices.map((device) => this.#publish(device));
  }

  get accepted(): SignedFrame[] {
    return this.devices.flatMap((device) => device.accepted);
  }

  /** The last frame of each device is PUBACKed: their gateways are to run. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  /**
   * In the end: what was PUBACKed stands in everybody's log, once and at the same leaf, and each
   * receipt that was given holds for it. Contents are everywhere (the charter opens them), so each
   * store is sound to the last table.
   */
  async expectAllLogged(
    fleet: AllianceFleet,
    members: readonly AllianceMember[] = fleet.members,
  ): Promise<void> {
    await fleet.until('all that was accepted is in every log', () =>
      members.every((member) => this.#missing(member) === 0),
    );
    await fleet.agree({ among: [...members] });
    const leaves = members.map((member) => leavesOf(member, this.accepted));
    for (const other of leaves) expect(other).toEqual(leaves[0]);
    expect(new Set(leaves[0]).size).toBe(this.accepted.length);
    const placeOf = new Map(this.accepted.map(({ id }, i) => [toHex(id), leaves[0]?.[i]]));
    for (const [id, { receipt }] of this.receipts) {
      const parsed = parseReceipt(receipt);
      const at = parsed.ok ? parsed.value.inclusion.map(({ index }) => index) : [];
      expect(at, `the receipt of ${id}`).toContain(placeOf.get(id));
    }
    for (const [, { frame, receipt }] of this.receipts) {
      const { api } = this.#gatewayOf(frame);
      expect(await api.verifies(receipt, frame.statement)).toBe(true);
    }
    await fleet.until('every store is sound', () => {
      fleet.fsck(members);
      return true;
    });
  }

  #gatewayOf(frame: SignedFrame): AllianceMember {
    const device = this.devices.find((one) => one.accepted.some(({ id }) => equal(id, frame.id)));
    if (!device) throw new Error('nobody’s frame');
    return device.at;
  }

  #missing(member: AllianceMember): number {
    return leavesOf(member, this.accepted).filter((leaf) => leaf === null).length;
  }

  async #publish(device: AllianceDevice): Promise<void> {
    let frame: SignedFrame | null = null;
    while (this.#running || (frame && device.at.isAlive)) {
      frame ??= frameOf(device);
      if (await this.#isTaken(device, frame)) frame = null;
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  async #isTaken(device: AllianceDevice, frame: SignedFrame): Promise<boolean> {
    try {
      await device.publish(frame);
      const link = await device.connect();
      link.receiptOf(frame.id).then(
        (receipt) => this.receipts.set(toHex(frame.id), { frame, receipt }),
        () => {},
      );
      return true;
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      device.leave();
      return false;
    }
  }
}

/** One reading of the present: a load may run for hours. */
export function frameOf(device: AllianceDevice): SignedFrame {
  const value = device.source.seq % 20;
  return device.source.readings([{ name: 'temperature', unit: 'Cel', value, timeMs: Date.now() }]);
}

/** Where a member's store has these statements; null where it has not. */
export function leavesOf(
  member: AllianceMember,
  frames: readonly SignedFrame[],
): (number | null)[] {
  const db = openDatabase(dataFolder(member.place.data).ledger, { readonly: true });
  try {
    const { leaves } = new LedgerStore(db);
    return db.transaction(() => frames.map(({ id }) => leaves.find(id)))();
  } finally {
    db.close();
  }
}
