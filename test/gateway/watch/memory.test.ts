import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMemory, writeMemory } from '../../../gateway/watch/memory.ts';
import { keysOf, signNote } from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

/** Lines after which it is killed. */
const LINES = process.env['TRUEGRAIN_LONG'] === '1' ? [1, 40, 11, 120, 7, 60, 2, 1] : [1, 23, 8];

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tg-memory-'));
  file = join(folder, 'memory.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tree = new TestTree(20_000);
const note = signNote(tree.tree(7), keysOf('acme'));

describe('the memory file', () => {
  it('gives back what was written', () => {
    expect(readMemory(file)).toEqual({ seen: true, value: null });
    writeMemory(file, { note, checkpoint: tree.tree(7) as never, seenMs: 5 });
    expect(readMemory(file)).toMatchObject({
      seen: true,
      value: { note, seenMs: 5, checkpoint: { size: 7, root: tree.root(7) } },
    });
  });

  it.each([
    ['nothing', ''],
    ['a cut file', '{"format":"truegrain-watch@1","no'],
    ['null', 'null'],
    ['another format', JSON.stringify({ format: 'x', note, seenMs: 1 })],
    ['no note', JSON.stringify({ format: 'truegrain-watch@1', seenMs: 1 })],
    ['a note that is none', JSON.stringify({ format: 'truegrain-watch@1', seenMs: 1, note: 'a' })],
    ['no time', JSON.stringify({ format: 'truegrain-watch@1', note, seenMs: 'x' })],
    ['too much', 'x'.repeat(1_048_577)],
  ])('with %s in it is refused, never taken for an empty one', (_name, text) => {
    writeFileSync(file, text);
    expect(readMemory(file)).toMatchObject({ seen: false, why: 'malformed' });
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read is refused', () => {
    writeFileSync(file, '{}');
    chmodSync(file, 0o000);
    expect(readMemory(file)).toMatchObject({ seen: false, detail: "can't be read: EACCES" });
  });

  it('that is a folder is refused', () => {
    expect(readMemory(folder)).toMatchObject({ seen: false, detail: "can't be read: EISDIR" });
  });
});

describe('kill -9 while it remembers', () => {
  interface Said {
    size: number;
    alarms: string;
  }

  async function run(from: number, killAfterLines: number): Promise<Said[]> {
    const program = join(import.meta.dirname, 'remember-child.ts');
    const options = ['--conditions=source', '--import', 'tsx', program, file, String(from)];
    const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      if (out.split('\n').length > killAfterLines) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    const lines = out.slice(0, out.lastIndexOf('\n') + 1).split('\n');
    return lines.flatMap((line) => {
      const [size, alarms = ''] = line.split(' ');
      return size === '' ? [] : [{ size: Number(size), alarms }];
    });
  }

  it('leaves a whole memory, no older than what was said', async () => {
    let kept = 0;
    for (const lines of LINES) {
      const said = await run(kept + 1, lines);
      expect(said.length).toBeGreaterThanOrEqual(lines);
      expect(said.filter(({ alarms }) => alarms !== '')).toEqual([]);
      const memory = readMemory(file);
      if (!memory.seen || memory.value === null) throw new Error('no memory');
      const { size, root } = memory.value.checkpoint;
      // Durable before it is said: at most the one look ahead that nobody heard of.
      expect(size).toBeGreaterThanOrEqual(said.at(-1)!.size);
      expect(root).toEqual(tree.root(size));
      kept = size;
    }
    const strays = readdirSync(folder).filter((name) => !/^memory\.json(\.new)?$/.test(name));
    expect(strays).toEqual([]);
  });
});
