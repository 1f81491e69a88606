import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { verifyEvidence } from '@truegrain/device-sdk/formats/verify-evidence.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeVerify } from '../../../gateway/admit/native-verify.ts';
import { MEMBERSHIP_KINDS } from '../../../gateway/ledger/membership-changes.ts';
import { fsck } from '../../../gateway/log/fsck.ts';
import { Proofs } from '../../../gateway/log/proofs.ts';
import { reindex } from '../../../gateway/log/reindex.ts';
import { EvidenceBuilder } from '../../../gateway/receipts/evidence-builder.ts';
import { FOLD_TABLES } from '../../../gateway/store/schema.ts';
import { LawBooks } from '../../support/law-books.ts';
import { dump, tamper } from '../../support/lived-in-ledger.ts';

let books: LawBooks;
let reading: number;
beforeAll(async () => {
  books = new LawBooks();
  reading = await books.live();
});
afterAll(() => books.close());

/** Evidence as a member's gateway gives it, under a checkpoint that all four have cosigned. */
function evidence(leafIndex: number): Uint8Array {
  const { books: own, ledger } = books.first;
  const { state } = ledger;
  const { size } = state;
  const origin = `${state.charter!.ledgerName}/${toHex(state.ledgerId!)}`;
  const checkpoint = { origin, size, root: own.tree.root() };
  const timeSeconds = Math.floor(books.timeMs / 1000) + 5;
  const lines = books.members.map(({ member: { cosignerName: name, cosigner: signer } }) =>
    cosign(formatCheckpointBody(checkpoint), { name, signer, timeSeconds }),
  );
  const note = signCheckpoint({ checkpoint, signer: books.first.member.log }) + lines.join('');
  const builder = new EvidenceBuilder({
    store: own.store,
    state: () => state,
    proofs: new Proofs((level, index) => own.store.tiles.get(level, index)),
    anchored: () => ({ size, note }) as never,
  });
  const bytes = builder.build(leafIndex);
  if (!bytes) throw new Error(`no evidence of leaf ${leafIndex}`);
  return bytes;
}

const failed = (leafIndex: number) =>
  verifyEvidence(evidence(leafIndex), { ledgerId: books.state.ledgerId! }, nativeVerify)
    .checks.filter(({ ok }) => !ok)
    .map(({ id, text }) => `${leafIndex} ${id}: ${text}`);

test('has every kind of statement that there is about the law', () => {
  const { store } = books.first.books;
  const others = ['exception', 'departure', 'endpoint', 'grant'];
  for (const kind of MEMBERSHIP_KINDS.values()) {
    const leaves = store.fold.leavesOfKinds([kind], books.state.size);
    if (!others.includes(kind)) expect(leaves.length, kind).toBeGreaterThan(0);
  }
});

test('the readings are graded by what the log shows, and name the edition', () => {
  const { law } = books.state.membership!;
  expect(law.editions.length).toBeGreaterThan(5);
  expect(law.suspendedDevices.has(books.other.urn)).toBe(true);
  expect(law.suspendedDevices.has(books.device.urn)).toBe(false);
  const { ledger } = books.first;
  const { grade } = books.first.books.store.packs.row(reading)!;
  // Host-signed, a key in a file, a verified certificate, a photographed seal; no flag.
  expect(grade.toString(16)).toBe('213400');
  expect(ledger.state.devices.get(books.other.urn)?.binding).toBe('none');
});

describe('offline', () => {
  test('a reading of a device that was bound, suspended and reinstated proves itself', () => {
    expect(failed(reading)).toEqual([]);
  });

  test('and so does every other statement', () => {
    const size = books.state.size;
    expect(Array.from({ length: size }, (_, leaf) => leaf).flatMap(failed)).toEqual([]);
  });
});

test('from the entries alone every table is what it was, and the books are sound', () => {
  const { folder, ledger, books: own } = books.first;
  const { state } = ledger;
  own.store.db.close();
  const before = dump(folder.ledger);
  for (const table of FOLD_TABLES) tamper(folder.ledger, `DELETE FROM ${table}`);
  reindex(folder.root);
  expect(dump(folder.ledger)).toEqual(before);
  const { ok, findings } = fsck(folder.root);
  // This rig keeps no contents: that alone is found.
  expect([ok, findings.filter(({ code }) => code !== 'content_missing')]).toEqual([true, []]);
  books.first.open();
  expect(books.state.membership).toEqual(state.membership);
});
