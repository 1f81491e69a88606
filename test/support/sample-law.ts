import { encodeAnswer } from '../../device-sdk/formats/answer.ts';
import { encodeAppeal } from '../../device-sdk/formats/appeal.ts';
import {
  type CalibrationRecord,
  encodeCalibrationRecord,
} from '../../device-sdk/formats/calibration-record.ts';
import { encodeClaim } from '../../device-sdk/formats/claim.ts';
import { encodeCredential } from '../../device-sdk/formats/credential.ts';
import { type Examination, encodeExamination } from '../../device-sdk/formats/examination.ts';
import { encodeFiling } from '../../device-sdk/formats/filing.ts';
import { encodeInspection } from '../../device-sdk/formats/inspection.ts';
import type { LawTerms } from '../../device-sdk/formats/law-terms.ts';
import {
  MEDIA_ANSWER,
  MEDIA_APPEAL,
  MEDIA_CALIBRATION,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_EXAMINATION,
  MEDIA_FILING,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_RULE_FINDING,
  MEDIA_SEAL,
  MEDIA_TAP,
} from '../../device-sdk/formats/media-types.ts';
import { encodeOrder, type Order } from '../../device-sdk/formats/order.ts';
import type { Profile } from '../../device-sdk/formats/profile.ts';
import { encodeProfileBinding } from '../../device-sdk/formats/profile-binding.ts';
import { encodeRuleFinding, type RuleFinding } from '../../device-sdk/formats/rule-finding.ts';
import { encodeSeal, type Seal } from '../../device-sdk/formats/seal.ts';
import { encodeTap } from '../../device-sdk/formats/tap.ts';
import { type AllianceOptions, SampleAlliance } from './sample-alliance.ts';
import { sampleCalibration } from './sample-calibration.ts';
import { sampleRule } from './sample-rule.ts';

export const DEVICE = 'urn:dev:ops:32473-tg1-law';
export const THING = 'https://id.example/lot-7';
export const PERSON = {
  name: 'I. Inspector',
  organisation: 'Board',
  contact: 'mailto:i@b.example',
};
export const digest = (fill: number) => new Uint8Array(32).fill(fill);

/** The board supervises pharma with every power. */
export function sampleLaw(board: string, changes: Partial<LawTerms> = {}): LawTerms {
  return {
    memberKinds: ['participant', 'regulator', 'self-regulatory'],
    conditions: [],
    profiles: [],
    deadlock: 'What holds goes on holding.',
    supervisors: [
      {
        member: board,
        sectors: ['pharma'],
        powers: [
          'approve-rules',
          'suspend-device',
          'suspend-rule',
          'suspend-member',
          'annotate',
          'inspect',
        ],
      },
    ],
    laboratories: [],
    examinationDays: 30,
    ...changes,
  };
}

export function sampleProfile(changes: Partial<Profile> = {}): Profile {
  return {
    id: 'pharma',
    version: 1,
    title: 'Medicines',
    text: 'Cold.',
    legalBasis: ['2013/C 343/01'],
    retentionDays: 1_826,
    metrology: [],
    rules: [sampleRule({ profile: 'pharma' })],
    ...changes,
  };
}

/** Members before the law: acme and bolt take part, board is a regulator; acme owns `DEVICE`. */
export class LawAlliance extends SampleAlliance {
  constructor({ names = ['acme', 'bolt', 'board'], terms = {}, ...more }: AllianceOptions = {}) {
    const founders = { board: { kind: 'regulator' as const }, ...more.founders };
    super({ names, founders, terms: { ruleApprovals: names.length, ...terms } });
    this.owners = (device) => (device === DEVICE ? this.iss('acme') : null);
  }

  get law() {
    return this.membership.law;
  }

  /** Proposed by the first, approved by the others. */
  enact(...changes: Parameters<SampleAlliance['propose']>[1][]): void {
    for (const change of changes) {
      const [first = '', ...others] = [...this.membership.members.values()].map(({ name }) => name);
      const proposed = this.propose(first, change);
      if (!proposed.ok) throw new Error(`${proposed.code}: ${proposed.detail}`);
      for (const other of others) {
        if (this.membership.proposals.size > 0) this.answer(other);
      }
    }
  }

  approve(by: string, textDigest: Uint8Array | null, proposalId = this.proposalId) {
    const fields = { logTimeMs: this.clockMs, answer: 'approve' as const, reason: '' };
    return this.send(by, MEDIA_ANSWER, encodeAnswer({ ...fields, proposalId, textDigest }));
  }

  order(by: string, action: Order['action'], kind: Order['target']['kind'], id: string) {
    const fields = { logTimeMs: this.clockMs, legalBasis: 'Act, § 3', official: PERSON };
    const order = { ...fields, action, target: { kind, id }, text: 'So ordered.' };
    return this.send(by, MEDIA_ORDER, encodeOrder(order));
  }

  appeal(by: string, orderId: Uint8Array) {
    const fields = { logTimeMs: this.clockMs, orderId, text: 'Not so.', document: null };
    return this.send(by, MEDIA_APPEAL, encodeAppeal(fields));
  }

  bind(by: string, profile: string, device = DEVICE) {
    const bytes = encodeProfileBinding({ logTimeMs: this.clockMs, device, profile });
    return this.send(by, MEDIA_PROFILE_BINDING, bytes, device);
  }

  inspect(by: string, device = DEVICE) {
    const range = { fromLeaf: 0, untilLeaf: 9, legalBasis: 'Act', official: PERSON };
    const bytes = encodeInspection({ logTimeMs: this.clockMs, device, ...range });
    return this.send(by, MEDIA_INSPECTION, bytes, device);
  }

  credential(by: string, about: string, condition: string, validUntilMs: number | null = null) {
    const document = { issuedBy: 'Office', number: '7', document: digest(7) };
    const fields = { logTimeMs: this.clockMs, about, condition, ...document, validUntilMs };
    return this.send(by, MEDIA_CREDENTIAL, encodeCredential(fields));
  }

  calibration(by: string, changes: Partial<CalibrationRecord> = {}) {
    const record = sampleCalibration({ logTimeMs: this.clockMs, device: DEVICE }, changes);
    return this.send(by, MEDIA_CALIBRATION, encodeCalibrationRecord(record), record.device);
  }

  tap(by: string, counter: number, subject = THING) {
    const uid = new Uint8Array(7).fill(4);
    const fields = { logTimeMs: this.clockMs, subject, uid, counter, place: 'dock' };
    return this.send(by, MEDIA_TAP, encodeTap(fields), subject);
  }

  seal(by: string, at: Seal['at'], number = 'H-1') {
    const seal = { subject: THING, number, sealClass: 'H' as const, at, photo: null };
    return this.send(by, MEDIA_SEAL, encodeSeal({ logTimeMs: this.clockMs, ...seal }), THING);
  }

  claim(by: string, subject = THING) {
    const claim = { subject: THING, text: 'Organic.', speaker: PERSON, document: null };
    const bytes = encodeClaim({ logTimeMs: this.clockMs, ...claim });
    return this.send(by, MEDIA_CLAIM, bytes, subject);
  }

  finding(by: string, changes: Partial<RuleFinding> = {}) {
    const finding: RuleFinding = {
      logTimeMs: this.clockMs,
      leafIndex: 1,
      statementId: digest(3),
      rule: 'cold',
      version: 1,
      attested: 'kept',
      found: 'broken',
      text: '9 °C',
      ...changes,
    };
    return this.send(by, MEDIA_RULE_FINDING, encodeRuleFinding(finding));
  }

  filing(by: string, number = '京ICP-1') {
    const filing = { service: 'S', authority: 'CAC', number, filedMs: this.clockMs, url: null };
    const more = { responsible: PERSON, status: 'in force' as const };
    return this.send(
      by,
      MEDIA_FILING,
      encodeFiling({ logTimeMs: this.clockMs, ...filing, ...more }),
    );
  }

  examination(by: string, changes: Partial<Examination> = {}) {
    const seen = { root: digest(9), devices: 1, statements: 2, refusals: 0, missing: 0 };
    const report: Examination = {
      logTimeMs: this.clockMs,
      size: 2,
      seen: { ...seen, overdueCalibrations: 0, broken: 0 },
      own: { clockOffsetMs: null, expiring: [], cosigned: [], anchored: 0, unheld: 0 },
      ...changes,
    };
    return this.send(by, MEDIA_EXAMINATION, encodeExamination(report));
  }
}
