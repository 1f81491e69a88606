// What verified evidence proves, and what it does not, in words for a layman and a court (DESIGN §9).

/** @module evidence-words */
import { isHostSigned, isUnreal } from './evidence-batch.ts';
import type {
  ContentReport,
  CosignerReport,
  ExceptionReport,
  GradeReport,
  LedgerReport,
  RuleReport,
  StatementReport,
  TrustKind,
} from './evidence-report.ts';
import type { Sensor } from './sensor.ts';

export interface Facts {
  readonly trust: TrustKind;
  readonly ledger: LedgerReport;
  readonly statement: StatementReport;
  readonly content: ContentReport;
  readonly grade: GradeReport | null;
  readonly sensors: readonly Sensor[];
}

export const SELF_CONSISTENT = 'consistent with itself, vouched for by nobody you trust';

/** The outcome in a few words: on a terminal, and on the auditor's page. */
export const VERDICT_WORDS = {
  verified: 'VERIFIED',
  'self-consistent': `NOT VOUCHED FOR: the file is ${SELF_CONSISTENT}`,
  failed: 'FAILED: do not rely on this file',
} as const;

const QUALITY = [
  'no clock it could rely on',
  'a clock known only not to run behind the last time it had verified',
  'its own battery-backed clock',
  'a clock set over the network (NTP)',
  'a clock set by satellite (GNSS)',
  'an attested clock',
];

/** A time beyond what a date can say stays a number. */
export function isoTime(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms after 1970`;
}

export function provedBy(facts: Facts): string[] {
  const { ledger, statement, trust } = facts;
  if (trust === 'none') return [`The file is ${SELF_CONSISTENT}.`];
  const place = `entry ${statement.leafIndex} of the ${ledger.size} in ledger ${ledger.origin}`;
  const proved = [
    `The statement ${statement.id} is ${place}, in a tree whose root the log signed.`,
    `Nothing in the statement was changed since ${statement.issuer} signed it.`,
    ...ledger.cosigners.map(
      (cosigner) =>
        `${whoCosigned(cosigner)} says it saw that tree by ${isoTime(cosigner.timeSeconds * 1000)}.`,
    ),
    ...ledger.exceptions.map(exceptionWords),
  ];
  return [...proved, ...deviceProofs(facts), ...contentProofs(facts)];
}

function whoCosigned({ name, member }: CosignerReport): string {
  return member === null ? name : `Member ${member} (${name})`;
}

/** On record, whatever the statement is about: a change that not all members signed. */
function exceptionWords({ kind, member, leafIndex }: ExceptionReport): string {
  const how = {
    silent: 'without an answer of',
    departure: 'by notice, without the others, of',
    expulsion: 'against',
  }[kind];
  return `On record as an exception: the members changed at entry ${leafIndex}, ${how} ${member}.`;
}

function deviceProofs({ statement, grade }: Facts): string[] {
  const { device } = statement;
  if (device === null) return [];
  const proofs = [
    `The key that signed was registered for ${statement.issuer} by ${device.owner} before it signed this, and the device held its secret half.`,
  ];
  if (device.firstMs !== null && device.lastMs !== null) {
    const { quality } = device.clock;
    const span = `from ${isoTime(device.firstMs)} to ${isoTime(device.lastMs)}`;
    proofs.push(
      `The device says its ${device.records} records are ${span}, by ${QUALITY[quality]}.`,
    );
  }
  if (grade !== null) {
    const { origin, key, metrology, binding, acceptedMs } = grade;
    const axes = `origin ${origin}, key ${key}, metrology ${metrology}, binding ${binding} (each of 4)`;
    proofs.push(
      `${grade.gateway} admitted it by ${isoTime(acceptedMs)} and graded it ${grade.fact}: ${axes}.`,
    );
  }
  return [...proofs, ...(grade?.rules ?? []).map((rule) => ruleWords(rule, grade?.gateway ?? ''))];
}

function ruleWords({ rule, title, responsible, broken }: RuleReport, gateway: string): string {
  const how = broken ? 'broke' : 'kept';
  return `It was held to rule ${rule} (${title}), for which ${responsible} answers; ${gateway} says it ${how} it.`;
}

function contentProofs({ statement, content }: Facts): string[] {
  if (!content.disclosed || statement.digest === null) return [];
  return ['The content shown is, to the last bit, the one whose digest the device signed.'];
}

/** Always said, whatever else holds. */
const NEVER_PROVED = [
  'That the values are true. A signature says who signed, not that the value is true.',
  'That the key was not copied or misused before the ledger learned of it.',
  'That the key or the registration was not ended after this checkpoint: a later revocation is not in the file.',
  'That nothing was left out: this file is one statement. The stream before and after it has to be asked for (completeness from number to number).',
];

export function notProvedBy(facts: Facts): string[] {
  const { ledger, statement, trust } = facts;
  const open = trust === 'none' ? [unvouched(ledger)] : [];
  open.push(...NEVER_PROVED);
  if (statement.device !== null) open.push(...deviceDoubts(facts));
  if (ledger.mode === 'solo') {
    open.push(
      'That two parties agree: this is a private ledger with one member. It is one party’s word, and only copies of its checkpoints held elsewhere keep that party from telling it anew.',
    );
  }
  if (
    ledger.mode === 'alliance' &&
    ledger.members.filter(({ evidenced }) => evidenced).length < 2
  ) {
    open.push(
      'That its members are different organisations: fewer than two showed evidence of who they are.',
    );
  }
  if (trust !== 'policy') {
    open.push(
      'That no change of members, keys or terms before the checkpoint was left out of the file: those who cosigned it vouch for that and nobody else. Whoever held the log key and enough cosigning keys of an earlier time could hide the change that took them away.',
      'That members and keys are still those of the checkpoint: later changes are not in the file, and a policy file pins the present ones.',
    );
  }
  open.push(
    'That other people are shown the same history: compare checkpoints, or ask witnesses who are not members.',
  );
  return open;
}

function unvouched({ id }: LedgerReport): string {
  return `That anybody but its maker stands behind the file: anyone can found a ledger and make such a file. Get the policy, or the ledger id (the file says ${id}), from someone you trust and check again.`;
}

function deviceDoubts(facts: Facts): string[] {
  const { statement, sensors } = facts;
  const doubts: string[] = [];
  const { device, kind } = statement;
  if (isUnreal(sensors))
    doubts.push(
      'That anything was measured: sensors of this device are registered as simulated or replayed.',
    );
  if (kind === 'event') {
    doubts.push(
      'That the event took place as it says: it was entered by the member that signed it, and entering is not measuring.',
    );
    return [...doubts, ...clockDoubt(facts), ...sealedDoubt(facts), ...LEFT_OUT];
  }
  if (isHostSigned(sensors)) {
    doubts.push(
      'That nobody spoke on the wire between sensor and signer: a bus reading signed by its host never exceeds origin 2.',
    );
  }
  doubts.push(...clockDoubt(facts));
  if (device?.binding === 'none')
    doubts.push('What the sensor was attached to: the registration ties it to nothing.');
  else doubts.push(`That the sensor was on the thing named: a ${device?.binding} can be moved.`);
  doubts.push(...sealedDoubt(facts));
  if (sensors.some((sensor) => sensor.calibration !== null)) {
    doubts.push('What the calibration certificates say: the file carries their digests only.');
  }
  return [...doubts, ...LEFT_OUT];
}

function clockDoubt({ statement }: Facts): string[] {
  const quality = statement.device?.clock.quality ?? 0;
  if (quality <= 1) return [`When it was measured: the device had ${QUALITY[quality]}.`];
  return [`That the times are right beyond what ${QUALITY[quality]} is worth.`];
}

function sealedDoubt({ content, statement, grade }: Facts): string[] {
  if (content.disclosed) return [];
  const sealed = ['What the content says: the file does not disclose it.'];
  if (statement.kind !== 'readings') return sealed;
  const who = grade?.gateway ?? 'the gateway';
  return [
    ...sealed,
    `That units and ranges were kept: on sealed readings that is the word of ${who}.`,
  ];
}

const LEFT_OUT = [
  'That no registration, rotation or revocation before the statement was left out of the file: the members checked them when they let it in.',
  'The rest of the grade (late, gap, suspect, key, metrology, binding): that is the gateway’s organisation speaking.',
];
