// The statement an evidence file is about: a device's, a member's or a gateway's.

/** @module evidence-subject */
import { equal } from './bytes.ts';
import type { Evidence } from './evidence.ts';
import { judgeBatch } from './evidence-batch.ts';
import { judgeContent } from './evidence-content.ts';
import { type DeviceKey, deviceKeys, judgeInForce } from './evidence-device.ts';
import { inlineOf, isSignedBy, type KnownLeaf, type KnownLedger } from './evidence-ledger.ts';
import { memberWhoSigned } from './evidence-members.ts';
import type { Findings, TrustKind } from './evidence-report.ts';
import { ledgerReport, statementKind, statementReport } from './evidence-summary.ts';
import type { Facts } from './evidence-words.ts';
import { MEDIA_BATCH } from './media-types.ts';
import type { NativeVerify } from './signature.ts';
import type { PolicyVerdict } from './tlog-policy.ts';

/** All that is known once ledger, checkpoint and places in the tree hold. */
export interface Scene {
  readonly evidence: Evidence;
  readonly trust: TrustKind;
  readonly native: NativeVerify | undefined;
  readonly leaves: readonly KnownLeaf[];
  readonly ledger: KnownLedger;
  readonly subject: KnownLeaf;
  readonly verdict: PolicyVerdict;
}

export function judgeDevice(findings: Findings, scene: Scene): Facts | null {
  const { evidence, leaves, ledger, subject, verdict, native } = scene;
  const { statement, index } = subject;
  const device = statement.iss;
  const keys = deviceKeys(findings, { device, ledger, leaves, native });
  const key = keys.find(({ kid }) => equal(kid, statement.kid));
  const text = `The statement names a key registered for ${device}`;
  if (!findings.check('device-key', key !== undefined, text) || key === undefined) return null;
  const signed = isSignedBy(statement, key.key, native);
  findings.check('statement-signature', signed, 'The statement is signed by that key');
  judgeInForce(findings, key, index);
  judgeSubject(findings, key, subject);
  const { sensors } = key.registration;
  const grade = judgeBatch(findings, { evidence, ledger, leaves, subject, sensors, native });
  const { content: bytes } = evidence;
  const content = judgeContent(findings, { content: bytes, statement, sensors });
  return {
    trust: scene.trust,
    ledger: ledgerReport(ledger, verdict),
    statement: statementReport(subject, key),
    content,
    grade,
    sensors,
  };
}

function judgeSubject(findings: Findings, key: DeviceKey, { statement }: KnownLeaf): void {
  const { subjects } = key.registration;
  const allowed = subjects === null || subjects.includes(statement.sub);
  const text = 'What it is about is something the device is registered for';
  findings.check('subject', allowed, text, statement.sub);
  const enveloped = statement.payload.kind === 'hash';
  findings.check(
    'statement-kind',
    enveloped,
    'It is a digest of content, as a device’s statements are',
  );
}

/** A statement of a member or of a gateway: governance, a batch, or a content a member vouches for. */
export function judgeMember(findings: Findings, scene: Scene): Facts | null {
  const { evidence, ledger, subject, verdict, native } = scene;
  const { statement } = subject;
  const isBatch = inlineOf(statement, MEDIA_BATCH) !== null;
  const role = isBatch ? 'gateway' : 'member';
  const owner = memberWhoSigned(ledger, subject, { role, native });
  const text = `The statement is signed by a ${role} key of ${statement.iss}, in force at its entry`;
  findings.check('statement-signature', owner !== null, text);
  const kind = statementKind(statement);
  const inlineKnown = statement.payload.kind === 'hash' || kind !== 'other-content';
  findings.check('statement-kind', inlineKnown, 'It is a kind of statement this program knows');
  const place = evidence.batchLeaf === null;
  findings.check('batch', place, 'A member’s own statement is in no batch', 'the file names one');
  const content = judgeContent(findings, { content: evidence.content, statement, sensors: [] });
  return {
    trust: scene.trust,
    ledger: ledgerReport(ledger, verdict),
    statement: statementReport(subject, null),
    content,
    grade: null,
    sensors: [],
  };
}
