import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { expect, test } from 'vitest';
import {
  contentOf,
  digestOf,
  type Held,
  heldBy,
  openStore,
  QUICK,
  replicate,
  serve,
  want,
} from './contents-rig.ts';
import { member, openDoor, peerRecord, until } from './rig.ts';

const nobodyAgain = { ...QUICK, retryFirstMs: 3_600_000 };

async function ownerAndMe(held: Held) {
  const [owner, me] = [await member('owner'), await member('me')];
  const door = await serve(owner, held, me);
  return { owner, me, door, store: openStore() };
}

test('everything wanted is fetched, in pages, and nothing is asked for twice', async () => {
  const held = heldBy(600, 30_000);
  const { owner, me, store } = await ownerAndMe(held);
  want(store, owner.iss, 600, 30_000);
  const { found } = replicate(me, store);
  await until(() => store.wanted.count() === 0);
  expect(store.kept()).toHaveLength(600);
  for (const leafIndex of [0, 299, 599]) {
    expect(new Uint8Array(store.leaves.content(leafIndex)!)).toEqual(contentOf(leafIndex, 30_000));
  }
  expect(found).toEqual([]);
  // 600 contents, and one more for each answer that was full and looked one too many up.
  expect(held.asked.length).toBeLessThan(610);
});

test('what a block brings later is fetched as well', async () => {
  const { owner, me, store } = await ownerAndMe(heldBy(10));
  const { replicator } = replicate(me, store, { limits: { ...QUICK, idleMs: 3_600_000 } });
  want(store, owner.iss, 1);
  replicator.poke();
  await until(() => store.kept().length === 1);
});

test('corrupted bytes are refused, named in words, and had from another member', async () => {
  const liar = heldBy(10);
  liar.find = (leafIndex) => {
    const bytes = contentOf(leafIndex);
    if (leafIndex === 3) bytes[5]! ^= 1;
    return { kind: 'bytes', bytes };
  };
  const { owner, me, store } = await ownerAndMe(liar);
  const other = await member('other');
  const honest = heldBy(10);
  await serve(other, honest, me);
  want(store, owner.iss, 6);
  const { found } = replicate(me, store, { limits: nobodyAgain });
  await until(() => store.wanted.count() === 0);
  expect(store.kept()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(new Uint8Array(store.leaves.content(3)!)).toEqual(contentOf(3));
  expect(honest.asked).toEqual([{ leafIndex: 3, by: me.iss }]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ iss: owner.iss, code: 'wrong_content' });
  expect(found[0]?.text).toContain(`The ${owner.iss} company`);
  expect(found[0]?.text).toContain('leaf 3');
});

test('a peer that lied is left alone for longer than one that fails; what is its own stays wanted', async () => {
  const liar = heldBy(10);
  liar.find = () => ({ kind: 'bytes', bytes: new Uint8Array([1]) });
  const { owner, me, store } = await ownerAndMe(liar);
  let nowMs = 1_000_000;
  const limits = { ...QUICK, shunMs: 600_000, retryFirstMs: 1 };
  want(store, owner.iss, 2);
  const { replicator, found } = replicate(me, store, { nowMs: () => nowMs, limits });
  await until(
    () => found.length === 1 && store.wanted.next(owner.iss, { nowMs, limit: 1 }).length === 0,
  );
  nowMs += 599_000;
  want(store, owner.iss, 4);
  for (let i = 0; i < 10; i += 1) replicator.poke();
  nowMs += 1_001;
  replicator.poke();
  await until(() => found.length === 2);
  // Two at first and four in the end: none of the pokes between went out.
  expect(liar.asked).toHaveLength(6);
  expect(store.wanted.count()).toBe(4);
  expect(store.kept()).toEqual([]);
});

test('what the owner has not comes from another, and what nobody has is asked for more and more seldom', async () => {
  const poor = heldBy(10);
  poor.find = () => null;
  const { owner, me, store } = await ownerAndMe(poor);
  const other = await member('other');
  const rich = heldBy(10);
  rich.find = (leafIndex) =>
    leafIndex === 1 ? { kind: 'bytes', bytes: contentOf(1) } : { kind: 'unheld' };
  await serve(other, rich, me);
  want(store, owner.iss, 2);
  replicate(me, store);
  await until(() => store.kept().length === 1);
  await until(() => poor.asked.filter(({ leafIndex }) => leafIndex === 0).length >= 3);
  const [row] = store.wanted.next(owner.iss, { nowMs: Date.now() + 1e9, limit: 1 });
  expect(row).toMatchObject({ leafIndex: 0 });
  expect(row!.tries).toBeGreaterThanOrEqual(2);
});

test('an owner that is no member any more: whoever holds it', async () => {
  const [gone, other, me] = [await member('gone'), await member('other'), await member('me')];
  await serve(other, heldBy(10), me);
  const store = openStore();
  want(store, gone.iss, 3);
  replicate(me, store);
  await until(() => store.kept().length === 3);
});

test('an owner that is down is asked again when it is back, others meanwhile', async () => {
  const [owner, me] = [await member('owner'), await member('me')];
  owner.knows.push(peerRecord(me));
  me.knows.push(peerRecord(owner));
  const other = await member('other');
  const poor = heldBy(10);
  poor.find = () => null;
  await serve(other, poor, me);
  const store = openStore();
  want(store, owner.iss, 3);
  replicate(me, store);
  await until(() => poor.asked.length >= 3);
  me.knows.splice(0, 1);
  await serve(owner, heldBy(10), me);
  await until(() => store.kept().length === 3);
});

test('sealed is remembered, over a restart too, and asked for again after a grant', async () => {
  const held = heldBy(10);
  let granted = false;
  held.find = (leafIndex) =>
    granted ? { kind: 'bytes', bytes: contentOf(leafIndex) } : { kind: 'sealed' };
  const { owner, me, store } = await ownerAndMe(held);
  want(store, owner.iss, 3);
  const first = replicate(me, store, { size: () => 10 });
  await until(() => store.wanted.countByOwner()[0]?.sealed === 3);
  expect(held.asked).toHaveLength(3);
  // Something else of that owner's goes on, and what is sealed is not asked for with it.
  store.wanted.add({ leafIndex: 9, digest: digestOf(contentOf(9)), owner: owner.iss });
  await until(() => store.wanted.countByOwner()[0]?.sealed === 4);
  expect(held.asked).toHaveLength(4);
  await first.replicator.close();
  expect(store.wanted.countByOwner()).toEqual([{ owner: owner.iss, count: 4, sealed: 4 }]);
  const second = replicate(me, store, { size: () => 10 });
  await until(() => held.asked.length === 8);
  await until(() => store.wanted.countByOwner()[0]?.sealed === 4);
  granted = true;
  second.replicator.wake();
  await until(() => store.kept().length === 4);
  expect(held.asked).toHaveLength(12);
});

test("sealed by a state that is older than ours, or by one who doesn't decide, is not final", async () => {
  const held = heldBy(4);
  held.find = () => ({ kind: 'sealed' });
  const { owner, me, store } = await ownerAndMe(held);
  const other = await member('other');
  const gossip = heldBy(10);
  gossip.find = () => ({ kind: 'sealed' });
  await serve(other, gossip, me);
  want(store, owner.iss, 1);
  // We know of a grant at leaf 9; the owner's log ends at 4.
  replicate(me, store, { size: () => 10 });
  await until(() => held.asked.length >= 3);
  expect(gossip.asked.length).toBeGreaterThan(0);
  expect(store.wanted.countByOwner()[0]?.sealed).toBe(0);
  held.size = 10;
  held.find = (leafIndex) => ({ kind: 'bytes', bytes: contentOf(leafIndex) });
  await until(() => store.kept().length === 1);
});

test('a grant that comes while its question is under way is not lost', async () => {
  const held = heldBy(10);
  let onAsked = () => {};
  let granted = false;
  held.find = (leafIndex) => {
    // Judged before the grant; our own grant arrives before the answer.
    const found = granted
      ? ({ kind: 'bytes', bytes: contentOf(leafIndex) } as const)
      : ({ kind: 'sealed' } as const);
    onAsked();
    return found;
  };
  const { owner, me, store } = await ownerAndMe(held);
  want(store, owner.iss, 1);
  onAsked = () => {
    granted = true;
    onAsked = () => {};
    replicator.wake();
  };
  const { replicator } = replicate(me, store, { size: () => 10 });
  await until(() => store.kept().length === 1);
});

test('an owner a block behind is asked again at once, not after the wait of what is lost', async () => {
  const held = heldBy(5);
  held.find = (leafIndex) =>
    leafIndex < held.size ? { kind: 'bytes', bytes: contentOf(leafIndex) } : { kind: 'unheld' };
  const { owner, me, store } = await ownerAndMe(held);
  want(store, owner.iss, 6);
  replicate(me, store, { limits: nobodyAgain });
  await until(() => held.asked.filter(({ leafIndex }) => leafIndex === 5).length >= 2);
  expect(store.kept()).toEqual([0, 1, 2, 3, 4]);
  held.size = 6;
  await until(() => store.kept().length === 6);
});

test.each([
  ['no CBOR', new Uint8Array([0xff])],
  ['full without a content', encodeCbor([10, [[0, 1]]])],
])('a peer that answers nonsense is found and left alone: %s', async (_what, body) => {
  const [owner, me] = [await member('owner'), await member('me')];
  owner.knows.push(peerRecord(me));
  let asked = 0;
  const door = await openDoor(owner, {
    routes: [
      (app) => {
        app.post('/contents', async (_request, reply) => {
          asked += 1;
          return reply.send(Buffer.from(body));
        });
      },
    ],
  });
  me.knows.push(peerRecord(owner, door.port));
  const store = openStore();
  want(store, owner.iss, 1);
  const { found } = replicate(me, store, { limits: { ...nobodyAgain, restFirstMs: 3_600_000 } });
  await until(() => found.length > 0);
  expect(found[0]).toMatchObject({ iss: owner.iss, code: 'bad_answer' });
  expect(asked).toBe(1);
  expect(store.wanted.count()).toBe(1);
});

test('a member over its limit waits and goes on', async () => {
  const [owner, me] = [await member('owner'), await member('me')];
  await serve(owner, heldBy(300), me, { contentsPerMinute: 1 });
  const store = openStore();
  want(store, owner.iss, 300);
  const { found, failures } = replicate(me, store, { limits: nobodyAgain });
  await until(() => store.kept().length === 256);
  await until(() => store.wanted.next(owner.iss, { nowMs: Date.now(), limit: 1 }).length === 1);
  expect(store.wanted.count()).toBe(44);
  expect([found, failures]).toEqual([[], []]);
});

test('a store that fails keeps nothing of the answer, says so, and is tried again', async () => {
  const { owner, me, store } = await ownerAndMe(heldBy(10));
  want(store, owner.iss, 5);
  let broken = true;
  const { failures } = replicate(me, store, {
    keep: (leafIndex, bytes) => {
      if (broken && leafIndex === 4) throw new Error('disk full');
      store.leaves.keepContent(leafIndex, bytes);
    },
  });
  await until(() => failures.length > 0);
  expect(failures[0]?.message).toBe('disk full');
  expect(store.kept()).toEqual([]);
  expect(store.wanted.count()).toBe(5);
  broken = false;
  await until(() => store.kept().length === 5);
});

test('what was erased while it was under way is not kept', async () => {
  const held = heldBy(10);
  const { owner, me, store } = await ownerAndMe(held);
  held.find = (leafIndex) => {
    store.wanted.done(1);
    return { kind: 'bytes', bytes: contentOf(leafIndex) };
  };
  want(store, owner.iss, 3);
  replicate(me, store);
  await until(() => store.wanted.count() === 0);
  expect(store.kept()).toEqual([0, 2]);
});

test('owners are served at the same time, as many as allowed', async () => {
  const me = await member('me');
  const store = openStore();
  let waiting = 0;
  let most = 0;
  const release: (() => void)[] = [];
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const owner = await member(name);
    owner.knows.push(peerRecord(me));
    const door = await openDoor(owner, {
      routes: [
        (app) => {
          app.post('/contents', async (_request, reply) => {
            waiting += 1;
            most = Math.max(most, waiting);
            await new Promise<void>((resolve) => release.push(resolve));
            waiting -= 1;
            return reply.send(Buffer.from(encodeCbor([10, [[i, contentOf(i)]]])));
          });
        },
      ],
    });
    me.knows.push(peerRecord(owner, door.port));
    store.wanted.add({ leafIndex: i, digest: digestOf(contentOf(i)), owner: owner.iss });
  }
  // Only the owner may be asked, so that who waits is told apart by owner.
  const { replicator } = replicate(me, store, { limits: { ...QUICK, roundsMax: 2 } });
  await until(() => waiting === 2);
  for (let i = 0; i < 5; i += 1) replicator.poke();
  release.shift()?.();
  await until(() => store.kept().length === 1 && waiting === 2);
  while (store.kept().length < 3) {
    release.shift()?.();
    await until(() => release.length > 0 || store.kept().length === 3);
  }
  expect(most).toBe(2);
});

test('close cuts the call under way and writes nothing after it', async () => {
  const [owner, me] = [await member('owner'), await member('me')];
  owner.knows.push(peerRecord(me));
  let asked = false;
  const door = await openDoor(owner, {
    routes: [
      (app) => {
        app.post('/contents', () => {
          asked = true;
          return new Promise(() => {});
        });
      },
    ],
  });
  me.knows.push(peerRecord(owner, door.port));
  const store = openStore();
  want(store, owner.iss, 1);
  const { replicator, failures } = replicate(me, store);
  await until(() => asked);
  await replicator.close();
  expect(store.wanted.count()).toBe(1);
  expect(failures).toEqual([]);
});
