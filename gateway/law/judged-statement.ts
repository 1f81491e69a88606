import { calibrationKey, type Law } from '@truegrain/device-sdk/formats/law-state.js';
import type { Pack } from '@truegrain/device-sdk/formats/pack.js';
import type { Facts } from '../ledger/facts.ts';
import type { RuleContext } from './rule-context.ts';
import type { RuleDevice } from './rule-device.ts';

/** A statement that state and content admit, before the rules say their word. */
export interface JudgedStatement {
  readonly device: RuleDevice;
  /** Certificates in the log; of one that came after this statement its judge knew nothing. */
  readonly calibrations: Law['calibrations'];
  readonly facts: Pick<Facts, 'sub' | 'seq' | 'quality' | 'firstMs' | 'lastMs'>;
  readonly late: boolean;
  /** Numbers before it are missing. */
  readonly gap: boolean;
  /** Where it will stand, if it is admitted. */
  readonly leafIndex: number;
  /** Of its batch. */
  readonly logTimeMs: number;
  /** From the checking thread; null where that did not know of rules yet, or it is no pack. */
  readonly summary: Float64Array | null;
  /** Null for boot and gap records, of which no rule speaks. Asked only where a rule needs it. */
  readonly readPack: () => Pack | null;
  /** Variables that an example sets by hand. */
  readonly context?: RuleContext;
}

/** A certificate came at `leafIndex` or after; the one before it is not in the state any more. */
export function isCalibratedSince(
  { device: { device, sensors }, calibrations }: Pick<JudgedStatement, 'device' | 'calibrations'>,
  leafIndex: number,
): boolean {
  return sensors.some(({ name }) => {
    const newest = calibrations.get(calibrationKey(device, name));
    return newest !== undefined && newest.leafIndex >= leafIndex;
  });
}
