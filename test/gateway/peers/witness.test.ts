import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { verifyCosignature } from '@truegrain/device-sdk/formats/cosignature.js';
import { parseNote, parseSignatureLines } from '@truegrain/device-sdk/formats/note.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { witnessRoutes } from '../../../gateway/peers/witness-routes.ts';
import {
  AllianceRig,
  ask,
  type CosignerRig,
  cosigningKeyOf,
  keysOf,
  ORIGIN,
  signNote,
} from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

const HASH = toHex(sha256(utf8(ORIGIN)));
let alliance: AllianceRig;
let b: CosignerRig;
let tipFile = '';
beforeEach(() => {
  alliance = new AllianceRig(['a', 'b', 'c'], 2);
  b = alliance.add(alliance.keys[1]!, {
    tree: new TestTree(300),
    witness: { ownNodeWaitMs: 200 },
  });
  tipFile = join(alliance.folder, 'b-tip');
});
afterEach(() => alliance.close());

const a = () => alliance.keys[0]!;
const note = (size: number, tree = b.tree) => signNote(tree.tree(size), a(), [a()]);
const post = (old: number, proof: readonly Uint8Array[], text: string) =>
  b.witness.addCheckpoint(ask(old, proof, text));
const proofOf = (size1: number, size2: number) => b.tree.consistency(size1, size2);

function expectCosigned(answer: { status: number; body: string }, text: string): void {
  expect(answer.status).toBe(200);
  const lines = parseSignatureLines(answer.body);
  const parsed = parseNote(text);
  if (!lines.ok || !parsed.ok) throw new Error('not lines');
  expect(lines.value).toHaveLength(1);
  const [signature] = lines.value;
  const key = cosigningKeyOf(b.keys);
  const claim = { body: parsed.value.text, signature: signature!, key };
  expect(verifyCosignature(claim)).toMatchObject({ ok: true });
}

describe('add-checkpoint', () => {
  test('200 with the one line, from nothing, from an older size, and again', async () => {
    expectCosigned(await post(0, [], note(100)), note(100));
    expectCosigned(await post(100, proofOf(100, 257), note(257)), note(257));
    expectCosigned(await post(257, [], note(257)), note(257));
    expect(b.contradictions).toEqual([]);
  });

  test.each([
    ['no body', ''],
    ['no empty line', 'old 0\n'],
    ['old size with a leading zero', ask(0, [], '').replace('old 0', 'old 00')],
    ['negative old size', ask(0, [], '').replace('old 0', 'old -1')],
    ['a proof line that is no hash', `old 1\n${toBase64(new Uint8Array(31))}\n\n`],
    [
      '64 proof lines',
      ask(
        1,
        Array.from({ length: 64 }, () => new Uint8Array(32)),
        '',
      ),
    ],
    ['no checkpoint', ask(0, [], 'nothing\n')],
    ['a carriage return', `old 0\r\n\r\n`],
  ])('400 for %s', async (_name, head) => {
    const body = head.endsWith('\n\n') ? head + note(100) : head;
    expect(await b.witness.addCheckpoint(body)).toMatchObject({ status: 400 });
    expect(b.anchorage.cosigner.size()).toBe(0);
  });

  test('400 where the old size is above the new one', async () => {
    expect(await post(101, [], note(100))).toMatchObject({ status: 400 });
  });

  test('404 for another origin, before its signature is looked at', async () => {
    const other = note(100).replace(ORIGIN, ORIGIN.replace('rice', 'corn'));
    expect(await post(0, [], other)).toMatchObject({ status: 404 });
  });

  test('403 without a trusted log signature, or with one that fails', async () => {
    const stranger = signNote(b.tree.tree(100), keysOf('stranger'));
    expect(await post(0, [], stranger)).toMatchObject({ status: 403 });
    // A cosignature is no log signature, whoever made it.
    const noLog = note(100).replace(/— ledger[^\n]*\n/, '');
    expect(await post(0, [], noLog)).toMatchObject({ status: 403 });
    const moved = note(100).replace('\n100\n', '\n101\n');
    expect(await post(0, [], moved)).toMatchObject({ status: 403 });
    const good = note(100);
    // A good line of c, and one of a that is of another size.
    const spoiled = signNote(b.tree.tree(100), alliance.keys[2]!) + linesOf(note(101));
    expect(await post(0, [], spoiled)).toMatchObject({ status: 403 });
    expectCosigned(await post(0, [], good), good);
  });

  test('403 once the key is no member’s any more', async () => {
    alliance.policy = { ...alliance.policy, logs: alliance.policy.logs.slice(1) };
    expect(await post(0, [], note(100))).toMatchObject({ status: 403 });
  });

  test('409 with the size and its media type, whatever else is wrong', async () => {
    await post(0, [], note(100));
    for (const [old, text] of [
      [0, note(200)],
      [99, note(200)],
      [50, note(60)],
      [0, note(0)],
    ] as const) {
      expect(await post(old, [], text)).toEqual({
        status: 409,
        contentType: 'text/x.tlog.size',
        body: '100\n',
      });
    }
  });

  test('422 for a proof that does not verify, one from nothing, and an empty tree with a root', async () => {
    expect(await post(0, proofOf(50, 100), note(100))).toMatchObject({ status: 422 });
    const empty = signNote({ size: 0, root: note0Root() }, a()).replace(
      toBase64(note0Root()),
      toBase64(new Uint8Array(32)),
    );
    expect(await post(0, [], resigned(empty))).toMatchObject({ status: 422 });
    await post(0, [], note(100));
    expect(await post(100, [], note(200))).toMatchObject({ status: 422 });
    expect(await post(100, proofOf(99, 200), note(200))).toMatchObject({ status: 422 });
    expect(await post(100, proofOf(100, 200).reverse(), note(200))).toMatchObject({ status: 422 });
    expect(b.anchorage.cosigner.size()).toBe(100);
  });

  test('422 for another history, equal or larger, which is told with the note', async () => {
    await post(0, [], note(100));
    const other = new TestTree(300, { name: 1, forkAt: 90 });
    const later = new TestTree(300, { name: 1, forkAt: 150 });
    expect(await post(100, [], note(100, other))).toMatchObject({ status: 422 });
    // Its proof is good: it forks beyond what was cosigned, and only the own node knows.
    const good = later.consistency(100, 200);
    expect(await post(100, good, note(200, later))).toMatchObject({ status: 422 });
    // A smaller size is a conflict all the same, but no less a proof.
    expect(await post(95, [], note(95, other))).toMatchObject({ status: 409 });
    expect(b.contradictions).toEqual([note(100, other), note(200, later), note(95, other)]);
    expect(b.anchorage.cosigner.size()).toBe(100);
  });

  test('503 where the own node does not get there in time, 200 where it does', async () => {
    const beyond = new TestTree(400);
    const answer = await post(0, [], note(350, beyond));
    expect(answer).toMatchObject({ status: 503, retryAfterS: 1 });
    expect(b.anchorage.cosigner.size()).toBe(0);
    const waiting = post(0, [], note(350, beyond));
    b.tree.grow(60);
    expectCosigned(await waiting, note(350, beyond));
  });

  test('what came while a request waited for the own node is a conflict to it', async () => {
    const beyond = new TestTree(400);
    const waiting = post(0, [], note(350, beyond));
    await post(0, [], note(200));
    b.tree.grow(60);
    expect(await waiting).toMatchObject({ status: 409, body: '200\n' });
  });

  test('of many at once every size is cosigned once, in growing order', async () => {
    const sizes = Array.from({ length: 100 }, (_, i) => 300 - i);
    const answers = await Promise.all(sizes.map((size) => post(0, [], note(size))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers[0]!.status).toBe(200);
    expect(answers.slice(1).every(({ body }) => body === '300\n')).toBe(true);
  });
});

describe('what is kept', () => {
  test('the size is on disk before the answer, with the lines of log and witness', async () => {
    await post(0, [], note(100));
    const kept = readFileSync(tipFile, 'utf8');
    expect(kept.split('\n')[1]).toBe('100');
    const verdict = evaluatePolicy(alliance.policy, kept);
    expect(verdict).toMatchObject({ ok: true, value: { logs: [{}], witnesses: [{}] } });
    // Another process over the same folder goes on from there.
    const again = alliance.add(alliance.keys[1]!, { tree: b.tree });
    expect(await again.witness.addCheckpoint(ask(0, [], note(50)))).toMatchObject({
      status: 409,
      body: '100\n',
    });
  });

  test('own checkpoints and cosignatures share one state', async () => {
    alliance.policy = { ...alliance.policy, quorum: 'none' };
    b.anchor.anchor(b.tree.tree(200));
    expect(await post(0, [], note(100))).toMatchObject({ status: 409, body: '200\n' });
    await post(200, proofOf(200, 300), note(300));
    expect(() => b.anchor.anchor(b.tree.tree(250))).toThrow('300');
  });

  test('a member that may not sign cosigns nothing', async () => {
    const unsure = alliance.add(alliance.keys[2]!, { tree: b.tree, answersNeeded: 1 });
    const answer = await unsure.witness.addCheckpoint(ask(0, [], note(100)));
    expect(answer).toMatchObject({ status: 503 });
    unsure.anchorage.floor.heard('a', []);
    expect(await unsure.witness.addCheckpoint(ask(0, [], note(100)))).toMatchObject({
      status: 200,
    });
  });
});

describe('over HTTP', () => {
  const open = () => {
    const app = Fastify();
    witnessRoutes(app, { witness: b.witness, config: { access: 'public' } });
    return app;
  };

  test('any media type, the status, and Retry-After', async () => {
    const app = open();
    const url = '/witness/add-checkpoint';
    for (const type of ['text/plain', 'application/octet-stream', undefined]) {
      const size = b.anchorage.cosigner.size();
      const payload = ask(size, size ? proofOf(size, size + 50) : [], note(size + 50));
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await app.inject({ method: 'POST', url, payload, headers });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    }
    const stale = await app.inject({ method: 'POST', url, payload: ask(0, [], note(200)) });
    expect(stale.statusCode).toBe(409);
    expect(stale.headers['content-type']).toBe('text/x.tlog.size');
    const ahead = new TestTree(400);
    const late = ask(150, ahead.consistency(150, 350), note(350, ahead));
    const answer = await app.inject({ method: 'POST', url, payload: late });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    for (const payload of [Buffer.from([0xff, 0xfe]), '']) {
      expect((await app.inject({ method: 'POST', url, payload })).statusCode).toBe(400);
    }
    const large = await app.inject({ method: 'POST', url, payload: 'x'.repeat(70_000) });
    expect(large.statusCode).toBe(413);
    await app.close();
  });

  test('monitors get the newest with every log line verified; 404 before, and for other origins', async () => {
    const app = open();
    const url = `/witness/${HASH}/checkpoint`;
    expect((await app.inject(url)).statusCode).toBe(404);
    const ofC = signNote(b.tree.tree(100), alliance.keys[2]!);
    await post(0, [], note(100));
    await post(100, [], ofC);
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(200);
    const verdict = evaluatePolicy(alliance.policy, answer.body);
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(verdict.value.logs).toHaveLength(2);
    expect(verdict.value.witnesses.map(({ name }) => name)).toEqual(['b.example/witness']);
    expect((await app.inject(`/witness/${'00'.repeat(32)}/checkpoint`)).statusCode).toBe(404);
    expect((await app.inject(`/witness/${HASH.toUpperCase()}/checkpoint`)).statusCode).toBe(404);
    await app.close();
  });
});

function linesOf(text: string): string {
  return text.slice(text.indexOf('\n\n') + 2);
}

function note0Root(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** The text as it stands under a's log signature, which a strict signer would refuse to make. */
function resigned(text: string): string {
  const body = text.slice(0, text.indexOf('\n\n') + 1);
  const { log } = a();
  const line = text.slice(text.indexOf('\n\n') + 2).split(' ');
  const keyId = Buffer.from(line[2]!, 'base64').subarray(0, 4);
  const signature = Buffer.concat([keyId, log.sign(utf8(body))]).toString('base64');
  return `${body}\n— ${ORIGIN} ${signature}\n`;
}
