// Commits the batches it is given, one after the other, until it is killed: `commit-child.ts DATA`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfCharter } from '@truegrain/device-sdk/formats/evidence-checkpoint.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { factsOf } from '../../../gateway/admit/check.ts';
import { nativeVerify, useNodeCrypto } from '../../../gateway/admit/native-verify.ts';
import { openAnchor } from '../../../gateway/anchor/open-anchor.ts';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { loadMemberKeys } from '../../../gateway/keys.ts';
import { expectedGrade } from '../../../gateway/ledger/apply-batch.ts';
import { editionOf } from '../../../gateway/ledger/batch-law.ts';
import { Judge } from '../../../gateway/ledger/judge.ts';
import { sealBatch } from '../../../gateway/ledger/seal-batch.ts';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { Proofs } from '../../../gateway/log/proofs.ts';
import { openDatabase } from '../../../gateway/store/database.ts';

useNodeCrypto();
const folder = dataFolder(process.argv[2] ?? '');
const frames = (JSON.parse(readFileSync(join(folder.root, 'frames.json'), 'utf8')) as string[]).map(
  (text) => new Uint8Array(Buffer.from(text, 'base64')),
);
const signers = loadMemberKeys(folder.keys);
const ledger = new SoloLedger(openDatabase(folder.ledger), nativeVerify);
const { charter, ledgerId } = ledger.state;
const founder = charter?.founders[0];
if (!charter || !ledgerId || !founder) throw new Error('no charter');
const proofs = new Proofs((level, index) => ledger.store.tiles.get(level, index));
const origin = `${charter.ledgerName}/${toHex(ledgerId)}`;
const { anchor } = openAnchor({
  db: ledger.store.db,
  origin,
  log: signers.log,
  cosigner: { name: founder.cosignerName, signer: signers.cosigner },
  tipFiles: [folder.signedTip],
  size: () => ledger.state.size,
  proofs,
  policy: () => policyOfCharter(charter, origin),
  nowMs: Date.now,
});
const refusal = anchor.refusal();
if (refusal) throw new Error(refusal);

const done = ledger.store.db.prepare('SELECT count(*) FROM pack').pluck();
for (let at = done.get() as number; at < frames.length; ) {
  const batch = frames.slice(at, at + 1 + ((at * 31) % 17));
  commit(batch);
  at += batch.length;
  process.stdout.write(`committed ${ledger.state.size} ${at}\n`);
  if (at % 3 === 0) {
    anchor.anchor({ size: ledger.state.size, root: ledger.root() });
    process.stdout.write(`anchored ${ledger.state.size}\n`);
  }
}

function commit(batch: readonly Uint8Array[]): void {
  const { state } = ledger;
  const logTimeMs = Math.max(Date.now(), state.logTimeMs);
  const judge = new Judge(state, ledger.store.history, logTimeMs);
  const accepted = batch.map((frame) => {
    const parts = parseFrame(frame);
    const statement = parts.ok ? parseStatement(parts.value.statement) : parts;
    const key = statement.ok ? state.keyByKid.get(toHex(statement.value.kid)) : undefined;
    if (!parts.ok || !statement.ok || !key || !state.ledgerId) throw new Error('not a frame');
    const facts = factsOf(statement.value, key, state.ledgerId);
    const verdict = judge.judge(facts);
    if (verdict.kind !== 'accept') throw new Error(JSON.stringify(verdict));
    const grade = expectedGrade(state, judge, facts, {
      verdict,
      logTimeMs,
      claimed: 0,
      edition: editionOf(state),
    });
    return { facts, grade, content: parts.value.content };
  });
  const factsRoot = rootOf(accepted.map(({ facts }) => facts.leafHash));
  const gateway = { signer: signers.gateway, iss: founder?.iss ?? '' };
  const sealed = sealBatch(state, gateway, {
    accepted,
    root: factsRoot,
    refusals: [],
    logTimeMs,
    rulings: [],
  });
  const block = { facts: accepted.map(({ facts }) => facts), factsRoot, batch: sealed };
  const contents = accepted.map(({ content }) => content);
  const applied = ledger.commitBatch(block, { contents, refused: [] });
  if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
}
