// SPEC.md §10.1: a rule of the chain, with the person who answers for it (DESIGN §5).

/** @module rule */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import type { Fields } from './fields.ts';
import { isSensorName } from './pack-name.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';
import { type RuleCheck, readRuleCheck, ruleCheckMap } from './rule-check.ts';
import { sha256 } from './sha256.ts';

export interface Rule {
  /** The same through all versions. */
  readonly id: string;
  /** 1, 2, …: each replaces the one before it. */
  readonly version: number;
  readonly title: string;
  /** What it says, for people. */
  readonly text: string;
  /** Statute, regulation, standard or contract, with its clause. */
  readonly legalBasis: string;
  /** Industry profile whose streams it governs; null for every stream. */
  readonly profile: string | null;
  readonly responsible: Responsible;
  /**
   * First leaf it governs; null for the one after its approval. Never before that: a law does not
   * reach back.
   */
  readonly fromLeaf: number | null;
  /**
   * `refuse`: what breaks it stays out; for rules that look at one statement alone. `report`: it
   * comes in, and the breach stands beside it.
   */
  readonly effect: 'refuse' | 'report';
  readonly check: RuleCheck;
  /** Of each verdict one at least; every node runs them before it approves. */
  readonly examples: readonly RuleExample[];
}

export interface RuleExample {
  /** What it shows, for people. */
  readonly text: string;
  readonly verdict: 'kept' | 'broken';
  /**
   * Readings in the order of their statements, one statement a distinct `atS`; the verdict is that
   * on the last statement.
   */
  readonly readings: readonly ExampleReading[];
  /** JSON of variables that an expression sees besides (SPEC §10.3); null for none. */
  readonly context: string | null;
}

export interface ExampleReading {
  readonly sensor: string;
  readonly quantity: string;
  readonly unit: string;
  /** Seconds since the example's beginning. */
  readonly atS: number;
  readonly value: number;
}

export const RULE_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
export const RULE_VERSION_MAX = 9_999;
export const EXAMPLES_MAX = 32;
export const EXAMPLE_READINGS_MAX = 256;

/** How a rule is named in batches, findings, reports: `cold-2-8@3`. */
export function ruleKey({
  id,
  version,
}: {
  readonly id: string;
  readonly version: number;
}): string {
  return `${id}@${version}`;
}

export function ruleMap(rule: Rule): CborMap {
  const map: CborMap = new Map<CborKey, CborValue>();
  for (const key of PLAIN) map.set(key, rule[key]);
  map.set('responsible', responsibleMap(rule.responsible));
  map.set('check', ruleCheckMap(rule.check));
  return map.set('examples', rule.examples.map(exampleMap));
}

const PLAIN = [
  'id',
  'version',
  'title',
  'text',
  'legalBasis',
  'profile',
  'fromLeaf',
  'effect',
] as const satisfies readonly (keyof Rule)[];

function exampleMap({ text, verdict, readings, context }: RuleExample): CborMap {
  return new Map<CborKey, CborValue>([
    ['text', text],
    ['verdict', verdict],
    ['readings', readings.map(readingArray)],
    ['context', context],
  ]);
}

function readingArray({ sensor, quantity, unit, atS, value }: ExampleReading): CborValue {
  return [sensor, quantity, unit, atS, value];
}

/** What a member read when it approved: SHA-256 of the rule's own map. */
export function ruleDigest(rule: Rule): Uint8Array {
  return sha256(encodeCbor(ruleMap(rule)));
}

/** Form only; whether it can be executed, and within which cost, each node finds before it approves. */
export function readRule(fields: Fields): Rule {
  const rule = {
    id: fields.text('id', { pattern: RULE_ID }),
    version: fields.uint('version', { min: 1, max: RULE_VERSION_MAX }),
    title: fields.text('title', { max: 128 }),
    text: fields.prose('text', { max: 4_096 }),
    legalBasis: fields.text('legalBasis', { max: 512 }),
    profile: fields.textOrNull('profile', { pattern: RULE_ID }),
    responsible: readResponsible(fields.map('responsible')),
    fromLeaf: fields.uintOrNull('fromLeaf'),
    effect: fields.oneOf('effect', ['refuse', 'report']),
    check: readRuleCheck(fields.map('check')),
    examples: fields.maps('examples', { min: 2, max: EXAMPLES_MAX }).map(readExample),
  };
  fields.close();
  const verdicts = new Set(rule.examples.map(({ verdict }) => verdict));
  // A carrier decides in which order and whether statements come: no history may refuse one.
  if (rule.effect === 'refuse' && rule.check.kind === 'window') {
    fields.odd('effect', 'a window of earlier readings can report, not refuse');
  }
  if (verdicts.size < 2) fields.odd('examples', 'one that is kept and one that is broken');
  return rule;
}

function readExample(fields: Fields): RuleExample {
  const list = fields.list('readings', { min: 1, max: EXAMPLE_READINGS_MAX });
  const readings = list.map(readReading).filter((reading) => reading !== null);
  if (readings.length < list.length) {
    fields.odd('readings', '[sensor, quantity, unit, second, value]');
  }
  const ascends = readings.every(({ atS }, i) => i === 0 || atS >= (readings[i - 1]?.atS ?? 0));
  if (!ascends) fields.odd('readings', 'not in the order of time');
  const example = {
    text: fields.text('text', { max: 512 }),
    verdict: fields.oneOf('verdict', ['kept', 'broken']),
    readings,
    context: fields.isNull('context') ? null : fields.prose('context', { max: 4_096 }),
  };
  fields.close();
  return example;
}

const QUANTITY = /^\P{Cc}{1,64}$/u;
const UNIT = /^\P{Cc}{1,16}$/u;

function readReading(item: CborValue): ExampleReading | null {
  if (!Array.isArray(item) || item.length !== 5) return null;
  const [sensor, quantity, unit, atS, value] = item;
  if (typeof sensor !== 'string' || typeof quantity !== 'string' || typeof unit !== 'string') {
    return null;
  }
  if (!isSensorName(sensor) || !QUANTITY.test(quantity) || !UNIT.test(unit)) return null;
  if (typeof atS !== 'number' || atS < 0 || typeof value !== 'number') return null;
  return { sensor, quantity, unit, atS, value };
}
