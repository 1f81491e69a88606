import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCharter } from '../../device-sdk/formats/charter.ts';
import { type CoseKey, keyThumbprint } from '../../device-sdk/formats/cose-key.ts';
import { makeEnrolmentProof } from '../../device-sdk/formats/enrolment.ts';
import { encodeFrame } from '../../device-sdk/formats/frame.ts';
import {
  MEDIA_CHARTER,
  MEDIA_REGISTRATION,
  MEDIA_SENML_CBOR,
} from '../../device-sdk/formats/media-types.ts';
import { baseNameOf } from '../../device-sdk/formats/pack.ts';
import { encodePack } from '../../device-sdk/formats/pack-encode.ts';
import { encodeRegistration } from '../../device-sdk/formats/registration.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import type { Signer } from '../../device-sdk/formats/signer.ts';
import { parseStatement, signStatement } from '../../device-sdk/formats/statement.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { issueCredential } from '../../gateway/ingest/credentials.ts';
import { createMemberKeys, loadMemberKeys } from '../../gateway/keys.ts';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import { openDatabase } from '../../gateway/store/database.ts';

export const BENCH_ISS = 'https://bench.example';
const LEDGER_NAME = 'bench.example/ledger';
const BUILD_DATE_S = Date.UTC(2026, 0, 1) / 1000;
const READINGS_A_FRAME = 10;

export interface BenchDevice {
  urn: string;
  sub: string;
  signer: Signer;
  password: string;
  seq: number;
  prev: Uint8Array | null;
}

/** A ledger with `count` registered devices in `data`, each with a key and a subject of its own. */
export function createBenchLedger(
  data: string,
  alg: -7 | -8,
  count: number,
): {
  devices: BenchDevice[];
  ledgerId: Uint8Array;
} {
  useNodeCrypto();
  const folder = dataFolder(data);
  createMemberKeys(folder.keys);
  const signers = loadMemberKeys(folder.keys);
  const ledger = new SoloLedger(openDatabase(folder.ledger), nativeVerify);
  const logTimeMs = Date.now() - 3_600_000;
  const member = { seq: 0, prev: null as Uint8Array | null };
  const govern = (contentType: string, bytes: Uint8Array, sub: string) => {
    member.seq += 1;
    const signed = signStatement(
      {
        iss: BENCH_ISS,
        sub,
        iat: Math.floor(logTimeMs / 1000),
        payload: { kind: 'inline', contentType, bytes },
        seq: member.seq,
        prev: member.prev,
        ledgerId: ledger.state.ledgerId,
        device: null,
      },
      signers.member,
    );
    member.prev = signed.id;
    const statement = parseStatement(signed.bytes);
    if (!statement.ok) throw new Error(statement.code);
    const applied = ledger.commitGovernance(statement.value);
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
  };
  govern(MEDIA_CHARTER, benchCharter(signers, logTimeMs), LEDGER_NAME);
  const { ledgerId } = ledger.state;
  if (!ledgerId) throw new Error('no ledger id');
  const insert = ledger.store.db.prepare('INSERT INTO credential VALUES (?, ?, ?)');
  const devices = Array.from({ length: count }, (_, i) => {
    const device = newDevice(alg, i);
    const registration = benchRegistration(device, { owner: BENCH_ISS, ledgerId, logTimeMs });
    govern(MEDIA_REGISTRATION, registration, device.urn);
    const { password, stored } = issueCredential();
    insert.run(device.urn, stored.salt, stored.hash);
    return { ...device, password };
  });
  ledger.store.db.close();
  return { devices, ledgerId };
}

function benchCharter(signers: ReturnType<typeof loadMemberKeys>, logTimeMs: number): Uint8Array {
  return encodeCharter({
    logTimeMs,
    ledgerName: LEDGER_NAME,
    text: 'Bench',
    mode: 'solo',
    founders: [
      {
        iss: BENCH_ISS,
        name: 'Bench',
        legalId: { scheme: 'none', value: '', evidence: null },
        kind: 'participant',
        memberKey: signers.member.key,
        logKey: signers.log.key,
        cosigningKey: signers.cosigner.key,
        cosignerName: 'bench.example/cosigner',
        nodeKey: null,
        gatewayKeys: [signers.gateway.key],
      },
    ],
    quorum: 1,
    answerTermDays: 14,
    noticeTermDays: 30,
    expulsion: 'all-but-expelled',
    ruleApprovals: 1,
    retentionDays: 1,
    disclosure: 'open',
    publicEntries: false,
    bytesPerBlock: 4 * 1024 * 1024,
    validatorKinds: ['participant', 'regulator', 'self-regulatory'],
    inlineContentTypes: [],
    law: null,
    responsible: { name: 'B. Ench', organisation: 'Bench', contact: 'mailto:bench@bench.example' },
  });
}

export function benchRegistration(
  device: Omit<BenchDevice, 'password'>,
  { owner, ledgerId, logTimeMs }: { owner: string; ledgerId: Uint8Array; logTimeMs: number },
): Uint8Array {
  const token = sha256(new Uint8Array(32));
  return encodeRegistration({
    logTimeMs,
    device: device.urn,
    key: device.signer.key,
    proof: makeEnrolmentProof(device.signer, { device: device.urn, token, ledgerId }),
    owner,
    keyLevel: 'file',
    reportingIntervalS: 60,
    buildDateS: BUILD_DATE_S,
    sensors: [
      {
        name: 'temperature',
        quantity: 'air temperature',
        unit: 'Cel',
        min: -40,
        max: 85,
        resolution: 0.1,
        interface: 'simulated',
        calibration: null,
      },
    ],
    binding: 'none',
    subjects: null,
  });
}

export function newDevice(alg: -7 | -8, i: number): Omit<BenchDevice, 'password'> {
  const urn = `urn:dev:ops:32473-bench-${String(i).padStart(4, '0')}`;
  const sub = `https://id.gs1.org/00/95212345000000${String(i).padStart(4, '0')}`;
  return { urn, sub, signer: nativeSigner(alg), seq: 0, prev: null };
}

function nativeSigner(alg: -7 | -8): Signer {
  const pair =
    alg === -7
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519');
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const x = new Uint8Array(Buffer.from(jwk.x ?? '', 'base64url'));
  const y = new Uint8Array(Buffer.from(jwk.y ?? '', 'base64url'));
  const key: CoseKey =
    alg === -7 ? { kty: 'EC2', crv: 'P-256', x, y } : { kty: 'OKP', crv: 'Ed25519', x };
  const secret: KeyObject = createPrivateKey(
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  return {
    alg,
    key,
    kid: keyThumbprint(key),
    sign: (message) =>
      alg === -7
        ? sign('sha256', message, { key: secret, dsaEncoding: 'ieee-p1363' })
        : sign(null, message, secret),
  };
}

/** The device's next frame: ten readings a second apart, ending `endMs`. */
export function nextFrame(device: BenchDevice, ledgerId: Uint8Array, endMs: number): Uint8Array {
  const { statement, content } = nextStatement(device, ledgerId, endMs);
  return encodeFrame({ statement, content });
}

export function nextStatement(device: BenchDevice, ledgerId: Uint8Array, endMs: number) {
  const firstMs = endMs - (READINGS_A_FRAME - 1) * 1000;
  const content = encodePack({
    baseName: baseNameOf(device.urn),
    salt: new Uint8Array(randomBytes(16)),
    records: Array.from({ length: READINGS_A_FRAME }, (_, i) => ({
      name: 'temperature',
      unit: 'Cel',
      value: Math.round((4 + Math.sin(device.seq + i)) * 10) / 10,
      timeMs: firstMs + i * 1000,
    })),
  });
  device.seq += 1;
  const signed = signStatement(
    {
      iss: device.urn,
      sub: device.sub,
      iat: Math.floor(endMs / 1000),
      payload: { kind: 'hash', digest: sha256(content), preimageType: MEDIA_SENML_CBOR },
      seq: device.seq,
      prev: device.prev,
      ledgerId,
      device: {
        bootId: BOOT_ID,
        quality: 3,
        errorMs: 20,
        count: READINGS_A_FRAME,
        firstMs,
        lastMs: endMs,
      },
    },
    device.signer,
  );
  device.prev = signed.id;
  return { statement: signed.bytes, content, id: signed.id };
}

const BOOT_ID = new Uint8Array(16).fill(7);

/** Signs `total` frames and writes them with the credentials for the load generator. */
export function writeFrames(
  file: string,
  { devices, ledgerId }: { devices: BenchDevice[]; ledgerId: Uint8Array },
  total: number,
): void {
  const each = Math.ceil(total / devices.length);
  const startMs = Date.now() - 1_800_000;
  const parts: Uint8Array[] = [];
  const head = devices.map((device) => {
    const frames = Array.from({ length: each }, (_, i) =>
      nextFrame(device, ledgerId, startMs + i * 100),
    );
    parts.push(...frames);
    return { urn: device.urn, password: device.password, lengths: frames.map((f) => f.length) };
  });
  const text = Buffer.from(JSON.stringify({ devices: head }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  writeFileSync(file, Buffer.concat([length, text, ...parts]));
}

export function framesFile(data: string): string {
  return join(data, 'frames.bin');
}
