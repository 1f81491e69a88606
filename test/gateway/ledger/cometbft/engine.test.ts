// The real engine, one node: it decides, it is killed, it hangs, its application fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { alliance } from '../../../support/alliance-group.ts';
import { NOTHING } from '../../../support/comet-counter.ts';
import { CometNode, cometNodes, until } from '../../../support/comet-node.ts';
import { isAlive } from '../../../support/process-end.ts';

const childScript = fileURLToPath(new URL('../../../support/comet-child.ts', import.meta.url));

const nodes: CometNode[] = [];

function aNode(limits?: ConstructorParameters<typeof CometNode>[2]): CometNode {
  const node = new CometNode('alone', 0, limits);
  nodes.push(node);
  return node;
}

async function started(limits?: ConstructorParameters<typeof CometNode>[2]): Promise<CometNode> {
  const node = aNode(limits);
  await node.start();
  await node.commit('first');
  return node;
}

/** The process that runs now. */
function pidOf(node: CometNode): number {
  if (node.engine.pid === null) throw new Error('no engine');
  return node.engine.pid;
}

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.remove();
});

alliance('an engine', () => {
  test('decides what it is given, and makes one block more for the new hash, no other', async () => {
    const node = await started();
    const { height } = node.app.durable;
    await node.reach(height + 1);
    await node.commit('second');
    expect(node.app.durable).toMatchObject({ height: height + 2, txs: ['first', 'second'] });
    expect(node.downs).toEqual([]);
    expect(node.fatal).toEqual([]);
  });

  test('is not steered by variables of its environment', async () => {
    process.env['CMT_LOG_LEVEL'] = 'nonsense';
    process.env['CMTHOME'] = '/nonexistent';
    try {
      await started();
    } finally {
      delete process.env['CMT_LOG_LEVEL'];
      delete process.env['CMTHOME'];
    }
  });

  test('killed: it is started again and goes on', async () => {
    const node = await started();
    const killed = pidOf(node);
    process.kill(killed, 'SIGKILL');
    await node.commit('second');
    expect(node.downs).toEqual([
      { code: 'exited', detail: expect.stringContaining('SIGKILL'), downs: 1 },
    ]);
    expect(pidOf(node)).not.toBe(killed);
    expect(node.app.durable.txs).toEqual(['first', 'second']);
  });

  test('that ends with code 0 is started again', async () => {
    const node = await started();
    process.kill(pidOf(node), 'SIGTERM');
    await node.commit('second');
    expect(node.downs[0]).toMatchObject({ code: 'exited', detail: 'it ended with code 0' });
  });

  test('stopped on request stays down; restarted it is another process', async () => {
    const node = await started();
    const first = pidOf(node);
    await node.engine.restart();
    const second = pidOf(node);
    expect(second).not.toBe(first);
    await node.commit('second');
    await node.engine.stop();
    expect(node.engine.pid).toBe(null);
    expect([isAlive(first), isAlive(second)]).toEqual([false, false]);
    expect(node.downs).toEqual([]);
  });

  test('that ignores SIGTERM is killed', async () => {
    const node = await started({ killAfterMs: 300 });
    const pid = pidOf(node);
    process.kill(pid, 'SIGSTOP');
    await node.engine.stop();
    expect(isAlive(pid)).toBe(false);
  });

  test('whose gateway was killed is ended by the next gateway', async () => {
    const node = aNode();
    node.writeHome();
    const args = ['--conditions=source', '--import', 'tsx', childScript, node.home.root];
    const gateway = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      gateway.kill('SIGKILL');
    });
    const [line] = await once(createInterface({ input: gateway.stdout }), 'line');
    const { pid } = JSON.parse(String(line)) as { pid: number };
    // A hung engine does not notice that its application is gone.
    process.kill(pid, 'SIGSTOP');
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    expect(isAlive(pid)).toBe(true);
    await node.start();
    expect(isAlive(pid)).toBe(false);
    await node.commit('after');
    expect(node.log.some(({ message }) => message.includes(String(pid)))).toBe(true);
  });

  test('that can not be run: told, tried again, later each time', async () => {
    const node = aNode();
    writeFileSync(join(node.home.root, 'config'), 'not a folder');
    node.writeHome = () => {};
    await node.start();
    await until('three ends', () => node.downs.length >= 3);
    expect(node.downs.slice(0, 3).map(({ downs }) => downs)).toEqual([1, 2, 3]);
    expect(node.downs[0]).toMatchObject({
      code: 'exited',
      detail: expect.stringContaining('code'),
    });
    node.verdict = 'stay_down';
    const { length } = node.downs;
    await until('one more end', () => node.downs.length > length);
    expect(node.engine.pid).toBe(null);
  });
});

alliance('a hung engine', () => {
  test('that does not answer is replaced', async () => {
    const node = await started({ stallMs: 1_500 });
    const hung = pidOf(node);
    process.kill(hung, 'SIGSTOP');
    await until('a new engine', () => node.engine.pid !== null && node.engine.pid !== hung);
    expect(node.downs).toMatchObject([{ code: 'unresponsive', downs: 1 }]);
    expect(isAlive(hung)).toBe(false);
    await node.commit('second');
  });

  test('that answers and decides nothing is replaced while something waits', async () => {
    // One of two voters: it can decide nothing.
    nodes.push(...(await cometNodes(2, { stallMs: 1_000 })));
    const [node] = nodes as [CometNode];
    let looks = 0;
    Object.defineProperty(node, 'hasWork', { get: () => ++looks > 25 });
    await node.start();
    await until('looks without work', () => looks > 25);
    expect(node.downs).toEqual([]);
    await until('it is replaced', () => node.downs.length > 0);
    expect(node.downs[0]).toMatchObject({
      code: 'stalled',
      detail: expect.stringMatching(/at height 0 .* something waits/),
    });
  });
});

alliance('an application', () => {
  test('that throws in FinalizeBlock ends the engine, and the block is played again', async () => {
    const node = await started();
    node.app.onFinalize = () => {
      node.app.onFinalize = () => {};
      throw new Error('the disk is gone');
    };
    await node.commit('second');
    expect(node.fatal.map(({ message }) => message)).toEqual(['the disk is gone']);
    expect(node.downs).toMatchObject([
      { code: 'application_failed', detail: 'the disk is gone', downs: 1 },
    ]);
    expect(node.app.durable.txs).toEqual(['first', 'second']);
  });

  test('that throws while its engine hangs does not wait for the watchdog', async () => {
    const node = await started({ stallMs: 600_000 });
    const hung = pidOf(node);
    node.app.onFinalize = () => {
      node.app.onFinalize = () => {};
      process.kill(hung, 'SIGSTOP');
      throw new Error('the disk is gone');
    };
    await node.commit('second');
    expect(node.downs).toMatchObject([{ code: 'application_failed' }]);
    expect(isAlive(hung)).toBe(false);
  });

  test('that ends after its COMMIT and before the answer is one block ahead: no harm', async () => {
    const node = await started();
    node.app.onCommit = () => {
      if (!node.app.durable.txs.includes('second')) return;
      node.app.onCommit = () => {};
      throw new Error('killed here');
    };
    await node.commit('second');
    await until('it is down', () => node.downs.length > 0);
    await node.commit('third');
    expect(node.app.durable.txs).toEqual(['first', 'second', 'third']);
    expect(node.fatal.map(({ message }) => message)).toEqual(['killed here']);
  });

  test('that lost everything gets every block again', async () => {
    const node = await started();
    await node.commit('second');
    await node.reach(node.app.durable.height + 1);
    await node.engine.stop();
    const { hash } = node.app.durable;
    node.app.durable = NOTHING;
    await node.engine.start();
    await node.has('second');
    expect(node.app.initialised).toBe(2);
    expect(node.app.durable.hash).toEqual(hash);
    await node.commit('third');
  });

  test.each([
    ['further ahead than one block', 'app_ahead', { height: 50 }],
    ['of another state', 'wrong_app_hash', { hash: new Uint8Array(32) }],
  ])('%s is refused in words', async (_, code, change) => {
    const node = await started();
    await node.reach(node.app.durable.height + 1);
    await node.engine.stop();
    node.app.durable = { ...node.app.durable, ...change };
    node.verdict = 'stay_down';
    await node.engine.start();
    await until('it is down', () => node.downs.length > 0);
    expect(node.downs).toMatchObject([{ code, detail: expect.stringMatching(/^(this|the) \w+/) }]);
    expect(node.engine.pid).toBe(null);
  });
});

alliance('the vote floor', () => {
  const refusals = (node: CometNode) =>
    node.log.filter(({ fields }) => /regression|no SignBytes/.test(String(fields['err'])));

  test('keeps a member from signing at or below it', async () => {
    const node = aNode();
    node.voteFloor = 1;
    const floor = { height: '1', round: 2 ** 31 - 1, step: 3 };
    await node.start();
    await until('it was asked to sign', () => refusals(node).length > 1);
    expect(node.voteState()).toEqual(floor);
    expect(await node.height()).toBe(0);
  });

  test('lets it sign above', async () => {
    const node = aNode();
    node.voteFloor = 1;
    node.genesis = { ...node.genesis, initialHeight: 2 };
    await node.start();
    await node.commit('first');
    expect(refusals(node)).toEqual([]);
    expect(Number(node.voteState().height)).toBeGreaterThan(1);
  });
});

describe('vote state', () => {
  test('is made once and then left to the engine', () => {
    const node = aNode();
    node.voteFloor = 4;
    node.writeHome();
    node.voteFloor = 9;
    node.writeHome();
    expect(node.voteState().height).toBe('4');
  });
});
