import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nativeVerify } from '../../../gateway/admit/native-verify.ts';
import type { HttpAnswer } from '../../../gateway/anchor/witness-client.ts';
import {
  AllianceRig,
  CosignerRig,
  cosigningKeyOf,
  keysOf,
  policyOfKeys,
  signNote,
} from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

const NAMES = ['a', 'b', 'c', 'd'];
let alliance: AllianceRig;
afterEach(() => alliance.close());

function begin(quorum: number, size = 100): CosignerRig[] {
  alliance = new AllianceRig(NAMES, quorum);
  return alliance.keys.map((keys) => alliance.add(keys, { tree: new TestTree(size) }));
}

/** Names of the witnesses that verify under the note, which must satisfy the policy. */
function cosignersOf(note: string): string[] {
  const verdict = evaluatePolicy(alliance.policy, note, nativeVerify);
  if (!verdict.ok) throw new Error(verdict.detail);
  expect(verdict.value.satisfied).toBe(true);
  return verdict.value.witnesses.map(({ name }) => name[0]!).sort();
}

const newestOf = (rig: CosignerRig) => rig.anchor.newest!;

async function anchored(rig: CosignerRig, size = rig.tree.size()): Promise<void> {
  await vi.waitFor(() => expect(rig.anchor.newest?.size).toBe(size), { timeout: 20_000 });
}

async function allUnder(rig: CosignerRig, names: string): Promise<void> {
  await vi.waitFor(() => expect(cosignersOf(newestOf(rig).note).join('')).toBe(names), {
    timeout: 20_000,
  });
}

const text = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

describe('four honest members', () => {
  test('one asks: the checkpoint carries all four, once the quorum is there it is shown', async () => {
    const [a] = begin(3);
    a!.anchorNow();
    expect(a!.anchor.newest).toBeNull();
    await anchored(a!);
    expect(cosignersOf(a!.shown[0]!.note).length).toBeGreaterThanOrEqual(3);
    await allUnder(a!, 'abcd');
    expect(a!.shown).toHaveLength(1);
  });

  test('the others take the lines that came with a request, and ask the fewer', async () => {
    const [a, b] = begin(4);
    a!.anchorNow();
    await allUnder(a!, 'abcd');
    const asked = alliance.asks;
    b!.anchorNow();
    await anchored(b!);
    expect(cosignersOf(newestOf(b!).note)).toEqual(['a', 'b', 'c', 'd']);
    // a's line came with a's own request; c and d are asked, and each is told b's size first.
    expect(alliance.asks - asked).toBeLessThanOrEqual(4);
  });

  test.each([3, 4])(
    'all at once under load, quorum %i: growing sizes, all lines',
    async (quorum) => {
      const rigs = begin(quorum, 10);
      const sizes = rigs.map(() => 10);
      for (let block = 0; block < 40; block += 1) {
        for (const [i, rig] of rigs.entries()) {
          // Nodes commit the same blocks, some a little later than others.
          setTimeout(
            () => {
              rig.tree.grow(3);
              rig.anchorNow();
            },
            ((block + i) * 7) % 13,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      for (const [i, rig] of rigs.entries()) {
        await vi.waitFor(() => expect(rig.tree.size()).toBe(130));
        sizes[i] = rig.tree.size();
        rig.anchorNow();
      }
      for (const rig of rigs) await anchored(rig, 130);
      for (const rig of rigs) {
        await allUnder(rig, 'abcd');
        const shown = rig.shown.map(({ size }) => size);
        expect(shown).toEqual([...new Set(shown)].sort((x, y) => x - y));
        // It kept up: not one round at the end, but many on the way.
        expect(shown.length).toBeGreaterThan(5);
        expect(rig.troubles).toEqual([]);
        expect(rig.contradictions).toEqual([]);
      }
    },
  );

  test('a member whose node is behind is waited for by the others', async () => {
    const [a, b, c, d] = begin(4);
    for (const rig of [a!, b!, c!]) rig.tree.grow(5);
    a!.anchorNow();
    await vi.waitFor(() => expect(a!.anchor.newest).toBeNull());
    d!.tree.grow(5);
    await anchored(a!, 105);
  });

  test('a member whose node is behind the others follows them to where they are', async () => {
    const [a, b, c, d] = begin(4);
    for (const rig of [b!, c!, d!]) {
      rig.tree.grow(20);
      rig.anchorNow();
    }
    await vi.waitFor(() => expect(b!.anchorage.cosigner.size()).toBe(120));
    a!.anchorNow();
    await vi.waitFor(() => expect(a!.anchorage.cosigner.size()).toBe(100));
    a!.tree.grow(20);
    for (const rig of [a!, b!, c!, d!]) await anchored(rig, 120);
    expect(a!.shown.map(({ size }) => size)).toEqual([120]);
  });
});

describe('one that is not', () => {
  /** d misbehaves; a's round is met by the other three, and d is named. */
  async function expectNamed(code: string): Promise<void> {
    const a = alliance.members.get('a')!;
    a.anchorNow();
    await anchored(a);
    expect(cosignersOf(newestOf(a).note)).toEqual(['a', 'b', 'c']);
    await vi.waitFor(() => expect(a.troubles).toMatchObject([{ code, member: 'd' }]));
    const standing = a.anchor.cosigners().find(({ name }) => name === 'd');
    expect(standing).toMatchObject({ size: 0, trouble: { code } });
  }

  test('cosigns another root', async () => {
    begin(3);
    const d = alliance.members.get('d')!.keys;
    const other = new TestTree(100, { name: 1 });
    const lines = signNote(other.tree(), d, [d]).trimEnd().split('\n').at(-1)!;
    alliance.answers.set('d', () => async () => text(200, `${lines}\n`));
    await expectNamed('bad_cosignature');
  });

  test('answers with another member’s line as its own', async () => {
    begin(3);
    const stranger = keysOf('stranger');
    const lines = signNote(new TestTree(100).tree(), stranger, [stranger]).trimEnd();
    alliance.answers.set('d', () => async () => text(200, `${lines.split('\n').at(-1)}\n`));
    await expectNamed('bad_cosignature');
  });

  test.each([
    ['garbage', text(200, 'garbage\n')],
    ['a conflict without a size', text(409, 'garbage\n')],
    [
      'a conflict with the very size asked',
      { status: 409, contentType: 'text/x.tlog.size', body: '0\n' },
    ],
    ['a redirect', text(302, '')],
  ])('answers %s', async (_name, answer) => {
    begin(3);
    alliance.answers.set('d', () => async () => answer);
    await expectNamed('bad_answer');
  });

  test('refuses', async () => {
    begin(3);
    alliance.answers.set('d', () => async () => text(403, 'not trusted\n'));
    await expectNamed('refused');
  });

  test('can’t be reached', async () => {
    begin(3);
    alliance.answers.set('d', () => async () => {
      throw new Error('connection refused');
    });
    await expectNamed('unreachable');
  });

  test('is silent: the round waits a moment for it and goes on, and closing cuts it off', async () => {
    const [a] = begin(3);
    let asked = 0;
    alliance.answers.set('d', () => () => {
      asked += 1;
      return new Promise(() => {});
    });
    a!.anchorNow();
    await anchored(a!);
    for (const rig of alliance.members.values()) rig.tree.grow(10);
    a!.anchorNow();
    await anchored(a!, 110);
    // One question to it is out, whatever the number of rounds.
    expect(asked).toBe(1);
    await a!.anchor.close();
  });

  test('says it is far ahead: the others do not chase it', async () => {
    const [a] = begin(3);
    const ahead = { status: 409, contentType: 'text/x.tlog.size', body: `${2 ** 40}\n` };
    alliance.answers.set('d', () => async () => ahead);
    a!.anchorNow();
    await anchored(a!, 100);
    expect(cosignersOf(newestOf(a!).note)).toEqual(['a', 'b', 'c']);
  });

  test('two of four: nothing is shown, until one is back', async () => {
    const [a] = begin(3);
    for (const name of ['c', 'd']) {
      alliance.answers.set(name, () => async () => {
        throw new Error('connection refused');
      });
    }
    a!.anchorNow();
    await vi.waitFor(() =>
      expect(a!.troubles.map(({ member }) => member).sort()).toEqual(['c', 'd']),
    );
    expect(a!.anchor.newest).toBeNull();
    alliance.answers.delete('c');
    await anchored(a!);
    expect(cosignersOf(newestOf(a!).note)).toEqual(['a', 'b', 'c']);
    // Its line comes late, under the checkpoint that is shown already.
    alliance.answers.delete('d');
    await allUnder(a!, 'abcd');
    expect(a!.shown).toHaveLength(1);
  });
});

describe('outside witnesses', () => {
  test('are asked over HTTP; they count only where the policy lists them', async () => {
    alliance = new AllianceRig(['a', 'w'], 1);
    const [ofA, ofW] = alliance.keys as [ReturnType<typeof keysOf>, ReturnType<typeof keysOf>];
    const w = new CosignerRig(alliance, ofW, { tree: new TestTree(50) });
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void w.witness.addCheckpoint(String(Buffer.concat(chunks))).then((answer) => {
          response.writeHead(answer.status, { 'content-type': answer.contentType });
          response.end(answer.body);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    alliance.outside.push({
      name: 'w',
      key: cosigningKeyOf(ofW),
      addCheckpoint: async (body, signal) => {
        const url = `http://127.0.0.1:${port}/add-checkpoint`;
        const answer = await fetch(url, { method: 'POST', body, signal });
        const contentType = answer.headers.get('content-type') ?? '';
        return { status: answer.status, contentType, body: await answer.text() };
      },
    });
    const a = alliance.add(ofA, { tree: new TestTree(50) });
    alliance.policy = policyOfKeys([ofA], 1);
    a.anchorNow();
    expect(a.shown).toHaveLength(1);
    const lines = () => {
      const note = parseNote(newestOf(a).note);
      if (!note.ok || !parseCheckpointBody(note.value.text).ok) throw new Error('no checkpoint');
      return note.value.signatures.map(({ name }) => name);
    };
    await vi.waitFor(() => expect(lines()).toContain('w.example/witness'));
    alliance.policy = policyOfKeys([ofA, ofW], 2);
    a.tree.grow(1);
    w.tree.grow(1);
    a.anchorNow();
    expect(a.anchor.newest?.size).toBe(50);
    await anchored(a, 51);
    await w.anchor.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
