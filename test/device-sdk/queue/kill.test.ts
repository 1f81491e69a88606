import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../device-sdk/queue/disk.ts';
import { Queue } from '../../../device-sdk/queue/queue.ts';

const CUTS = 8;
const child = fileURLToPath(new URL('./writer-child.ts', import.meta.url));

/** Lines the writer managed to say before it was killed at its `lines`-th. */
async function writeUntil(root: string, lines: number): Promise<string[]> {
  const writer = spawn(process.execPath, ['--import', 'tsx', child, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(writer, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    said.push(line);
    if (said.length === lines) writer.kill('SIGKILL');
  }
  await exited;
  return said;
}

const numbers = (said: string[], word: string) =>
  said
    .filter((line) => line.startsWith(`${word} `))
    .flatMap((line) => line.slice(word.length + 1).split(','))
    .filter((text) => text !== '')
    .map(Number);

it(`a writer killed ${CUTS} times: all that was queued is there, in order, once; no seq twice`, async () => {
  const root = await mkdtemp(join(tmpdir(), 'queue-kill-'));
  const used: number[] = [];
  const queued = new Set<number>();
  const released = new Set<number>();
  const releasing = new Set<number>();
  try {
    for (let cut = 1; cut <= CUTS; cut++) {
      const said = await writeUntil(root, 40 + ((cut * 7919) % 397));
      used.push(...numbers(said, 'used'));
      for (const seq of numbers(said, 'queued')) queued.add(seq);
      for (const seq of numbers(said, 'released')) released.add(seq);
      for (const seq of numbers(said, 'releasing')) releasing.add(seq);
      const opened = Queue.open({
        ...{ disk: nodeDisk, dir: `${root}/queue`, segmentBytes: 16_384, bytesMax: 400 * 16_384 },
        ...{ freeDiskFloorBytes: 0, policy: 'dropOldest' },
      });
      if (!opened.ok) throw new Error(opened.detail);
      const { queue, recovered } = opened.value;
      expect(recovered.damaged).toEqual([]);
      const seqs = queue.peek(0, 100_000).map(({ seq }) => seq);
      queue.close();
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      const here = new Set(seqs);
      expect([...queued].filter((seq) => !here.has(seq) && !releasing.has(seq))).toEqual([]);
      expect(seqs.filter((seq) => released.has(seq))).toEqual([]);
    }
    expect(queued.size).toBeGreaterThan(CUTS * 10);
    expect(new Set(used).size).toBe(used.length);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}, 60_000);
