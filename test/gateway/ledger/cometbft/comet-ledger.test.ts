import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeLedgerTx, parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { MEDIA_PROPOSAL } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeProposal } from '@truegrain/device-sdk/formats/proposal.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FourBooks, type MemberBooks, testDevice } from '../../../support/four-books.ts';

let four: FourBooks;

beforeEach(() => {
  four = new FourBooks();
});
afterEach(() => four.close());

const [A, B, C, D] = [0, 1, 2, 3];
const at = (i: number): MemberBooks => four.members[i] as MemberBooks;

/** A device owned by the first member, registered by a block. */
async function registered(name: string, alg: -7 | -8 = -8) {
  const device = testDevice(name, alg);
  await four.block([four.registration(at(A), device)]);
  return device;
}

describe('one block', () => {
  test('has the log root as app hash, the same on every member, and an empty one changes nothing', async () => {
    const device = await registered('a');
    const batch = four.batch(at(A), [four.reading(device, 4), four.reading(device, 5)]);
    const hash = await four.block([batch], at(B));
    expect(hash).toBe(toHex(at(D).ledger.root()));
    expect(at(C).ledger.state.size).toBe(4 + 1 + 3);
    expect(await four.block([])).toBe(hash);
    const { height, appHash } = at(D).ledger.position();
    expect([height, toHex(appHash)]).toEqual([3, hash]);
  });

  test('is verified once a member, from the mempool to the decision', async () => {
    const device = await registered('a');
    const frames = Array.from({ length: 20 }, (_, i) => four.reading(device, i));
    const batch = four.batch(at(A), frames);
    for (const { ledger } of four.members)
      expect(await ledger.check(batch, four.timeMs)).toBeNull();
    await four.block([batch]);
    expect(four.members.map(({ verified }) => verified)).toEqual([20, 20, 20, 20]);
  });

  test('takes a registration and the batch that rests on it together', async () => {
    const device = testDevice('new');
    const registration = four.registration(at(A), device);
    await four.block([registration]);
    const other = testDevice('other');
    const second = four.registration(at(B), other);
    const frame = four.reading(device, 4);
    await four.block([second, four.batch(at(A), [frame])], at(C));
    expect(four.state.devices.has(other.urn)).toBe(true);
  });

  test('of two gateways carries what both could not see of each other', async () => {
    const [one, two] = [await registered('one'), await registered('two')];
    const ofA = four.batch(at(A), [four.reading(one, 1)]);
    const ofB = four.batch(at(B), [four.reading(two, 2)]);
    await four.block([ofA, ofB], at(D));
    expect(four.state.streams.size).toBeGreaterThan(0);
    expect(at(C).ledger.state.size).toBe(4 + 2 + 4);
  });
});

describe('an honest proposal', () => {
  test('leaves out what does not apply, and is accepted by all', async () => {
    const device = await registered('a');
    const good = four.batch(at(A), [four.reading(device, 4)]);
    const garbage = new Uint8Array([1, 2, 3]);
    const txs = await four.propose(at(B), [garbage, good, good]);
    expect(txs).toEqual([good]);
    for (const { ledger } of four.members) expect(await ledger.judge(txs, four.timeMs)).toBeNull();
    expect(new Set(await four.decide(txs)).size).toBe(1);
  });

  test('a device at two gateways at once: the first commit wins, the other batch is stale', async () => {
    const device = await registered('truck');
    const frames = [four.reading(device, 1), four.reading(device, 2)];
    const ofA = four.batch(at(A), frames);
    const ofB = four.batch(at(B), frames);
    await four.block([ofA, ofB], at(C));
    expect(await at(B).ledger.check(ofB, four.timeMs)).toMatchObject({ code: 'stale_batch' });
    // Judged again, what the log has leaves the batch; the rest goes on, in order.
    const rest = four.batch(at(B), [...frames, four.reading(device, 3)]);
    await four.block([rest]);
    const stream = [...four.state.streams.values()].find(({ maxSeq }) => maxSeq === 3);
    expect(stream).toMatchObject({ missing: 0, forked: false });
  });
});

describe('a dishonest proposal', () => {
  /** The bytes of a batch with one bit of the last statement's signature changed. */
  function forged(batch: Uint8Array): Uint8Array {
    const tx = parseLedgerTx(batch);
    if (!tx.ok || tx.value.kind !== 'batch') throw new Error('no batch');
    const entries = tx.value.entries.map((entry) => entry.slice());
    const last = entries.at(-1);
    if (last) last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    return encodeLedgerTx({ kind: 'batch', entries, batch: tx.value.batch });
  }

  test('with a forged statement is refused by name, and moves nothing where it is decided all the same', async () => {
    const device = await registered('a');
    const before = toHex(at(B).ledger.root());
    const batch = forged(four.batch(at(A), [four.reading(device, 4)]));
    expect(await at(B).ledger.judge([batch], four.timeMs)).toMatchObject({
      code: 'bad_signature',
      index: 0,
    });
    expect(await four.decide([batch])).toEqual([before, before, before, before]);
    expect(at(B).blocks.at(-1)?.txs[0]?.result).toMatchObject({ ok: false, code: 'bad_signature' });
  });

  test('a forged copy of a statement that was verified before does not inherit its verdict', async () => {
    const device = await registered('a');
    const batch = four.batch(at(A), [four.reading(device, 4)]);
    expect(await at(C).ledger.check(batch, four.timeMs)).toBeNull();
    expect(await at(C).ledger.judge([forged(batch)], four.timeMs)).toMatchObject({
      code: 'bad_signature',
    });
  });

  test('a device registered nowhere, a gateway key of nobody', async () => {
    const known = await registered('a');
    const frame = four.reading(known, 4);
    const stranger = testDevice('stranger');
    const strange = await at(B).ledger.judge(
      [four.batch(at(A), [frame], testDevice('x').signer)],
      four.timeMs,
    );
    expect(strange).toMatchObject({ code: 'not_allowed' });
    const tx = parseLedgerTx(four.batch(at(A), [frame]));
    if (!tx.ok || tx.value.kind !== 'batch') throw new Error('no batch');
    const other = four.reading(stranger, 1);
    const unknown = encodeLedgerTx({ ...tx.value, entries: [other.subarray(4, other.length)] });
    expect(await at(B).ledger.judge([unknown], four.timeMs)).toMatchObject({
      code: 'bad_signature',
    });
  });

  test('the same batch twice, and a quota of bytes overrun', async () => {
    const device = await registered('a');
    const batch = four.batch(at(A), [four.reading(device, 4)]);
    expect(await at(B).ledger.judge([batch, batch], four.timeMs)).toMatchObject({
      code: 'seq',
      index: 1,
    });
    four.close();
    four = new FourBooks({ bytesPerBlock: 65_536 });
    const second = await registered('b');
    const frames = Array.from({ length: 200 }, (_, i) => four.reading(second, i % 50));
    const large = four.batch(at(A), frames);
    expect(large.length).toBeGreaterThan(65_536);
    expect(await at(B).ledger.judge([large], four.timeMs)).toMatchObject({ code: 'quota' });
  });

  test('a log time an hour away from the block', async () => {
    const device = await registered('a');
    const frame = four.reading(device, 4);
    four.timeMs += 3_600_000;
    const ahead = four.batch(at(A), [frame]);
    four.timeMs -= 3_600_000;
    expect(await at(B).ledger.judge([ahead], four.timeMs)).toMatchObject({ code: 'log_time' });
  });
});

describe('a gateway whose key its owner took back', () => {
  test('signs no more batches from the next leaf on', async () => {
    const device = await registered('a');
    const frame = four.reading(device, 4);
    const batch = four.batch(at(A), [frame]);
    const { iss, gateway } = at(A).member;
    const bytes = encodeProposal({
      logTimeMs: four.timeMs,
      epoch: 0,
      reason: 'stolen',
      change: {
        kind: 'key',
        member: iss,
        role: 'gateway',
        retire: gateway.signer.kid,
        add: null,
        proof: null,
      },
    });
    const { tx } = four.governance(at(A), { contentType: MEDIA_PROPOSAL, bytes });
    expect(await four.propose(at(B), [tx, batch])).toEqual([tx]);
    await four.decide([tx]);
    expect(await at(C).ledger.check(batch, four.timeMs)).toMatchObject({ code: 'not_allowed' });
  });
});

describe('a crash', () => {
  test('before the COMMIT leaves the former block; the same one is played again', async () => {
    const device = await registered('a');
    const batch = four.batch(at(A), [four.reading(device, 4)]);
    const txs = await four.propose(at(A), [batch]);
    const { timeMs } = four;
    await at(D).ledger.finalize({ height: 2, timeMs, txs });
    at(D).reopen();
    expect(at(D).ledger.position().height).toBe(1);
    expect(new Set(await four.decide(txs)).size).toBe(1);
  });

  test('after the COMMIT leaves height and root of the new block', async () => {
    const device = await registered('a');
    const hash = await four.block([four.batch(at(A), [four.reading(device, 4)])]);
    at(D).reopen();
    const { height, appHash } = at(D).ledger.position();
    expect([height, toHex(appHash)]).toEqual([2, hash]);
  });

  test('a wiped store founds the ledger again and plays every block to the same hash', async () => {
    const blocks: { txs: Uint8Array[]; timeMs: number }[] = [];
    const device = testDevice('a');
    for (const mempool of [
      () => [four.registration(at(A), device)],
      () => [four.batch(at(A), [four.reading(device, 1)])],
      () => [four.batch(at(B), [four.reading(device, 2)])],
    ]) {
      const txs = await four.propose(at(A), mempool());
      blocks.push({ txs, timeMs: four.timeMs });
      await four.decide(txs, [at(A), at(B), at(C)]);
    }
    for (const [i, { txs, timeMs }] of blocks.entries()) {
      await at(D).ledger.finalize({ height: i + 1, timeMs, txs });
      at(D).ledger.commit();
    }
    expect(at(D).ledger.position()).toEqual(at(A).ledger.position());
  });
});
