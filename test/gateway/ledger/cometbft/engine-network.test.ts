// Real engines that decide together.
import { afterEach, expect, test } from 'vitest';

import { publicBytes, validatorAddress } from '../../../../gateway/ledger/cometbft/engine-keys.ts';
import { Peering } from '../../../../gateway/ledger/cometbft/peering.ts';
import { alliance } from '../../../support/alliance-group.ts';
import { type CometNode, cometNodes, until } from '../../../support/comet-node.ts';

const nodes: CometNode[] = [];
const peerings: Peering[] = [];

async function network(count: number): Promise<CometNode[]> {
  const made = await cometNodes(count);
  nodes.push(...made);
  return made;
}

function keepConnected(node: CometNode, peers: () => readonly CometNode[]): Peering {
  const peering = new Peering({
    rpc: node.rpc,
    peers: () => peers().map(({ asPeer }) => asPeer),
    lookEveryMs: 100,
  });
  peerings.push(peering);
  return peering;
}

afterEach(async () => {
  for (const peering of peerings.splice(0)) peering.stop();
  await Promise.all(nodes.splice(0).map((node) => node.remove()));
});

/** Who signed the block of a height, by validator address. */
async function signersOf(node: CometNode, height: number): Promise<string[]> {
  const answer = await node.rpc.call('commit', { height: String(height) });
  if (!answer.ok) throw new Error(answer.detail);
  const { signed_header } = answer.value as {
    signed_header: {
      commit: { signatures: { block_id_flag: number; validator_address: string }[] };
    };
  };
  return signed_header.commit.signatures
    .filter(({ block_id_flag }) => block_id_flag === 2)
    .map(({ validator_address }) => validator_address);
}

alliance('four members', () => {
  test('one whose state differs is told so in words, and the others go on', async () => {
    const [n0, n1, n2, n3] = (await network(4)) as [CometNode, CometNode, CometNode, CometNode];
    await Promise.all(nodes.map((node) => node.start()));
    await n0.commit('first');
    await Promise.all(nodes.map((node) => node.has('first')));
    const hashes = new Set(nodes.map(({ app }) => Buffer.from(app.durable.hash).toString('hex')));
    expect(hashes.size).toBe(1);

    n3.app.salt = 'another program';
    n3.verdict = 'stay_down';
    await n1.commit('second');
    await until('n3 is down', () => n3.downs.length > 0);
    expect(n3.downs[0]).toMatchObject({
      code: 'wrong_app_hash',
      detail: expect.stringMatching(/^this member's state differs .*wrong Block\.Header\.AppHash/),
    });
    expect(n3.engine.pid).toBe(null);
    await n0.commit('third');
    await Promise.all([n1, n2].map((node) => node.has('third')));
    for (const node of [n0, n1, n2]) expect(node.downs).toEqual([]);
  });

  test('one whose folder was wiped follows, and signs only above its floor', async () => {
    const [n0, n1, n2, wiped] = (await network(4)) as [CometNode, CometNode, CometNode, CometNode];
    wiped.voteFloor = 5;
    await Promise.all(nodes.map((node) => node.start()));
    for (let i = 1; n0.app.durable.height < 8; i++) await n0.commit(`tx ${i}`);
    await Promise.all([n1, n2, wiped].map((node) => node.reach(8)));
    const address = validatorAddress(publicBytes(wiped.consensusKey));
    for (let height = 1; height <= 5; height++) {
      expect(await signersOf(n0, height)).not.toContain(address);
    }
    let last = 8;
    await until('it signs again', async () => {
      await n0.commit(`more ${last}`);
      last = await n0.height();
      return (await signersOf(n0, last)).includes(address);
    });
    expect(wiped.downs).toEqual([]);
  });
});

alliance('peers', () => {
  test('only members are let in, and one admitted later is without a restart', async () => {
    const [member, stranger] = (await network(2)) as [CometNode, CometNode];
    member.genesis = { ...member.genesis, validators: member.genesis.validators.slice(0, 1) };
    stranger.genesis = member.genesis;
    member.peers = [];
    const asked = new Set<string>();
    let isMember = false;
    member.app.admitsPeer = (nodeId) => {
      asked.add(nodeId);
      return isMember;
    };
    await member.start();
    await member.commit('first');
    await stranger.start();
    const peering = keepConnected(stranger, () => [member]);
    await until('the stranger was asked about', () => asked.has(stranger.nodeId));
    expect(await member.rpc.peers()).toEqual({ ok: true, value: [] });
    isMember = true;
    await stranger.has('first');
    await until('they are connected', () => peering.connected.has(member.nodeId));
    expect(await member.rpc.peers()).toMatchObject({ value: [{ nodeId: stranger.nodeId }] });
    expect([...member.downs, ...stranger.downs]).toEqual([]);
  });

  test('a member whose address was learned after the start is dialled', async () => {
    const [n0, n1] = (await network(2)) as [CometNode, CometNode];
    n0.peers = [];
    n1.peers = [];
    await Promise.all(nodes.map((node) => node.start()));
    let known: CometNode[] = [];
    const peering = keepConnected(n0, () => known);
    await until('n0 answers', async () => (await n0.rpc.status()).ok);
    expect([...peering.connected]).toEqual([]);
    known = [n1];
    // Neither decides without the other.
    await n0.commit('first');
    await n1.has('first');
    await until('it is seen', () => peering.connected.has(n1.nodeId));
  });

  test('an address that is none does not keep the engine from starting', async () => {
    const [n0, n1] = (await network(2)) as [CometNode, CometNode];
    n0.peers = [
      { nodeId: 'ab', address: '127.0.0.1:1' },
      { nodeId: n1.nodeId, address: 'host"\nladdr = "tcp://0.0.0.0:1' },
      n1.asPeer,
    ];
    await Promise.all(nodes.map((node) => node.start()));
    await n0.commit('first');
    expect(n0.downs).toEqual([]);
  });
});
