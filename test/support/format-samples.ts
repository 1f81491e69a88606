import { encodeAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { encodeBatch } from '@truegrain/device-sdk/formats/batch.js';
import { encodeBoot } from '@truegrain/device-sdk/formats/boot.js';
import { encodeCapturedEvent } from '@truegrain/device-sdk/formats/captured-event.js';
import { type Charter, encodeCharter } from '@truegrain/device-sdk/formats/charter.js';
import { signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { encodeDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { encodeErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { encodeEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import { encodeFrame } from '@truegrain/device-sdk/formats/frame.js';
import { droppedDigest, encodeGap } from '@truegrain/device-sdk/formats/gap.js';
import { encodeGrades, type Grade } from '@truegrain/device-sdk/formats/grade.js';
import {
  MEDIA_BATCH,
  MEDIA_CHARTER,
  MEDIA_RECALL,
  MEDIA_REGISTRATION,
  MEDIA_SENML_CBOR,
} from '@truegrain/device-sdk/formats/media-types.js';
import { inclusionPath, leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { baseNameOf } from '@truegrain/device-sdk/formats/pack.js';
import { encodeHeartbeat, encodePack } from '@truegrain/device-sdk/formats/pack-encode.js';
import { signReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import {
  encodeRegistration,
  type Registration,
} from '@truegrain/device-sdk/formats/registration.js';
import { encodeRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { encodeRotation } from '@truegrain/device-sdk/formats/rotation.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { signReport } from '@truegrain/device-sdk/formats/signed-report.js';
import { type Signer, softSigner } from '@truegrain/device-sdk/formats/signer.js';
import { signStatement } from '@truegrain/device-sdk/formats/statement.js';

/** A small solo ledger, made with fixed secrets: one sample of every private structure. */
export function signer(alg: -7 | -8, seed: number): Signer {
  return softSigner(alg, new Uint8Array(32).fill(seed));
}

export const NOW_MS = 1_764_000_000_123;
export const DEVICE = 'urn:dev:ops:32473-tg1-0042';
export const MEMBER = 'https://cold.example';
export const deviceSigner = signer(-7, 7);
export const newDeviceSigner = signer(-8, 8);
const member = signer(-8, 1);
const log = signer(-8, 2);
const gateway = signer(-8, 4);
export const logSigner = log;

export const charter: Charter = {
  logTimeMs: NOW_MS,
  ledgerName: 'ledger.example.org/cold-chain',
  text: 'Vouches for the temperatures of a cold chain.\nNothing else.',
  mode: 'solo',
  founders: [
    {
      iss: MEMBER,
      name: 'Cold Chain AG',
      legalId: {
        scheme: 'lei',
        value: '5493001KJTIIGC8Y1R12',
        evidence: sha256(new Uint8Array(1)),
      },
      kind: 'participant',
      memberKey: member.key,
      logKey: log.key,
      cosigningKey: signer(-8, 3).key,
      cosignerName: 'cold.example/cosigner',
      nodeKey: null,
      gatewayKeys: [gateway.key, signer(-7, 5).key],
    },
  ],
  quorum: 1,
  answerTermDays: 14,
  noticeTermDays: 90,
  expulsion: 'all-but-expelled',
  ruleApprovals: 1,
  retentionDays: 730,
  disclosure: 'sealed',
  publicEntries: false,
  bytesPerBlock: 1_048_576,
  validatorKinds: ['participant', 'regulator', 'self-regulatory'],
  inlineContentTypes: [],
  law: null,
  responsible: {
    name: 'A. Person',
    organisation: 'Cold Chain AG',
    contact: 'mailto:a@cold.example',
  },
};

/** A second organisation, whose keys begin at `seed`: what makes the charter an alliance's. */
export function founder(seed: number): Charter['founders'][number] {
  return {
    iss: `https://member-${seed}.example`,
    name: `Member ${seed}`,
    legalId: { scheme: 'none', value: '', evidence: null },
    kind: 'participant',
    memberKey: signer(-8, seed).key,
    logKey: signer(-8, seed + 1).key,
    cosigningKey: signer(-8, seed + 2).key,
    cosignerName: `member-${seed}.example/cosigner`,
    nodeKey: signer(-8, seed + 3).key,
    gatewayKeys: [],
  };
}

const charterStatement = signStatement(
  {
    iss: MEMBER,
    sub: charter.ledgerName,
    iat: Math.floor(NOW_MS / 1000),
    payload: { kind: 'inline', contentType: MEDIA_CHARTER, bytes: encodeCharter(charter) },
    seq: 1,
    prev: null,
    ledgerId: null,
    device: null,
  },
  member,
);
export const ledgerId = sha256(charterStatement.bytes);
export const TOKEN = sha256(new TextEncoder().encode('one-time token'));

export const registration: Registration = {
  logTimeMs: NOW_MS,
  device: DEVICE,
  key: deviceSigner.key,
  proof: makeEnrolmentProof(deviceSigner, { device: DEVICE, token: TOKEN, ledgerId }),
  owner: MEMBER,
  keyLevel: 'file',
  reportingIntervalS: 300,
  buildDateS: 1_763_000_000,
  sensors: [
    {
      name: 'temperature',
      quantity: 'air temperature',
      unit: 'Cel',
      min: -40,
      max: 60,
      resolution: 0.1,
      interface: 'modbus-rtu',
      calibration: {
        certificate: 'DCC-17',
        digest: sha256(new Uint8Array(2)),
        dueMs: NOW_MS + 1e9,
      },
    },
    {
      name: 'door',
      quantity: 'door open',
      unit: null,
      min: null,
      max: null,
      resolution: null,
      interface: 'gpio',
      calibration: null,
    },
  ],
  binding: 'label',
  subjects: ['https://id.example/414/9521321000017'],
};

const records = [
  { name: 'temperature', unit: 'Cel', value: 4.1, timeMs: NOW_MS },
  { name: 'temperature', unit: 'Cel', value: 4, timeMs: NOW_MS + 1_000 },
  { name: 'temperature', unit: 'Cel', value: -18.5, timeMs: NOW_MS + 2_500 },
  { name: 'door', value: true, timeMs: NOW_MS + 2_501 },
  { name: 'temperature/fault', value: 'timeout', timeMs: NOW_MS + 3_000 },
  { name: 'temperature/flag', value: 'suspect:after-timeout', timeMs: NOW_MS + 4_000 },
  { name: 'clock/step', unit: 's', value: -1.5, timeMs: NOW_MS + 4_001 },
] as const;
const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
const baseName = baseNameOf(DEVICE);
export const pack = encodePack({ baseName, salt, records });
export const relativePack = encodePack({
  baseName,
  salt,
  relative: true,
  records: [
    { name: 'temperature', unit: 'Cel', value: 4.1, timeMs: -61_500 },
    { name: 'door', value: new Uint8Array([1, 2]), timeMs: 0 },
  ],
});

export const grade: Grade = {
  origin: 2,
  key: 1,
  metrology: 2,
  binding: 1,
  late: false,
  fork: false,
  untrustedClock: false,
  gapBefore: true,
  suspectReading: true,
  calibrationOverdue: false,
};

function deviceStatement(seq: number, prev: Uint8Array | null, content: Uint8Array) {
  return signStatement(
    {
      iss: DEVICE,
      sub: 'https://id.example/414/9521321000017',
      iat: Math.floor(NOW_MS / 1000) + 5,
      payload: { kind: 'hash', digest: sha256(content), preimageType: MEDIA_SENML_CBOR },
      seq,
      prev,
      ledgerId,
      device: {
        bootId: new Uint8Array(16).fill(9),
        quality: 3,
        errorMs: 20,
        count: records.length,
        firstMs: NOW_MS,
        lastMs: NOW_MS + 4_001,
      },
    },
    deviceSigner,
  );
}

function memberStatement(
  by: Signer,
  place: { seq: number; prev: Uint8Array | null; sub: string },
  contentType: string,
  bytes: Uint8Array,
) {
  const payload = { kind: 'inline', contentType, bytes } as const;
  const iat = Math.floor(NOW_MS / 1000);
  return signStatement({ iss: MEMBER, iat, payload, ledgerId, device: null, ...place }, by);
}

const first = deviceStatement(1, null, pack);
const second = deviceStatement(2, first.id, pack);
const leaves = [first, second].map(({ bytes }) => leafHash(bytes));

const registrationStatement = memberStatement(
  member,
  { seq: 2, prev: charterStatement.id, sub: DEVICE },
  MEDIA_REGISTRATION,
  encodeRegistration(registration),
);

export const batch = {
  count: 2,
  batchRoot: rootOf(leaves),
  judgedAt: 2,
  logTimeMs: NOW_MS + 6_000,
  grades: encodeGrades([grade, { ...grade, gapBefore: false, late: true }]),
  refusals: [{ id: sha256(new Uint8Array(3)), code: 'range' as const }],
  edition: null,
  rulings: [],
};
const batchStatement = memberStatement(
  gateway,
  { seq: 1, prev: null, sub: charter.ledgerName },
  MEDIA_BATCH,
  encodeBatch(batch),
);

const entries = [charterStatement, registrationStatement, first, second, batchStatement];
const hashes = entries.map(({ bytes }) => leafHash(bytes));
const root = rootOf(hashes);
const leaf = (index: number) => ({
  index,
  entry: entries[index]!.bytes,
  path: inclusionPath(hashes, index),
});
const origin = `${charter.ledgerName}/${Buffer.from(ledgerId).toString('hex')}`;
export const receipt = signReceipt({
  signer: log,
  fields: { iss: `https://${origin}`, sub: charter.ledgerName, root },
  proofs: [{ size: 5, index: 4, path: inclusionPath(hashes, 4) }],
});

export const samples = {
  pack,
  relativePack,
  heartbeat: encodeHeartbeat({ baseName, salt, timeMs: NOW_MS }),
  charter: encodeCharter(charter),
  alliance: encodeCharter({
    ...charter,
    mode: 'alliance',
    founders: [{ ...charter.founders[0]!, nodeKey: signer(-8, 6).key }, founder(20)],
    quorum: 2,
  }),
  acceptance: encodeAcceptance({ logTimeMs: NOW_MS, charterId: charterStatement.id }),
  registration: encodeRegistration(registration),
  enrolment: registration.proof,
  rotation: encodeRotation({
    logTimeMs: NOW_MS,
    device: DEVICE,
    oldKid: deviceSigner.kid,
    newKey: newDeviceSigner.key,
    proofNew: makeEnrolmentProof(newDeviceSigner, { device: DEVICE, token: null, ledgerId }),
    proofOld: makeEnrolmentProof(deviceSigner, {
      device: DEVICE,
      token: null,
      ledgerId,
      key: newDeviceSigner.key,
    }),
    reason: 'yearly',
  }),
  forcedRotation: encodeRotation({
    logTimeMs: NOW_MS,
    device: DEVICE,
    oldKid: deviceSigner.kid,
    newKey: newDeviceSigner.key,
    proofNew: makeEnrolmentProof(newDeviceSigner, { device: DEVICE, token: TOKEN, ledgerId }),
    proofOld: null,
    reason: 'key lost',
  }),
  revocation: encodeRevocation({ logTimeMs: NOW_MS, device: DEVICE, kid: null, reason: 'stolen' }),
  erasure: encodeErasure({
    logTimeMs: NOW_MS,
    ids: [first.id],
    basis: 'GDPR Art. 17',
    reason: 'asked',
  }),
  batch: encodeBatch(batch),
  boot: encodeBoot({
    bootId: new Uint8Array(16).fill(9),
    bootCount: 3,
    prevSeqDurable: 12,
    firstSeq: 65,
    gapReason: 'power cut',
    firmware: '0.1.0',
    buildDateS: 1_763_000_000,
    tornBytes: 17,
  }),
  'captured-event': encodeCapturedEvent({
    salt: new Uint8Array(16).fill(7),
    json: '{"eventID":"ni:///sha-256;00?ver=CBV2.0","type":"ObjectEvent"}',
  }),
  gap: encodeGap({
    fromSeq: 13,
    toSeq: 64,
    count: 2,
    minTimeMs: NOW_MS,
    maxTimeMs: NOW_MS,
    reason: 'queue full',
    dropped: droppedDigest([first.id, second.id]),
  }),
  statement: first.bytes,
  memberStatement: batchStatement.bytes,
  frame: encodeFrame({ statement: first.bytes, content: pack }),
  accepted: encodeDownlink({ kind: 'accepted', id: first.id }),
  receipted: encodeDownlink({ kind: 'receipt', id: first.id, receipt }),
  refused: encodeDownlink({
    kind: 'refused',
    id: batch.refusals[0]!.id,
    code: 'range',
    batch: { statement: batchStatement.bytes, receipt },
  }),
  parked: encodeDownlink({ kind: 'refused', id: first.id, code: 'unknown_key', batch: null }),
  evidence: encodeEvidence({
    checkpoint: signCheckpoint({ checkpoint: { origin, size: 5, root }, signer: log }),
    statement: leaf(2),
    content: pack,
    supporting: [leaf(0), leaf(1), leaf(4)],
    inBatch: { index: 0, path: inclusionPath(leaves, 0) },
    batchLeaf: 4,
  }),
  signedReport: signReport(log, {
    contentType: MEDIA_RECALL,
    bytes: new TextEncoder().encode('{"type":"recall"}'),
    iss: MEMBER,
    sub: 'https://id.gs1.org/01/09521234567899/10/L-1',
    iat: 1_764_000_000,
  }),
  governanceEvidence: encodeEvidence({
    checkpoint: signCheckpoint({ checkpoint: { origin, size: 5, root }, signer: log }),
    statement: leaf(0),
    content: null,
    supporting: [],
    inBatch: null,
    batchLeaf: null,
  }),
} as const;
