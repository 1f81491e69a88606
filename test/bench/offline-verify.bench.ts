import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { useSha256 } from '../../device-sdk/formats/sha256.ts';
import { type NativeVerify, pureVerify } from '../../device-sdk/formats/signature.ts';
import { verifyEvidence } from '../../device-sdk/formats/verify-evidence.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { SignedTip } from '../../gateway/anchor/signed-tip.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { Proofs } from '../../gateway/log/proofs.ts';
import { EvidenceBuilder } from '../../gateway/receipts/evidence-builder.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { type Bench, type Row, ratePerSecond, row } from './bench.ts';
import { buildStore } from './stores.ts';

const DEVICES = 10;
const STATEMENTS = 1_000;
const MEASURE_MS = 1_000;

type Call = readonly [key: CoseKey, message: Uint8Array, signature: Uint8Array];

function evidenceOf(alg: -7 | -8): { bytes: Uint8Array; ledgerId: Uint8Array } {
  const data = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  try {
    buildStore(data, { alg, devices: DEVICES, statements: STATEMENTS });
    const folder = dataFolder(data);
    const db = openDatabase(folder.ledger, { readonly: true });
    const store = new LedgerStore(db);
    const state = store.loadState();
    const anchored = new SignedTip([folder.signedTip]).newest();
    const builder = new EvidenceBuilder({
      store,
      state: () => state,
      proofs: new Proofs((level, index) => store.tiles.get(level, index)),
      anchored: () => anchored,
    });
    const bytes = builder.build(state.size - 2);
    db.close();
    if (!bytes || !state.ledgerId) throw new Error('no evidence of the last statement');
    return { bytes, ledgerId: state.ledgerId };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Milliseconds a file, against those of its signatures alone by the same library. */
function measure(name: string, alg: -7 | -8): Row[] {
  const { bytes, ledgerId } = evidenceOf(alg);
  const calls: Call[] = [];
  const verify = (native: NativeVerify | undefined) => {
    const { verdict, checks } = verifyEvidence(bytes, { ledgerId }, native);
    if (verdict !== 'verified') throw new Error(JSON.stringify(checks.at(-1)));
  };
  verify((...call) => {
    calls.push(call);
    return nativeVerify(...call);
  });
  const time = (native: NativeVerify | undefined, one: NativeVerify) => {
    const bare = 1_000 / ratePerSecond(() => calls.every((call) => one(...call)), MEASURE_MS);
    return [1_000 / ratePerSecond(() => verify(native), MEASURE_MS), bare] as const;
  };
  useNodeCrypto();
  const [native, nativeBare] = time(nativeVerify, nativeVerify);
  // As in a browser: no line of it is native.
  useSha256(nobleSha256);
  const [pure, pureBare] = time(undefined, pureVerify);
  useNodeCrypto();
  return [
    row(`${name}-native`, native, 'ms', nativeBare),
    row(`${name}-noble`, pure, 'ms', pureBare),
    row(`${name}-signatures`, calls.length, 'signatures'),
    row(`${name}-bytes`, bytes.length, 'bytes'),
  ];
}

/** `truegrain verify --ledger` without reading the file and starting node. */
export const offlineVerify: Bench[] = [
  { name: 'offline-verify-es256', run: async () => measure('offline-verify-es256', -7) },
  { name: 'offline-verify-ed25519', run: async () => measure('offline-verify-ed25519', -8) },
];
