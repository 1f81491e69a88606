import { afterEach, expect, test, vi } from 'vitest';
import type { TxRefusal } from '../../../../gateway/ledger/cometbft/block-draft.ts';
import type { CommittedBlock } from '../../../../gateway/ledger/cometbft/comet-ledger.ts';
import { Courier } from '../../../../gateway/ledger/cometbft/courier.ts';

let courier: Courier;
let checked: number[] = [];
let sent: number[] = [];
let refusal: TxRefusal | null = null;
let nowMs = 0;

function open(): Courier {
  vi.useFakeTimers();
  checked = [];
  sent = [];
  refusal = null;
  nowMs = 0;
  courier = new Courier({
    send: async ([first = 0]) => {
      sent.push(first);
      return null;
    },
    check: async ([first = 0]) => {
      checked.push(first);
      return refusal;
    },
    nowMs: () => nowMs,
  });
  return courier;
}

afterEach(() => {
  courier.close();
  vi.useRealTimers();
});

type Result = CommittedBlock['txs'][number]['result'];

const batchOf = (...keyNos: number[]) =>
  ({ ok: true, applied: { kind: 'batch', streams: keyNos.map((keyNo) => ({ keyNo })) } }) as Result;
const governance = { ok: true, applied: { kind: 'revocation' } } as Result;
const noEffect: Result = { ok: false, code: 'seq', detail: '' };

function block(first: number, result: Result): CommittedBlock {
  return { height: 7, timeMs: 0, wasJudged: true, txs: [{ bytes: Uint8Array.of(first), result }] };
}

test('a block that has it settles it; another batch over other streams says nothing of it', async () => {
  const delivered = open().deliver(Uint8Array.of(1), new Set([4, 5]));
  courier.onBlock(block(2, batchOf(6)));
  expect(checked).toEqual([]);
  courier.onBlock(block(1, batchOf(4, 5)));
  expect(await delivered).toMatchObject({ ok: true, height: 7 });
  expect([sent, checked]).toEqual([[1], []]);
});

test.each([
  ['a batch that moved one of its streams', batchOf(5, 6)],
  ['governance', governance],
  ['something without effect', noEffect],
])(
  '%s may have spoilt it: it is checked, and given up where it no longer applies',
  async (_, result) => {
    const delivered = open().deliver(Uint8Array.of(1), new Set([4, 5]));
    courier.onBlock(block(2, result));
    await vi.waitFor(() => expect(checked).toEqual([1]));
    refusal = { code: 'stale_batch', detail: '' };
    courier.onBlock(block(3, result));
    expect(await delivered).toEqual({ ok: false, code: 'stale_batch', detail: '' });
  },
);

test('what no block has is checked and handed over again after two seconds', async () => {
  const delivered = open().deliver(Uint8Array.of(1), new Set([4]));
  nowMs = 2_500;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([sent, checked]).toEqual([[1, 1], [1]]);
  nowMs = 5_000;
  refusal = { code: 'log_time', detail: '' };
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await delivered).toMatchObject({ ok: false, code: 'log_time' });
  expect(sent).toEqual([1, 1]);
});
