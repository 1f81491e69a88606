import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { expect, test } from 'vitest';
import {
  ANSWER_BYTES_MAX,
  type ContentAsk,
  encodeAsks,
  encodeContents,
  parseAsks,
  parseContents,
} from '../../../gateway/peers/contents-wire.ts';
import { contentOf, digestOf, type Held, heldBy, serve } from './contents-rig.ts';
import { json, type Member, member } from './rig.ts';

const asksOf = (leaves: readonly number[]): ContentAsk[] =>
  leaves.map((leafIndex) => ({ leafIndex, digest: digestOf(contentOf(leafIndex)) }));

async function pair(held: Held = heldBy(10)) {
  const [host, guest] = [await member('host'), await member('guest')];
  const door = await serve(host, held, guest);
  return { host, guest, held, door };
}

function post(from: Member, body: Uint8Array) {
  const [peer] = from.knows;
  if (peer === undefined) throw new Error('knows nobody');
  const call = { method: 'POST', path: '/contents', contentType: 'application/cbor' } as const;
  return from.client.request(peer, { ...call, body, answerBytesMax: ANSWER_BYTES_MAX });
}

async function fetched(from: Member, asks: readonly ContentAsk[]) {
  const answer = await post(from, encodeAsks(asks));
  if (!answer.ok) throw new Error(answer.detail);
  expect(answer.status).toBe(200);
  const parsed = parseContents(answer.body, asks);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.value;
}

test('bytes, not held and sealed are told apart, with the size that decided', async () => {
  const held = heldBy(10);
  const { guest } = await pair(held);
  held.find = (leafIndex, forIss) => {
    if (leafIndex === 2) return { kind: 'sealed' };
    return forIss === guest.iss && leafIndex === 1
      ? { kind: 'bytes', bytes: contentOf(1) }
      : { kind: 'unheld' };
  };
  expect(await fetched(guest, asksOf([2, 1, 3]))).toEqual({
    size: 10,
    answers: [{ kind: 'sealed' }, { kind: 'bytes', bytes: contentOf(1) }, { kind: 'unheld' }],
  });
});

test('an answer is filled up to 4 MiB; the rest is asked for again', async () => {
  const { guest, held } = await pair(heldBy(10, 1_048_576));
  const asks = asksOf([0, 1, 2, 3, 4, 5]);
  const kinds = (await fetched(guest, asks)).answers.map(({ kind }) => kind);
  expect(kinds).toEqual(['bytes', 'bytes', 'bytes', 'bytes', 'later', 'later']);
  // The first that did not fit was looked up, those after it were not.
  expect(held.asked.map(({ leafIndex }) => leafIndex)).toEqual([0, 1, 2, 3, 4]);
  held.find = (leafIndex) => ({ kind: 'bytes', bytes: contentOf(leafIndex, 4_194_305) });
  expect((await fetched(guest, asksOf([0]))).answers).toEqual([{ kind: 'unheld' }]);
});

test('256 contents at once fit, at the highest indexes there can be', async () => {
  const { guest } = await pair(heldBy(Number.MAX_SAFE_INTEGER));
  const asks = Array.from({ length: 256 }, (_, i) => ({
    leafIndex: Number.MAX_SAFE_INTEGER - i,
    digest: new Uint8Array(32).fill(i),
  }));
  const { answers } = await fetched(guest, asks);
  expect(answers.every(({ kind }) => kind === 'bytes')).toBe(true);
});

const digest = new Uint8Array(32);
test.each([
  ['nothing', new Uint8Array()],
  ['no CBOR', new Uint8Array([0xff])],
  ['no list', encodeCbor(1)],
  ['an empty list', encodeCbor([])],
  ['a negative index', encodeCbor([[-1, digest]])],
  ['a short digest', encodeCbor([[1, digest.subarray(1)]])],
  ['a third item', encodeCbor([[1, digest, 0]])],
  ['a bare digest', encodeCbor([digest])],
  ['257 of them', encodeCbor(Array.from({ length: 257 }, (_, i) => [i, digest]))],
  ['another encoding', new Uint8Array([0x98, 0x01, ...encodeCbor([1, digest])])],
])('refused: %s', async (_what, body) => {
  const { guest } = await pair();
  const answer = await post(guest, body);
  expect(answer).toMatchObject({ ok: true, status: 400 });
  if (answer.ok) expect(json(answer.body)).toMatchObject({ code: 'invalid_request' });
});

test('a body above what 256 asks take is refused unread', async () => {
  const { guest, held } = await pair();
  expect(await post(guest, new Uint8Array(20_000))).toMatchObject({ ok: true, status: 413 });
  expect(held.asked).toEqual([]);
});

test('what was asked comes back from its encoding', () => {
  const asks = asksOf([0, 23, 24, 65_536]);
  expect(parseAsks(encodeAsks(asks))).toEqual({ ok: true, value: asks });
});

const asks = asksOf([7, 8]);
const later = { kind: 'later' } as const;
test.each([
  ['another leaf', encodeContents(asksOf([7, 9]), { size: 1, answers: [later, later] })],
  ['another order', encodeContents(asksOf([8, 7]), { size: 1, answers: [later, later] })],
  ['one too few', encodeContents(asksOf([7]), { size: 1, answers: [later] })],
  [
    'an unknown kind',
    encodeCbor([
      1,
      [
        [7, 4],
        [8, 1],
      ],
    ]),
  ],
  [
    'text for bytes',
    encodeCbor([
      1,
      [
        [7, 'x'],
        [8, 1],
      ],
    ]),
  ],
  [
    'no size',
    encodeCbor([
      null,
      [
        [7, 1],
        [8, 1],
      ],
    ]),
  ],
  [
    'a third item',
    encodeCbor([
      1,
      [
        [7, 1],
        [8, 1],
      ],
      0,
    ]),
  ],
  ['nothing', new Uint8Array()],
])('no answer: %s', (_what, bytes) => {
  expect(parseContents(bytes, asks)).toMatchObject({ ok: false });
});
