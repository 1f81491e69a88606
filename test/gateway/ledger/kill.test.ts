import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fsck } from '../../../gateway/log/fsck.ts';
import { createBenchLedger, nextFrame } from '../../bench/fixture.ts';

const KILLS = process.env['TRUEGRAIN_LONG'] === '1' ? 100 : 6;
const FRAMES = KILLS * 400;
const child = fileURLToPath(new URL('./commit-child.ts', import.meta.url));

/** What it said until it was killed, at its `lines`-th line or a little later. */
async function commitUntil(data: string, lines: number, laterMs: number): Promise<string[]> {
  const args = ['--conditions=source', '--import', 'tsx', child, data];
  const committer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(committer, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: committer.stdout })) {
    said.push(line);
    if (said.length === lines) setTimeout(() => committer.kill('SIGKILL'), laterMs);
  }
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return said;
}

test(
  `a store whose writer is killed ${KILLS} times: what was said is there, once, and sound`,
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'truegrain-kill-'));
    try {
      const { devices, ledgerId } = createBenchLedger(data, -8, 3);
      const frames = Array.from({ length: FRAMES }, (_, i) => {
        return nextFrame(devices[i % devices.length]!, ledgerId, Date.now() - 600_000 + i);
      });
      const text = frames.map((frame) => Buffer.from(frame).toString('base64'));
      writeFileSync(join(data, 'frames.json'), JSON.stringify(text));
      let size = 0;
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const said = await commitUntil(data, 5 + ((kill * 13) % 20), (kill * 7) % 12);
        const numbers = (word: string) =>
          said.filter((line) => line.startsWith(word)).map((line) => Number(line.split(' ')[1]));
        const report = fsck(data);
        expect(report.findings).toEqual([]);
        expect(report.ok).toBe(true);
        expect(numbers('committed')[0]).toBeGreaterThan(size);
        expect(report.size).toBeGreaterThanOrEqual(Math.max(...numbers('committed')));
        expect(report.checkpointSize ?? 0).toBeGreaterThanOrEqual(
          Math.max(0, ...numbers('anchored')),
        );
        expect(report.statements).toBe(report.contents);
        size = report.size;
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  },
  KILLS * 20_000,
);
