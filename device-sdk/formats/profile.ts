// SPEC.md §10.4: an industry profile: what a stream bound to it is held to, and why (DESIGN §5).

/** @module profile */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';
import { RULE_ID, RULE_VERSION_MAX, type Rule, readRule, ruleMap } from './rule.ts';

export interface Profile {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly text: string;
  /** Statutes, regulations and standards it follows, each with its clause. */
  readonly legalBasis: readonly string[];
  /** Days that contents of its streams are kept; the longer of this and the charter's term holds. */
  readonly retentionDays: number;
  /** What a device needs to be bound to it. */
  readonly metrology: readonly Requirement[];
  /** Its rule set of this version; each names this profile. */
  readonly rules: readonly Rule[];
}

export interface Requirement {
  /** At least one sensor of this quantity, and every one that there is, fulfils the rest. */
  readonly quantity: string;
  readonly unit: string;
  /** Metrology axis, 0 to 4. */
  readonly grade: number;
  /** Largest expanded uncertainty a certificate may state, in `unit`; null for any. */
  readonly uncertaintyMax: number | null;
  /** Longest time between readings; null for any. */
  readonly intervalS: number | null;
}

export const PROFILE_RULES_MAX = 32;

export function profileMap(profile: Profile): CborMap {
  const { id, version, title, text, legalBasis, retentionDays, metrology, rules } = profile;
  return new Map<CborKey, CborValue>([
    ['id', id],
    ['version', version],
    ['title', title],
    ['text', text],
    ['legalBasis', [...legalBasis]],
    ['retentionDays', retentionDays],
    ['metrology', metrology.map(requirementMap)],
    ['rules', rules.map(ruleMap)],
  ]);
}

function requirementMap(requirement: Requirement): CborMap {
  return new Map<CborKey, CborValue>([
    ['quantity', requirement.quantity],
    ['unit', requirement.unit],
    ['grade', requirement.grade],
    ['uncertaintyMax', requirement.uncertaintyMax],
    ['intervalS', requirement.intervalS],
  ]);
}

export function readProfile(fields: Fields): Profile {
  const profile = {
    id: fields.text('id', { pattern: RULE_ID }),
    version: fields.uint('version', { min: 1, max: RULE_VERSION_MAX }),
    title: fields.text('title', { max: 128 }),
    text: fields.prose('text', { max: 4_096 }),
    legalBasis: fields.texts('legalBasis', { min: 1, max: 16 }, (basis) => basis.length > 0),
    retentionDays: fields.uint('retentionDays', { max: 36_500 }),
    metrology: fields.maps('metrology', { max: 16 }).map(readRequirement),
    rules: fields.maps('rules', { max: PROFILE_RULES_MAX }).map(readRule),
  };
  fields.close();
  const { id, rules } = profile;
  if (rules.some((rule) => rule.profile !== id)) fields.odd('rules', 'a rule of another profile');
  if (new Set(rules.map((rule) => rule.id)).size < rules.length) {
    fields.odd('rules', 'a rule is there twice');
  }
  return profile;
}

function readRequirement(fields: Fields): Requirement {
  const requirement = {
    quantity: fields.text('quantity', { max: 64 }),
    unit: fields.text('unit', { max: 16 }),
    grade: fields.uint('grade', { max: 4 }),
    uncertaintyMax: fields.numberOrNull('uncertaintyMax', { min: 0 }),
    intervalS: fields.uintOrNull('intervalS', { min: 1 }),
  };
  fields.close();
  return requirement;
}
