// The batch through which a gateway let a statement into the log: SPEC.md §4.7.

/** @module evidence-batch */
import { type Batch, parseBatch } from './batch.ts';
import { equal } from './bytes.ts';
import type { Evidence } from './evidence.ts';
import { inlineOf, type KnownLeaf, type KnownLedger } from './evidence-ledger.ts';
import { memberWhoSigned } from './evidence-members.ts';
import type { Findings, GradeReport, RuleReport } from './evidence-report.ts';
import type { SensorInterface } from './governance.ts';
import { type Grade, gradeAt } from './grade.ts';
import { governs, rulesFor } from './law-state.ts';
import { responsibleWords } from './law-words.ts';
import { MEDIA_BATCH } from './media-types.ts';
import { inclusionRoot, leafHash } from './merkle.ts';
import { ruleKey } from './rule.ts';
import type { Sensor } from './sensor.ts';
import type { NativeVerify } from './signature.ts';

/** Wires that anybody at the cabinet can speak on: what a host signs from them is origin 2 at most. */
const HOST_SIGNED: ReadonlySet<SensorInterface> = new Set([
  'modbus-rtu',
  'modbus-tcp',
  'one-wire',
  'nmea',
  'scanner',
  'gpio',
  'i2c',
]);
const NO_PHYSICS: ReadonlySet<SensorInterface> = new Set(['replay', 'simulated']);

export function isHostSigned(sensors: readonly Sensor[]): boolean {
  return sensors.some((sensor) => HOST_SIGNED.has(sensor.interface));
}

export function isUnreal(sensors: readonly Sensor[]): boolean {
  return sensors.some((sensor) => NO_PHYSICS.has(sensor.interface));
}

/** Null where a check failed, which the findings then say. */
export function judgeBatch(
  findings: Findings,
  given: {
    evidence: Evidence;
    ledger: KnownLedger;
    leaves: readonly KnownLeaf[];
    subject: KnownLeaf;
    sensors: readonly Sensor[];
    native?: NativeVerify | undefined;
  },
): GradeReport | null {
  const { evidence, ledger, leaves, subject, native } = given;
  const leaf = leaves.find(({ index }) => index === evidence.batchLeaf);
  const bytes = leaf === undefined ? null : inlineOf(leaf.statement, MEDIA_BATCH);
  const parsed = bytes === null ? null : parseBatch(bytes);
  const owner =
    leaf && parsed?.ok ? memberWhoSigned(ledger, leaf, { role: 'gateway', native }) : null;
  const text = 'A gateway of a member admitted the statement in a batch it signed';
  const why = leaf === undefined ? 'the file names no batch' : 'not a batch of a gateway key';
  if (!findings.check('batch', owner !== null, text, why)) return null;
  if (leaf === undefined || !parsed?.ok || owner === null) return null;
  const batch = parsed.value;
  const first = leaf.index - batch.count;
  const covers = first <= subject.index && subject.index < leaf.index;
  const range = `That batch, leaf ${leaf.index}, covers leaf ${subject.index}`;
  if (!findings.check('batch-covers', covers, range, `it covers ${first} to ${leaf.index - 1}`)) {
    return null;
  }
  const position = subject.index - first;
  judgeRoot(findings, { evidence, batch, position, subject });
  const grade = gradeAt(batch.grades, position);
  const fault = grade === null ? 'no grade at its place' : gradeFault(grade, given);
  const rules = 'The grade keeps the limits that clock, wire and history set';
  if (!findings.check('grade', fault === null, rules, fault ?? '') || grade === null) return null;
  const { index: batchLeaf } = leaf;
  const acceptedMs = batch.logTimeMs;
  const held = rulesOf(findings, { ledger, batch, subject, first });
  return { ...grade, fact: factOf(grade), gateway: owner.name, batchLeaf, acceptedMs, rules: held };
}

/** Every ruling is about a rule that was in force there; which held is for the fold to say. */
function rulesOf(
  findings: Findings,
  given: { ledger: KnownLedger; batch: Batch; subject: KnownLeaf; first: number },
): RuleReport[] {
  const { ledger, batch, subject, first } = given;
  const { law } = ledger.membership;
  const { id, iss } = subject.statement;
  const own = batch.rulings.filter((ruling) => equal(ruling.id, id));
  const broken = new Set(own.map(({ rule, version }) => ruleKey({ id: rule, version })));
  const held = rulesFor(law, iss, subject.index);
  const strange = batch.rulings.find(({ rule, version }) => {
    const record = law.rules.get(ruleKey({ id: rule, version }));
    return record === undefined || !governs(record, first);
  });
  const text = 'Every rule that the batch says was broken was in force at its place';
  findings.check('rules', strange === undefined, text, strange?.rule);
  return held.map(({ rule }) => ({
    rule: ruleKey(rule),
    title: rule.title,
    responsible: responsibleWords(rule.responsible),
    broken: broken.has(ruleKey(rule)),
  }));
}

function judgeRoot(
  findings: Findings,
  given: { evidence: Evidence; batch: Batch; position: number; subject: KnownLeaf },
): void {
  const { batch, position, subject, evidence } = given;
  const { inBatch } = evidence;
  if (inBatch === null) return;
  const { index, path } = inBatch;
  const hash = leafHash(subject.statement.entry);
  const root = inclusionRoot({ index, size: batch.count, path, leafHash: hash });
  const held = index === position && root !== null && equal(root, batch.batchRoot);
  const text = `The gateway signed for this very statement, number ${position + 1} of ${batch.count} in the batch`;
  findings.check('batch-root', held, text);
}

/** Parts of the grade that follow from the file itself are recomputed. */
function gradeFault(
  grade: Grade,
  given: { subject: KnownLeaf; sensors: readonly Sensor[] },
): string | null {
  const quality = given.subject.statement.device?.quality ?? 0;
  if (grade.origin > 2 && isHostSigned(given.sensors))
    return 'a host-signed bus reading above origin 2';
  if (grade.origin > 2 && isUnreal(given.sensors)) return 'a simulated reading above origin 2';
  if (grade.untrustedClock !== quality <= 1) return 'the clock flag contradicts the statement';
  const { origin, key, metrology, binding } = grade;
  if (grade.fork && origin + key + metrology + binding > 0) return 'a forked key above grade 0';
  return null;
}

/** DESIGN §5: computed from evidence, never claimed; a flag caps what the axes would give. */
function factOf(grade: Grade): GradeReport['fact'] {
  const doubtful = grade.fork || grade.gapBefore || grade.suspectReading;
  if (doubtful || grade.origin < 2) return 'declared';
  const calibrated = grade.metrology >= 2 && !grade.calibrationOverdue;
  return calibrated && !grade.untrustedClock ? 'measured' : 'observed';
}
