// SPEC.md §10.4 to §10.11: evidence, claims, findings, reports and filings, as the fold takes them.

/** @module law-records */
import { toHex } from './bytes.ts';
import { parseCalibrationRecord } from './calibration-record.ts';
import { parseClaim } from './claim.ts';
import { parseCredential } from './credential.ts';
import { parseExamination } from './examination.ts';
import { parseFiling } from './filing.ts';
import { calibrationKey, credentialKey } from './law-state.ts';
import { withEntry } from './layered-map.ts';
import type { Membership } from './membership-state.ts';
import {
  type MembershipChange,
  type MembershipResult,
  movedLaw,
  readPayload,
} from './membership-step.ts';
import { parseProfileBinding } from './profile-binding.ts';
import { fail } from './result.ts';
import { ruleKey } from './rule.ts';
import { parseRuleFinding } from './rule-finding.ts';
import { parseSeal } from './seal.ts';
import { parseTap } from './tap.ts';

const ABOUT_A_THING = { isAboutLedger: false } as const;
const OTHER_THING = fail('not_allowed', 'the subject is another one than the payload says');

export function applyBinding(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseProfileBinding, ABOUT_A_THING);
  if (!parsed.ok) return parsed;
  const { device, profile, logTimeMs } = parsed.value;
  const { statement, leafIndex, ownerOf } = change;
  const { iss: by, sub } = statement;
  const { law } = membership;
  if (sub !== device) return OTHER_THING;
  if (ownerOf !== undefined && ownerOf(device) !== by) {
    return fail('not_allowed', 'only its owner binds a device');
  }
  if (!law.profiles.has(profile)) return profileFault(membership, profile);
  // In another sector those who suspended it could not reinstate it.
  if (law.suspendedDevices.has(device)) return fail('suspended', `${device} stays in its sector`);
  const made = [...(law.bindings.get(device) ?? []), { profile, by, leafIndex }];
  const bindings = withEntry(law.bindings, device, made);
  const editions = [...law.editions, leafIndex + 1];
  const next = { ...law, bindings, editions };
  return movedLaw(membership, next, { logTimeMs, kind: 'binding', member: by });
}

function profileFault({ proposals }: Membership, id: string): MembershipResult {
  for (const { proposal, id: proposalId } of proposals.values()) {
    const { change } = proposal;
    if (change.kind === 'profile' && change.profile.id === id) {
      return fail('not_in_force', `${id} is proposed and not signed by all: ${toHex(proposalId)}`);
    }
  }
  return fail('profile_unknown', `no profile ${id} is in force`);
}

export function applyCredential(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const parsed = readPayload(membership, change, parseCredential);
  if (!parsed.ok) return parsed;
  const { about, condition, logTimeMs } = parsed.value;
  const { law, terms, members } = membership;
  const { statement, leafIndex } = change;
  const { iss: by } = statement;
  if (terms.law?.conditions.every(({ id }) => id !== condition) ?? true) {
    return fail('target_unknown', `the charter has no condition ${condition}`);
  }
  const attestedBy = members.get(by)?.kind ?? 'auditor';
  const record = { ...parsed.value, by, leafIndex, attestedBy };
  const key = credentialKey(about, condition, by);
  const credentials = withEntry(law.credentials, key, record);
  return movedLaw(
    membership,
    { ...law, credentials },
    { logTimeMs, kind: 'credential', member: about },
  );
}

export function applyCalibration(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const parsed = readPayload(membership, change, parseCalibrationRecord, ABOUT_A_THING);
  if (!parsed.ok) return parsed;
  const record = parsed.value;
  const { device, sensor: name, logTimeMs } = record;
  const { statement, leafIndex, ownerOf, sensorOf } = change;
  const { iss: by, sub } = statement;
  if (sub !== device) return OTHER_THING;
  if (ownerOf !== undefined && ownerOf(device) !== by) {
    return fail('not_allowed', 'only its owner has a device calibrated');
  }
  const sensor = sensorOf?.(device, name);
  if (sensor === null) return fail('target_unknown', `${device} has no sensor ${name}`);
  if (sensor !== undefined && sensor.serial !== record.serial) {
    const text = `for serial number ${record.serial}, the sensor has ${sensor.serial ?? 'none'}`;
    return fail('dcc_serial', text);
  }
  if (sensor !== undefined && sensor.unit !== record.unit) {
    return fail('dcc_unit', `in ${record.unit}, the sensor gives ${sensor.unit}`);
  }
  const { law } = membership;
  const key = calibrationKey(device, name);
  const calibrations = withEntry(law.calibrations, key, { ...record, by, leafIndex });
  return movedLaw(
    membership,
    { ...law, calibrations },
    { logTimeMs, kind: 'calibration', member: by },
  );
}

export function applyTap(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseTap, ABOUT_A_THING);
  if (!parsed.ok) return parsed;
  const { subject, uid, counter, logTimeMs } = parsed.value;
  const { statement, leafIndex } = change;
  const { iss: member, sub } = statement;
  if (sub !== subject) return OTHER_THING;
  const { law } = membership;
  const key = toHex(uid);
  const last = law.tags.get(key)?.counter ?? -1;
  if (counter <= last) {
    return fail('sun_replayed', `tag ${key} has counted to ${last}: ${counter} was seen before`);
  }
  // A tag that turns up on another thing was moved: it ties the first one to nothing any more.
  const tags = withEntry(law.tags, key, { counter, subject, leafIndex });
  return movedLaw(membership, { ...law, tags }, { logTimeMs, kind: 'tap', member });
}

export function applySeal(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseSeal, ABOUT_A_THING);
  if (!parsed.ok) return parsed;
  const { subject, at, logTimeMs } = parsed.value;
  const { statement, leafIndex } = change;
  const { iss: by, sub } = statement;
  if (sub !== subject) return OTHER_THING;
  const { law } = membership;
  const seal = { ...parsed.value, by, leafIndex };
  const known = law.seals.get(subject);
  const isClosed = known !== undefined && known.opening === null;
  // A second reading at the opening could make good the number that the first one found.
  if (at === 'opening' && !isClosed) {
    return fail('target_unknown', `no seal is closed on ${subject}`);
  }
  const record =
    at === 'opening' && isClosed ? { ...known, opening: seal } : { closing: seal, opening: null };
  const seals = withEntry(law.seals, subject, record);
  return movedLaw(membership, { ...law, seals }, { logTimeMs, kind: 'seal', member: by });
}

/** Kept in the log and nowhere in the state: no verdict rests on what somebody says. */
export function applyClaim(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseClaim, ABOUT_A_THING);
  if (!parsed.ok) return parsed;
  const { iss: member, sub } = change.statement;
  if (sub !== parsed.value.subject) return OTHER_THING;
  const { logTimeMs } = parsed.value;
  return movedLaw(membership, membership.law, { logTimeMs, kind: 'claim', member });
}

export function applyRuleFinding(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const parsed = readPayload(membership, change, parseRuleFinding);
  if (!parsed.ok) return parsed;
  const { leafIndex, rule: id, version, logTimeMs } = parsed.value;
  if (leafIndex >= change.leafIndex) return fail('target_unknown', `no leaf ${leafIndex}`);
  if (!membership.law.rules.has(ruleKey({ id, version }))) {
    return fail('rule_unknown', ruleKey({ id, version }));
  }
  const { iss: member } = change.statement;
  return movedLaw(membership, membership.law, { logTimeMs, kind: 'rule-finding', member });
}

export function applyExamination(
  membership: Membership,
  change: MembershipChange,
): MembershipResult {
  const parsed = readPayload(membership, change, parseExamination);
  if (!parsed.ok) return parsed;
  const { statement, leafIndex } = change;
  const { iss: by } = statement;
  const { size, logTimeMs } = parsed.value;
  if (size > leafIndex) return fail('target_unknown', `the log has ${leafIndex} leaves`);
  const { law } = membership;
  const examinations = withEntry(law.examinations, by, { ...parsed.value, by, leafIndex });
  return movedLaw(
    membership,
    { ...law, examinations },
    { logTimeMs, kind: 'examination', member: by },
  );
}

export function applyFiling(membership: Membership, change: MembershipChange): MembershipResult {
  const parsed = readPayload(membership, change, parseFiling);
  if (!parsed.ok) return parsed;
  const { number, logTimeMs } = parsed.value;
  const { statement, leafIndex } = change;
  const { iss: by } = statement;
  const { law, members } = membership;
  const known = law.filings.get(number);
  if (known !== undefined && known.by !== by && members.has(known.by)) {
    return fail('not_allowed', `filing ${number} was recorded by ${known.by}`);
  }
  const filings = withEntry(law.filings, number, { ...parsed.value, by, leafIndex });
  return movedLaw(membership, { ...law, filings }, { logTimeMs, kind: 'filing', member: by });
}
