// SPEC.md §10: what a charter says of its own law; a charter from before that section has none.

/** @module law-terms */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import { CONDITION_ID, REQUIREMENTS, type RequirementKind } from './credential.ts';
import type { Fields } from './fields.ts';
import { MEMBER_KINDS, MEMBERS_MAX, type MemberKind, URI } from './governance.ts';
import { RULE_ID } from './rule.ts';

export interface LawTerms {
  /** Kinds that members may be of. */
  readonly memberKinds: readonly MemberKind[];
  readonly conditions: readonly Condition[];
  /** Industry profiles it may adopt, by id; none for whichever its members adopt. */
  readonly profiles: readonly string[];
  /** What happens when members can't agree, in words. */
  readonly deadlock: string;
  readonly supervisors: readonly Supervisor[];
  /** Laboratories whose signature on a calibration certificate counts. */
  readonly laboratories: readonly Laboratory[];
  /** How often each member examines itself and reports, days of log time. */
  readonly examinationDays: number;
}

/** Fulfilled by a credential that a member of kind `attestedBy` has put into the log, never by a yes. */
export interface Condition {
  readonly id: string;
  readonly on: 'entry' | 'exit';
  /** Whom it is asked of; null for everybody. */
  readonly kind: MemberKind | null;
  readonly requirement: RequirementKind;
  readonly text: string;
  readonly attestedBy: MemberKind;
}

export const POWERS = [
  'approve-rules',
  'suspend-device',
  'suspend-rule',
  'suspend-member',
  'annotate',
  'inspect',
] as const;
export type Power = (typeof POWERS)[number];

export interface Supervisor {
  /** A member of kind regulator or self-regulatory. */
  readonly member: string;
  /** Profiles it supervises; none for all, and for rules without a profile. */
  readonly sectors: readonly string[];
  readonly powers: readonly Power[];
}

export interface Laboratory {
  readonly name: string;
  /** X.509, DER: the laboratory's own certificate or that of who issues them. */
  readonly certificate: Uint8Array;
}

const CERTIFICATE_BYTES_MAX = 4_096;

export function lawTermsMap(law: LawTerms): CborMap {
  return new Map<CborKey, CborValue>([
    ['memberKinds', [...law.memberKinds]],
    ['conditions', law.conditions.map(conditionMap)],
    ['profiles', [...law.profiles]],
    ['deadlock', law.deadlock],
    ['supervisors', law.supervisors.map(supervisorMap)],
    ['laboratories', law.laboratories.map(laboratoryMap)],
    ['examinationDays', law.examinationDays],
  ]);
}

function conditionMap(condition: Condition): CborMap {
  return new Map<CborKey, CborValue>([
    ['id', condition.id],
    ['on', condition.on],
    ['kind', condition.kind],
    ['requirement', condition.requirement],
    ['text', condition.text],
    ['attestedBy', condition.attestedBy],
  ]);
}

function supervisorMap({ member, sectors, powers }: Supervisor): CborMap {
  return new Map<CborKey, CborValue>([
    ['member', member],
    ['sectors', [...sectors]],
    ['powers', [...powers]],
  ]);
}

function laboratoryMap({ name, certificate }: Laboratory): CborMap {
  return new Map<CborKey, CborValue>([
    ['name', name],
    ['certificate', certificate],
  ]);
}

export function readLawTerms(fields: Fields): LawTerms {
  const law = {
    memberKinds: fields.texts('memberKinds', { min: 1 }, (text) =>
      MEMBER_KINDS.some((kind) => kind === text),
    ) as MemberKind[],
    conditions: fields.maps('conditions', { max: 64 }).map(readCondition),
    profiles: fields.texts('profiles', { max: 32 }, (text) => RULE_ID.test(text)),
    deadlock: fields.prose('deadlock', { max: 4_096 }),
    supervisors: fields.maps('supervisors', { max: MEMBERS_MAX }).map(readSupervisor),
    laboratories: fields.maps('laboratories', { max: 64 }).map(readLaboratory),
    examinationDays: fields.uint('examinationDays', { min: 1, max: 366 }),
  };
  fields.close();
  const { conditions, supervisors } = law;
  if (new Set(conditions.map(({ id }) => id)).size < conditions.length) {
    fields.odd('conditions', 'an id is there twice');
  }
  if (new Set(supervisors.map(({ member }) => member)).size < supervisors.length) {
    fields.odd('supervisors', 'a member is there twice');
  }
  return law;
}

function readCondition(fields: Fields): Condition {
  const condition = {
    id: fields.text('id', { pattern: CONDITION_ID }),
    on: fields.oneOf('on', ['entry', 'exit']),
    kind: fields.isNull('kind') ? null : fields.oneOf('kind', MEMBER_KINDS),
    requirement: fields.oneOf('requirement', REQUIREMENTS),
    text: fields.prose('text', { max: 1_024 }),
    attestedBy: fields.oneOf('attestedBy', MEMBER_KINDS),
  };
  fields.close();
  return condition;
}

function readSupervisor(fields: Fields): Supervisor {
  const supervisor = {
    member: fields.text('member', { pattern: URI }),
    sectors: fields.texts('sectors', { max: 32 }, (text) => RULE_ID.test(text)),
    powers: fields.texts('powers', { min: 1 }, (text) =>
      POWERS.some((power) => power === text),
    ) as Power[],
  };
  fields.close();
  return supervisor;
}

function readLaboratory(fields: Fields): Laboratory {
  const laboratory = {
    name: fields.text('name', { max: 256 }),
    certificate: fields.bytes('certificate', { max: CERTIFICATE_BYTES_MAX }),
  };
  fields.close();
  return laboratory;
}
