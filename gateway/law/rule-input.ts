import type { Binding, KeyLevel } from '@truegrain/device-sdk/formats/governance.js';

/** Values of the variables of `variables.ts`; a field that a fact does not have is undefined. */
export interface RuleInput {
  /** Numeric readings of the statement, in the order of the pack. */
  readonly readings: readonly RuleReading[];
  readonly statement: RuleStatement;
  readonly registration: RuleRegistration;
  /** By sensor: the newest reading before this statement, if it is not older than a day. */
  readonly last: ReadonlyMap<string, { readonly value: number; readonly atMs: number }>;
  /** By sensor, over the rule's `windowS`, with this statement. */
  readonly window: ReadonlyMap<string, RuleWindow>;
  /** The subject's earlier statements, newest first. */
  readonly events: readonly RuleEvent[];
}

export interface RuleReading {
  readonly name: string;
  readonly quantity: string;
  readonly unit: string;
  readonly value: number;
  readonly atMs: number;
}

export interface RuleStatement {
  readonly device: string;
  readonly owner: string;
  readonly subject: string;
  readonly seq: number;
  readonly quality: number;
  /** Log time of the batch where the device had no clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly late: boolean;
  /** Numbers before it are missing. */
  readonly gap: boolean;
  /** Records in the pack, whatever their kind; undefined where no rule asks. */
  readonly count: number | undefined;
}

export interface RuleRegistration {
  readonly keyLevel: KeyLevel;
  readonly binding: Binding;
  readonly reportingIntervalS: number;
  readonly sensors: ReadonlyMap<string, RuleSensor>;
}

export interface RuleSensor {
  readonly quantity: string;
  readonly unit: string | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly interface: string;
  readonly calibrated: boolean;
  readonly certificate: string | undefined;
  readonly dueMs: number | undefined;
  /** Its certificate ran out before the log time of the batch. */
  readonly overdue: boolean;
  /** By the signature of a laboratory that the charter names. */
  readonly verified: boolean;
  /** Expanded, in the sensor's unit; undefined where no certificate in the log says it. */
  readonly uncertainty: number | undefined;
}

export interface RuleWindow {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of temperatures alone. */
  readonly mkt: number | undefined;
}

export interface RuleEvent {
  readonly device: string;
  readonly leaf: number;
  readonly seq: number;
  readonly firstMs: number;
  readonly lastMs: number;
}
