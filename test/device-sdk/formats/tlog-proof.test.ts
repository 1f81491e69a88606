import { describe, expect, it } from 'vitest';
import { toBase64, utf8 } from '../../../device-sdk/formats/bytes.ts';
import { signCheckpoint } from '../../../device-sdk/formats/checkpoint.ts';
import { cosign } from '../../../device-sdk/formats/cosignature.ts';
import { inclusionPath, leafHash, rootOf } from '../../../device-sdk/formats/merkle.ts';
import { noteKey } from '../../../device-sdk/formats/note.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import type { Policy } from '../../../device-sdk/formats/tlog-policy.ts';
import {
  formatTlogProof,
  parseTlogProof,
  type TlogProof,
  verifyTlogProof,
} from '../../../device-sdk/formats/tlog-proof.ts';

const origin = 'ledger.example/rice';
const signer = softSigner(-8, new Uint8Array(32).fill(1));
const witness = softSigner(-8, new Uint8Array(32).fill(2));
const leaves = Array.from({ length: 11 }, (_, i) => leafHash(utf8(`entry ${i}`)));
const root = rootOf(leaves);
const body = `${origin}\n11\n${toBase64(root)}\n`;
const signed = signCheckpoint({ checkpoint: { origin, size: 11, root }, signer });
const note = signed + cosign(body, { name: 'w.example', signer: witness, timeSeconds: 5 });
const policy: Policy = {
  logs: [{ key: noteKey(origin, 1, signer.key.x), url: null }],
  witnesses: [{ name: 'W', key: noteKey('w.example', 4, witness.key.x), url: null }],
  groups: [],
  quorum: 'W',
};
const proof: TlogProof = {
  extra: utf8('context'),
  index: 4,
  path: inclusionPath(leaves, 4),
  checkpoint: note,
};
const text = formatTlogProof(proof);

describe('tlog-proof, C2SP', () => {
  it('writes and reads the text, with and without extra data and path', () => {
    const [first, extra, index] = text.split('\n');
    expect([first, extra, index]).toEqual([
      'c2sp.org/tlog-proof@v1',
      'extra Y29udGV4dA==',
      'index 4',
    ]);
    expect(text.endsWith(note)).toBe(true);
    for (const one of [proof, { ...proof, extra: null }, { ...proof, index: 0, path: [] }]) {
      const parsed = parseTlogProof(formatTlogProof(one));
      expect(parsed).toEqual({ ok: true, value: one });
    }
    expect(() => formatTlogProof({ ...proof, index: -1 })).toThrow(TypeError);
  });

  it('verifies every leaf under the policy', () => {
    for (const [index, hash] of leaves.entries()) {
      const one = { ...proof, index, path: inclusionPath(leaves, index) };
      const verdict = verifyTlogProof({ proof: one, leafHash: hash, policy });
      expect(verdict).toMatchObject({ ok: true, value: { index, checkpoint: { size: 11 } } });
    }
  });

  it('refuses another leaf, index, path, checkpoint or an unmet policy', () => {
    const leaf = leaves[4]!;
    const verify = (changes: Partial<TlogProof>, hash = leaf, under = policy) =>
      verifyTlogProof({ proof: { ...proof, ...changes }, leafHash: hash, policy: under });
    expect(verify({}, leaves[5])).toMatchObject({ code: 'proof_path' });
    expect(verify({ index: 5 })).toMatchObject({ code: 'proof_path' });
    expect(verify({ index: 11 })).toMatchObject({ code: 'proof_index' });
    expect(verify({ path: proof.path.slice(1) })).toMatchObject({ code: 'proof_path' });
    expect(verify({ checkpoint: signed })).toMatchObject({ code: 'policy_unmet' });
    expect(verify({ checkpoint: note.replace('\n11', '\n12') })).toMatchObject({
      code: 'note_signature',
    });
    const noLog = { ...policy, logs: [] };
    expect(verify({}, leaf, noLog)).toMatchObject({ code: 'policy_unmet' });
  });

  const bad: [string, string][] = [
    ['another version', text.replace('@v1', '@v2')],
    ['no index', text.replace('index 4\n', '')],
    ['a leading zero', text.replace('index 4', 'index 04')],
    ['index before extra', text.replace(/(extra .*\n)(index .*\n)/, '$2$1')],
    ['empty extra data', text.replace(/extra .*\n/, 'extra \n')],
    ['loose extra data', text.replace('dA==', 'dB==')],
    ['a short hash', text.replace(/(index 4\n)..../, '$1')],
    ['54 hashes', text.replace(/(index 4\n)/, `$1${`${toBase64(root)}\n`.repeat(54)}`)],
    ['carriage returns', text.replace('index 4\n', 'index 4\r\n')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n'))],
    ['nothing', ''],
  ];
  it.each(bad)('refuses %s', (_, proofText) => {
    expect(parseTlogProof(proofText)).toMatchObject({ ok: false, code: 'proof_malformed' });
  });

  it('refuses a checkpoint that is no note', () => {
    const unsigned = text.slice(0, text.indexOf('\n\n') + 2) + body;
    expect(parseTlogProof(unsigned)).toMatchObject({ ok: false, code: 'note_malformed' });
  });
});
