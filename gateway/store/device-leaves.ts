import { MEDIA_EPCIS_EVENT } from '@truegrain/device-sdk/formats/media-types.js';
import type { Db, Query } from './database.ts';

/** Begins the content types of boot and gap records, the device contents that are no readings. */
const NOTICE_MARK = Buffer.from('application/vnd.truegrain.');
const EVENT_MARK = Buffer.from(MEDIA_EPCIS_EVENT);

/**
 * Whether an entry may be a boot or gap record: a search of its 340 bytes, as parsing each entry
 * once more would cost the commit thread. Who reads the notices parses them: a subject that
 * contains the words is no harm.
 */
export function isNotice(entry: Uint8Array): boolean {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.length);
  return bytes.includes(NOTICE_MARK) && !bytes.includes(EVENT_MARK);
}

/** Whether an entry is about a captured event: the same search, and as little harm. */
export function isEvent(entry: Uint8Array): boolean {
  return Buffer.from(entry.buffer, entry.byteOffset, entry.length).includes(EVENT_MARK);
}

export const GOVERNANCE_OF_SQL =
  'SELECT leaf_index FROM device_leaf WHERE device = ? AND leaf_index < ? ORDER BY leaf_index';
export const NOTICES_OF_SQL =
  'SELECT leaf_index FROM notice_leaf WHERE key_no = ? ORDER BY leaf_index DESC LIMIT ?';

/** Which leaves tell a device's own history: its governance, its boot and its gap records. */
export class DeviceLeaves {
  readonly #addGovernance: Query;
  readonly #addNotice: Query;
  readonly #governanceOf: Query;
  readonly #noticesOf: Query;

  constructor(db: Db) {
    this.#addGovernance = db.prepare('INSERT INTO device_leaf VALUES (?, ?)');
    this.#addNotice = db.prepare('INSERT INTO notice_leaf VALUES (?, ?)');
    this.#governanceOf = db.prepare(GOVERNANCE_OF_SQL).pluck();
    this.#noticesOf = db.prepare(NOTICES_OF_SQL).pluck();
  }

  addGovernance(device: string, leafIndex: number): void {
    this.#addGovernance.run(device, leafIndex);
  }

  addNotice(keyNo: number, leafIndex: number): void {
    this.#addNotice.run(keyNo, leafIndex);
  }

  /** Registrations, rotations and revocations among the first `size` leaves, ascending. */
  governanceOf(device: string, size: number): number[] {
    return this.#governanceOf.all(device, size) as number[];
  }

  /** The newest first. */
  noticesOf(keyNo: number, limit: number): number[] {
    return this.#noticesOf.all(keyNo, limit) as number[];
  }
}
