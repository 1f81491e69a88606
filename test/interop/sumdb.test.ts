import { afterAll, expect, test } from 'vitest';
import { toHex, utf8 } from '../../device-sdk/formats/bytes.ts';
import {
  consistencyPath,
  inclusionPath,
  leafHash,
  rootOf,
} from '../../device-sdk/formats/merkle.ts';
import { formatVkey } from '../../device-sdk/formats/note.ts';
import {
  completeSubtrees,
  encodeTile,
  rowLength,
  TILE_LEVEL_MAX,
  TILE_WIDTH_MAX,
  tileWidth,
} from '../../device-sdk/formats/tiles.ts';
import { goVerifier } from '../support/go-verifier.ts';
import { group } from '../support/group.ts';
import { smallLedger } from '../support/sample-ledger.ts';

const go = goVerifier();
afterAll(() => go.remove());
const interop = group('interop', go.missing === null, go.missing ?? '');
const { ask } = go;

interop('checkpoints, opened by golang.org/x/mod/sumdb/note', () => {
  const { ledger } = smallLedger();
  const note = ledger.checkpoint();
  const vkey = formatVkey(ledger.origin, 1, ledger.members[0]!.log.key.x);

  test('takes a cosigned checkpoint under the log key of its origin', () => {
    expect(ask({ notes: [{ name: 'good', vkey, note }] })).toEqual({ good: null });
  });

  test('refuses another key, and every changed bit of what is signed and of the signature', () => {
    const stranger = formatVkey(ledger.origin, 1, ledger.members[0]!.cosigner.key.x);
    const signed = note.slice(0, note.lastIndexOf('— '));
    // The last digit before the padding has spare bits that Go ignores and our reader refuses.
    const end = utf8(signed).length - '==\n'.length - 1;
    const notes: unknown[] = [{ name: 'stranger', vkey: stranger, note }];
    for (let at = 0; at < end; at++) {
      const bytes = utf8(note);
      bytes[at]! ^= 1;
      notes.push({ name: `byte ${at}`, vkey, note: Buffer.from(bytes).toString('utf8') });
    }
    const taken = Object.entries(ask({ notes })).filter(([, reason]) => reason === null);
    expect(taken).toEqual([]);
    expect(notes.length).toBeGreaterThan(200);
  });
});

interop('tiles, read by golang.org/x/mod/sumdb/tlog', () => {
  const size = 600;
  const records = Array.from({ length: size }, (_, i) => utf8(`record ${i}`));
  const hashes = records.map(leafHash);
  const sizes = [1, 2, 255, 256, 257, 511, 512, 599, 600];

  /** The tiles of a tree as `<level>/<index>/<width>`; sumdb's own URLs differ, its bytes don't. */
  function tiles(): Record<string, string> {
    const hashAt = completeSubtrees(hashes);
    const out: Record<string, string> = {};
    for (let level = 0; level <= TILE_LEVEL_MAX && rowLength({ level, size }) > 0; level++) {
      for (let index = 0; ; index++) {
        const width = tileWidth({ level, index, size });
        if (width === 0) break;
        const row = Array.from({ length: width }, (_, i) =>
          hashAt(level * 8, index * TILE_WIDTH_MAX + i),
        );
        out[`${level}/${index}/${width}`] = toHex(encodeTile(row));
      }
    }
    return out;
  }

  const tree = {
    size,
    root: toHex(rootOf(hashes)),
    tiles: tiles(),
    records: records.map(toHex),
    older: sizes.map((older) => ({ size: older, root: toHex(rootOf(hashes.slice(0, older))) })),
  };

  test('proves every record and every older tree from our tiles, with our very proofs', () => {
    expect(Object.keys(tree.tiles)).toEqual(['0/0/256', '0/1/256', '0/2/88', '1/0/2']);
    const answers = ask({ trees: [{ name: 'good', ...tree }] });
    expect(answers['good']).toBeNull();
    const proofs = answers['good proofs'] as string[][];
    expect(proofs).toHaveLength(size + sizes.length);
    for (let i = 0; i < size; i++) expect(proofs[i]).toEqual(inclusionPath(hashes, i).map(toHex));
    for (const [i, older] of sizes.entries()) {
      expect(proofs[size + i]).toEqual(consistencyPath(hashes, older).map(toHex));
    }
  });

  test('refuses a flipped bit in any tile, in a record, in the root, and a tile that is missing', () => {
    const flip = (hex: string, at = 0) => {
      const bytes = Buffer.from(hex, 'hex');
      bytes[at]! ^= 1;
      return bytes.toString('hex');
    };
    const trees: unknown[] = [{ name: 'root', ...tree, root: flip(tree.root) }];
    for (const [id, hex] of Object.entries(tree.tiles)) {
      const changed = { ...tree.tiles, [id]: flip(hex, hex.length / 2 - 1) };
      trees.push({ name: `tile ${id}`, ...tree, tiles: changed });
      const { [id]: _, ...others } = tree.tiles;
      trees.push({ name: `without ${id}`, ...tree, tiles: others });
    }
    const changed = tree.records.map((hex, i) => (i === 300 ? flip(hex) : hex));
    trees.push({ name: 'record', ...tree, records: changed });
    const answers = Object.entries(ask({ trees })).filter(([name]) => !name.endsWith(' proofs'));
    expect(answers.filter(([, reason]) => reason === null)).toEqual([]);
    expect(answers).toHaveLength(10);
  });
});
