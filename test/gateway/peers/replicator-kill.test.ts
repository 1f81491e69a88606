import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { expect, test } from 'vitest';
import { contentOf, heldBy, openStore, serve, want } from './contents-rig.ts';
import { folder, member, peerRecord } from './rig.ts';

const KILLS = process.env['TRUEGRAIN_LONG'] === '1' ? 40 : 5;
const LEAVES = 5_000;
const LENGTH = 2_000;
const child = fileURLToPath(new URL('./replicate-child.ts', import.meta.url));

/** Kills it at its `line`-th line; null lets it come to its end. */
async function replicateUntil(args: readonly string[], line: number | null): Promise<string> {
  const options = ['--conditions=source', '--import', 'tsx', child, ...args];
  const replicating = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(replicating, 'exit');
  let lines = 0;
  let last = '';
  for await (const text of createInterface({ input: replicating.stdout })) {
    lines += 1;
    last = text;
    if (lines === line) replicating.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  expect([code, signal]).toEqual(line === null ? [0, null] : [null, 'SIGKILL']);
  return last;
}

test(
  `a replicator that is killed ${KILLS} times: each content is wanted or there, whole`,
  async () => {
    const data = folder();
    const [owner, me] = [await member('owner'), await member('me', { dir: data })];
    const door = await serve(owner, heldBy(LEAVES, LENGTH), me);
    const { http } = peerRecord(owner, door.port);
    const args = [data, owner.iss, http, toHex(owner.tls.caDer)];
    const store = openStore(data);
    want(store, owner.iss, LEAVES, LENGTH);
    const wantedNow = store.db.prepare('SELECT leaf_index FROM wanted_content').pluck();
    let before = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // In the middle of a page, at its end, and just after: the child writes pages of 256.
      await replicateUntil(args, 128 * kill);
      const kept = store.kept();
      const wanted = wantedNow.all() as number[];
      expect([...kept, ...wanted].sort((a, b) => a - b)).toEqual(
        Array.from({ length: LEAVES }, (_, i) => i),
      );
      expect(kept.length % 256).toBe(0);
      expect(kept.length).toBeGreaterThanOrEqual(before);
      before = kept.length;
    }
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(LEAVES);
    expect(await replicateUntil(args, null)).toBe('done');
    expect(store.wanted.count()).toBe(0);
    const contentAt = (leafIndex: number) => new Uint8Array(store.leaves.content(leafIndex)!);
    for (let leafIndex = 0; leafIndex < LEAVES; leafIndex += 97) {
      expect(contentAt(leafIndex)).toEqual(contentOf(leafIndex, LENGTH));
    }
    expect(store.kept()).toHaveLength(LEAVES);
  },
  KILLS * 30_000,
);
