import { utf8 } from '../../device-sdk/formats/bytes.ts';
import type { Charter } from '../../device-sdk/formats/charter.ts';
import type { Grade } from '../../device-sdk/formats/grade.ts';
import type { Sensor } from '../../device-sdk/formats/sensor.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { type Signer, softSigner } from '../../device-sdk/formats/signer.ts';
import {
  type Payload,
  parseStatement,
  type Statement,
} from '../../device-sdk/formats/statement.ts';

export const T0_MS = Date.UTC(2026, 10, 2, 8);

/** A stream of one signer: next number and the id before it. */
export interface SampleSigner {
  signer: Signer;
  seq: number;
  prev: Uint8Array | null;
}

export interface SampleMember {
  iss: string;
  name: string;
  cosignerName: string;
  member: SampleSigner;
  gateway: SampleSigner;
  log: Signer;
  cosigner: Signer;
}

export interface SampleDevice {
  urn: string;
  key: SampleSigner;
}

export interface SampleStatement {
  bytes: Uint8Array;
  content: Uint8Array;
}

export const TEMPERATURE: Sensor = {
  name: 'temp',
  quantity: 'air temperature',
  unit: 'Cel',
  min: -40,
  max: 85,
  resolution: 0.1,
  interface: 'modbus-rtu',
  calibration: null,
};

export const PLAIN_GRADE: Grade = {
  origin: 2,
  key: 1,
  metrology: 1,
  binding: 1,
  late: false,
  fork: false,
  untrustedClock: false,
  gapBefore: false,
  suspectReading: false,
  calibrationOverdue: false,
};

/** The same key for the same words, in every run. */
export function sampleSigner(words: string, alg: -7 | -8 = -8): Signer {
  return softSigner(alg, sha256(utf8(`truegrain sample ${words}`)));
}

export function stream(words: string, alg: -7 | -8 = -8): SampleSigner {
  return { signer: sampleSigner(words, alg), seq: 0, prev: null };
}

export function sampleMember(name: string, salt = ''): SampleMember {
  const key = (use: string) => `${salt}${name} ${use}`;
  return {
    iss: `https://${name}.example`,
    name,
    cosignerName: `${name}.example/witness`,
    member: stream(key('member')),
    gateway: stream(key('gateway')),
    log: sampleSigner(key('log')),
    cosigner: sampleSigner(key('cosigner')),
  };
}

export function sampleCharter(members: readonly SampleMember[], quorum: number): Charter {
  const alliance = members.length > 1;
  return {
    logTimeMs: T0_MS,
    ledgerName: 'ledger.example/rice',
    text: 'Temperatures of rice in transit.',
    mode: alliance ? 'alliance' : 'solo',
    founders: members.map(({ iss, name, cosignerName, member, gateway, log, cosigner }) => ({
      iss,
      name,
      legalId: { scheme: 'none', value: '', evidence: null },
      kind: 'participant',
      memberKey: member.signer.key,
      logKey: log.key,
      cosigningKey: cosigner.key,
      cosignerName,
      nodeKey: alliance ? sampleSigner(`${name} node`).key : null,
      gatewayKeys: [gateway.signer.key],
    })),
    quorum,
    answerTermDays: 14,
    noticeTermDays: 30,
    expulsion: 'all-but-expelled',
    ruleApprovals: 1,
    retentionDays: 365,
    disclosure: 'open',
    publicEntries: false,
    bytesPerBlock: 1_048_576,
    validatorKinds: ['participant'],
    inlineContentTypes: [],
    law: null,
    responsible: { name: 'A. Example', organisation: 'acme', contact: 'mailto:a@acme.example' },
  };
}

export function inline(contentType: string, bytes: Uint8Array): Payload {
  return { kind: 'inline', contentType, bytes };
}

export function statementOf(entry: Uint8Array): Statement {
  const parsed = parseStatement(entry);
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}
