import type { Rule } from '@truegrain/device-sdk/formats/rule.js';

/** What a trial is over: new rules, and statements of the recent past. */
export interface TrialWish {
  /** Store of the ledger; opened for reading, on a connection of its own. */
  readonly file: string;
  readonly rules: readonly Rule[];
  /** Devices that the rules will govern; null for every one. */
  readonly devices: readonly string[] | null;
  /** The newest so many. */
  readonly statementsMax: number;
}

/** What one thread does of it: windows are a device's own, so devices are shared out. */
export interface TrialPart extends TrialWish {
  readonly part: number;
  readonly parts: number;
}

export const TRIAL_STATEMENTS_MAX = 1_000_000;
export const TRIAL_EXAMPLES_MAX = 20;

export interface TrialResult {
  /** Device statements looked at, boot and gap records among them. */
  readonly statements: number;
  readonly judged: number;
  /** Of these devices, but the content is not held here or was erased. */
  readonly skipped: number;
  /** Statements that break one of the rules, and those of which a rule could say nothing. */
  readonly broken: number;
  readonly errors: number;
  readonly perDevice: readonly TrialCount[];
  /** The first ones. */
  readonly examples: readonly TrialExample[];
  /** The first thing that a rule could not judge. */
  readonly firstError: string | null;
  readonly microsecondsPerFrame: number;
}

export interface TrialCount {
  readonly device: string;
  readonly judged: number;
  readonly broken: number;
}

/** A statement that would have been refused or reported. */
export interface TrialExample {
  /** In lower hex. */
  readonly statementId: string;
  readonly leafIndex: number;
  readonly device: string;
  readonly subject: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** `id@version` of the rules it breaks. */
  readonly rules: readonly string[];
  /** Its readings in words: `temp 3.9 to 8.4 Cel`. */
  readonly values: readonly string[];
}

export interface TrialProgress {
  readonly done: number;
  readonly total: number;
}

/** The parts of one trial, each over devices of its own and all of them over the same statements. */
export function joinedTrial(results: readonly TrialResult[]): TrialResult {
  const sum = (of: (result: TrialResult) => number) => results.reduce((all, r) => all + of(r), 0);
  const judged = sum((result) => result.judged);
  const spentMicroseconds = sum((result) => result.microsecondsPerFrame * result.judged);
  const examples = results.flatMap((result) => result.examples);
  return {
    statements: results[0]?.statements ?? 0,
    judged,
    skipped: sum(({ skipped }) => skipped),
    broken: sum(({ broken }) => broken),
    errors: sum(({ errors }) => errors),
    perDevice: results.flatMap(({ perDevice }) => perDevice).sort(mostBroken),
    examples: examples.sort((a, b) => a.leafIndex - b.leafIndex).slice(0, TRIAL_EXAMPLES_MAX),
    firstError: results.find(({ firstError }) => firstError !== null)?.firstError ?? null,
    microsecondsPerFrame: judged === 0 ? 0 : spentMicroseconds / judged,
  };
}

export function mostBroken(a: TrialCount, b: TrialCount): number {
  return b.broken - a.broken || (a.device < b.device ? -1 : 1);
}
