import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SignedTip } from '../../../gateway/anchor/signed-tip.ts';
import { TestTree } from '../../support/test-tree.ts';

/** Lines after which it is killed. */
const LINES = process.env['TRUEGRAIN_LONG'] === '1' ? [3, 40, 11, 120, 7, 60, 200, 1] : [3, 40, 11];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-witness-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  status: number;
  size: number;
  root: string;
}

/** What the child said before it was killed: by itself after a number of keeps, or from here. */
async function run(given: {
  name: number;
  forkAt?: number;
  from: number;
  killAfterKeeps?: number;
  killAfterLines?: number;
}): Promise<Said[]> {
  const { name, forkAt = 0, from, killAfterKeeps = 0, killAfterLines = Infinity } = given;
  const program = join(import.meta.dirname, 'cosign-child.ts');
  const words = [join(folder, 'tip'), name, forkAt, from, killAfterKeeps].map(String);
  const options = ['--conditions=source', '--import', 'tsx', program, ...words];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    if (out.split('\n').length > killAfterLines) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  const whole = out.slice(0, out.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => {
    const [status, size, root] = line.split(' ');
    return root === undefined ? [] : [{ status: Number(status), size: Number(size), root }];
  });
}

const cosigned = (said: readonly Said[]) => said.filter(({ status }) => status === 200);

function expectOneHistory(said: readonly Said[]): void {
  const roots = new Map<number, string>();
  for (const { size, root } of cosigned(said)) {
    expect(roots.get(size) ?? root).toBe(root);
    roots.set(size, root);
  }
}

test.each([1, 3])('killed between persisting and answering, time %i', async (keeps) => {
  const first = await run({ name: 0, from: 1, killAfterKeeps: keeps });
  expect(cosigned(first)).toHaveLength(keeps - 1);
  // The one nobody got an answer to is on disk.
  expect(new SignedTip([join(folder, 'tip')]).newest()).toMatchObject({ size: keeps });
  // With another history nothing is cosigned any more, neither that size nor a larger one.
  const other = await run({ name: 1, from: keeps, killAfterLines: 5 });
  expect(other.length).toBeGreaterThanOrEqual(5);
  expect(cosigned(other)).toEqual([]);
  // With the one it was it goes on, at that very size.
  const again = await run({ name: 0, from: keeps, killAfterLines: 3 });
  expect(again[0]).toMatchObject({ status: 200, size: keeps });
  expectOneHistory([...first, ...other, ...again]);
});

test('killed anywhere: what was answered is never above what is kept, and has one root', async () => {
  const said: Said[] = [];
  for (const lines of LINES) {
    const kept = new SignedTip([join(folder, 'tip')]).newest();
    said.push(...(await run({ name: 0, from: (kept?.size ?? 0) + 1, killAfterLines: lines })));
    const { size, root } = new SignedTip([join(folder, 'tip')]).newest()!;
    expect(Math.max(...cosigned(said).map((one) => one.size))).toBeLessThanOrEqual(size);
    expect(toHex(root)).toBe(toHex(new TestTree(size).root(size)));
    expect(readFileSync(join(folder, 'tip'), 'utf8')).toContain(`\n${size}\n`);
  }
  // A history that leaves it behind what was signed is another one; ahead of it, it is the same.
  const { size } = new SignedTip([join(folder, 'tip')]).newest()!;
  const behind = await run({ name: 1, forkAt: size - 1, from: size, killAfterLines: 2 });
  expect(cosigned(behind)).toEqual([]);
  const ahead = await run({ name: 1, forkAt: size, from: size + 1, killAfterLines: 2 });
  expect(cosigned(ahead).length).toBeGreaterThan(0);
  expectOneHistory([...said, ...behind, ...ahead]);
});
