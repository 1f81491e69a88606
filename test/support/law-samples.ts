import { encodeAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeAppeal } from '@truegrain/device-sdk/formats/appeal.js';
import { encodeBatch } from '@truegrain/device-sdk/formats/batch.js';
import { encodeCalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';
import { encodeClaim } from '@truegrain/device-sdk/formats/claim.js';
import { encodeCredential } from '@truegrain/device-sdk/formats/credential.js';
import { encodeExamination } from '@truegrain/device-sdk/formats/examination.js';
import { encodeFiling } from '@truegrain/device-sdk/formats/filing.js';
import { encodeInspection } from '@truegrain/device-sdk/formats/inspection.js';
import { encodeOrder } from '@truegrain/device-sdk/formats/order.js';
import { encodeProfileBinding } from '@truegrain/device-sdk/formats/profile-binding.js';
import { encodeRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { encodeSeal } from '@truegrain/device-sdk/formats/seal.js';
import { encodeTap } from '@truegrain/device-sdk/formats/tap.js';
import { batch, NOW_MS as logTimeMs, MEMBER } from './format-samples.ts';
import { DEVICE, digest, PERSON, THING } from './sample-law.ts';

const [refusal] = batch.refusals;

/** One sample of every payload of SPEC §10, by the name of its rule in the CDDL. */
export const lawSamples = {
  lawfulBatch: encodeBatch({
    ...batch,
    refusals: [{ id: refusal!.id, code: 'rule' }],
    edition: 3,
    rulings: [{ id: refusal!.id, rule: 'cold', version: 2 }],
  }),
  readAnswer: encodeAnswer({
    logTimeMs,
    proposalId: digest(1),
    answer: 'approve',
    reason: '',
    textDigest: digest(2),
  }),
  'profile-binding': encodeProfileBinding({ logTimeMs, device: DEVICE, profile: 'pharma' }),
  order: encodeOrder({
    logTimeMs,
    action: 'suspend',
    target: { kind: 'device', id: DEVICE },
    legalBasis: 'Act, § 3',
    official: PERSON,
    text: 'Stop.\nAt once.',
  }),
  appeal: encodeAppeal({ logTimeMs, orderId: digest(3), text: 'No.', document: digest(4) }),
  credential: encodeCredential({
    logTimeMs,
    about: MEMBER,
    condition: 'licence',
    issuedBy: 'Office',
    number: '7',
    document: digest(5),
    validUntilMs: null,
  }),
  'calibration-record': encodeCalibrationRecord({
    logTimeMs,
    device: DEVICE,
    sensor: 'temp',
    certificate: 'LAB-1',
    digest: digest(6),
    serial: 'SN-1',
    laboratory: 'Lab',
    signature: 'verified',
    unit: 'Cel',
    min: -20,
    max: 60.5,
    uncertainty: 0.1,
    coverageFactor: 2,
    performedMs: logTimeMs - 1,
    dueMs: logTimeMs + 1,
  }),
  tap: encodeTap({
    logTimeMs,
    subject: THING,
    uid: new Uint8Array(7).fill(4),
    counter: 61,
    place: 'dock 4',
  }),
  seal: encodeSeal({
    logTimeMs,
    subject: THING,
    number: 'H-100',
    sealClass: 'H',
    at: 'closing',
    photo: null,
  }),
  claim: encodeClaim({
    logTimeMs,
    subject: THING,
    text: 'Organic.',
    speaker: PERSON,
    document: null,
  }),
  'rule-finding': encodeRuleFinding({
    logTimeMs,
    leafIndex: 7,
    statementId: digest(7),
    rule: 'cold',
    version: 1,
    attested: 'kept',
    found: 'broken',
    text: '9 °C',
  }),
  examination: encodeExamination({
    logTimeMs,
    size: 9,
    seen: {
      root: digest(8),
      devices: 1,
      statements: 2,
      refusals: 3,
      missing: 4,
      overdueCalibrations: 5,
      broken: 6,
    },
    own: {
      clockOffsetMs: -3,
      expiring: ['certificate'],
      cosigned: [{ iss: MEMBER, count: 8 }],
      anchored: 9,
      unheld: 0,
    },
  }),
  filing: encodeFiling({
    logTimeMs,
    service: 'Rice',
    authority: 'CAC',
    number: '1-2-3',
    filedMs: logTimeMs,
    url: 'https://cac.example/1',
    responsible: PERSON,
    status: 'in force',
  }),
  inspection: encodeInspection({
    logTimeMs,
    device: DEVICE,
    fromLeaf: 1,
    untilLeaf: 9,
    legalBasis: 'Act',
    official: PERSON,
  }),
};
