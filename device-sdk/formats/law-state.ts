// SPEC.md §10: what the log says about rules, profiles, orders and evidence at one tree size.

/** @module law-state */
import type { CalibrationRecord } from './calibration-record.ts';
import type { Credential } from './credential.ts';
import type { Examination } from './examination.ts';
import type { Filing } from './filing.ts';
import type { MemberKind } from './governance.ts';
import type { Inspection } from './inspection.ts';
import type { Order } from './order.ts';
import type { Profile } from './profile.ts';
import type { Rule } from './rule.ts';
import type { Seal } from './seal.ts';
import type { Sensor } from './sensor.ts';

/** Never changed in place. */
export interface Law {
  /** By `id@version`, in the order in which they came into force. */
  readonly rules: ReadonlyMap<string, RuleRecord>;
  /** The version in force, by id. */
  readonly profiles: ReadonlyMap<string, ProfileRecord>;
  /** By device URN, every one it had: the newest last. */
  readonly bindings: ReadonlyMap<string, readonly BindingRecord[]>;
  /**
   * Leaves from which something else applies than before, not ascending where a later one was agreed
   * first. Their number up to a leaf is the edition that a batch names.
   */
  readonly editions: readonly number[];
  /** By statement id in lower hex. */
  readonly orders: ReadonlyMap<string, OrderRecord>;
  /** Device URN, or `iss` of a member, and the order that suspends it. */
  readonly suspendedDevices: ReadonlyMap<string, string>;
  readonly suspendedMembers: ReadonlyMap<string, string>;
  /** By `credentialKey`: one of each member about each condition. */
  readonly credentials: ReadonlyMap<string, CredentialRecord>;
  /** By `calibrationKey`: the newest. */
  readonly calibrations: ReadonlyMap<string, CalibrationRecord & AtLeaf>;
  /** By uid in lower hex. */
  readonly tags: ReadonlyMap<string, TagRecord>;
  /** By subject. */
  readonly seals: ReadonlyMap<string, SealRecord>;
  /** By number. */
  readonly filings: ReadonlyMap<string, Filing & AtLeaf>;
  /** The newest of each member. */
  readonly examinations: ReadonlyMap<string, Examination & AtLeaf>;
  /** By device URN. */
  readonly inspections: ReadonlyMap<string, readonly InspectionRecord[]>;
}

export interface AtLeaf {
  readonly leafIndex: number;
  /** `iss` of the member that signed. */
  readonly by: string;
}

export interface RuleRecord {
  readonly rule: Rule;
  /** SHA-256 of its map. */
  readonly digest: Uint8Array;
  readonly proposalId: Uint8Array;
  readonly by: string;
  readonly approvedBy: readonly string[];
  /** Leaf at which its approval was complete. */
  readonly enactedLeaf: number;
  /** First leaf it governs, and first it does not any more; null for no end yet. */
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
  readonly ended: 'amended' | 'retired' | null;
  readonly pauses: readonly Pause[];
}

export interface Pause {
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
  /** Statement id of the order, or of the members' proposal, in lower hex. */
  readonly because: string;
}

export interface ProfileRecord {
  readonly profile: Profile;
  readonly leafIndex: number;
  readonly proposalId: Uint8Array;
}

export interface BindingRecord extends AtLeaf {
  readonly profile: string;
}

export interface OrderRecord extends AtLeaf {
  readonly id: Uint8Array;
  readonly order: Order;
  readonly appeals: readonly (AtLeaf & {
    readonly id: Uint8Array;
    readonly text: string;
    readonly document: Uint8Array | null;
  })[];
  /** The order that lifted it, in lower hex. */
  readonly liftedBy: string | null;
}

export interface CredentialRecord extends Credential, AtLeaf {
  /** Of the member that signed, at that time. */
  readonly attestedBy: MemberKind;
}

export interface TagRecord {
  readonly counter: number;
  readonly subject: string;
  readonly leafIndex: number;
}

export interface SealRecord {
  readonly closing: Seal & AtLeaf;
  readonly opening: (Seal & AtLeaf) | null;
}

export interface InspectionRecord extends Inspection, AtLeaf {}

export const NO_LAW: Law = {
  rules: new Map(),
  profiles: new Map(),
  bindings: new Map(),
  editions: [],
  orders: new Map(),
  suspendedDevices: new Map(),
  suspendedMembers: new Map(),
  credentials: new Map(),
  calibrations: new Map(),
  tags: new Map(),
  seals: new Map(),
  filings: new Map(),
  examinations: new Map(),
  inspections: new Map(),
};

/** How many changes of what applies there were for a leaf; what a batch was judged under. */
export function editionAt({ editions }: Law, leafIndex: number): number {
  let count = 0;
  for (const from of editions) if (from <= leafIndex) count += 1;
  return count;
}

/** First leaf after this one that has another edition; null where none is agreed yet. */
export function nextEdition({ editions }: Law, leafIndex: number): number | null {
  let next: number | null = null;
  for (const from of editions) {
    if (from > leafIndex && (next === null || from < next)) next = from;
  }
  return next;
}

export function governs(record: RuleRecord, leafIndex: number): boolean {
  return isWithin(record, leafIndex) && !record.pauses.some((pause) => isWithin(pause, leafIndex));
}

function isWithin(
  span: { readonly fromLeaf: number; readonly untilLeaf: number | null },
  leafIndex: number,
): boolean {
  return span.fromLeaf <= leafIndex && (span.untilLeaf === null || leafIndex < span.untilLeaf);
}

/** The profile that a device is bound to, for a statement at that leaf; null for none. */
export function profileOf(
  { bindings }: Law,
  device: string,
  leafIndex = Number.POSITIVE_INFINITY,
): string | null {
  const bound = bindings.get(device)?.findLast((binding) => binding.leafIndex < leafIndex);
  return bound?.profile ?? null;
}

/** What a statement of this device is held to at a leaf, in the order in which it came into force. */
export function rulesFor(law: Law, device: string, leafIndex: number): RuleRecord[] {
  const profile = profileOf(law, device, leafIndex);
  return [...law.rules.values()].filter(
    (record) =>
      (record.rule.profile === null || record.rule.profile === profile) &&
      governs(record, leafIndex),
  );
}

/** The newest version of a rule, in force or not; null for a rule that never was. */
export function latestOf({ rules }: Law, id: string): RuleRecord | null {
  let latest: RuleRecord | null = null;
  for (const record of rules.values()) {
    const { rule } = record;
    if (rule.id === id && rule.version > (latest?.rule.version ?? 0)) latest = record;
  }
  return latest;
}

export function credentialKey(about: string, condition: string, by: string): string {
  return `${about} ${condition} ${by}`;
}

/**
 * The newest certificate in the log for a sensor as it is registered now; null where there is none,
 * or it is of an instrument before this one.
 */
export function calibrationOf(
  calibrations: Law['calibrations'],
  device: string,
  { name, serial, unit }: Pick<Sensor, 'name' | 'serial' | 'unit'>,
): (CalibrationRecord & AtLeaf) | null {
  const record = calibrations.get(calibrationKey(device, name));
  return record && record.serial === serial && record.unit === unit ? record : null;
}

export function calibrationKey(device: string, sensor: string): string {
  return `${device} ${sensor}`;
}
