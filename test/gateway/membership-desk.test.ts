import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { makeKeyProof } from '@truegrain/device-sdk/formats/key-proof.js';
import { activeKey } from '@truegrain/device-sdk/formats/membership.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChangeRequest } from '../../gateway/http/alliance-backend.ts';
import { cardBytes, DAY_MS, DeskRig, deskMember } from '../support/desk-rig.ts';
import { fixedSigner } from '../support/solo-ledger.ts';

const NAMES = ['mill', 'carrier', 'shop', 'board'];
let rig: DeskRig;
beforeEach(() => {
  rig = new DeskRig(NAMES);
});
afterEach(() => rig.close());

const reason = 'agreed at the meeting';

async function proposed(by: string, change: ChangeRequest): Promise<Uint8Array> {
  const outcome = await rig.desk(by).propose({ change, reason, epoch: null });
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome.value.id;
}

const sign = (by: string, proposalId: Uint8Array) =>
  rig.desk(by).answer({ proposalId, answer: 'approve', reason: '', textDigest: null });

function admission(name: string): ChangeRequest {
  return { kind: 'admit', card: cardBytes(deskMember(name), { ledgerId: rig.ledgerId }) };
}

describe('a new member', () => {
  test('is previewed, proposed, and in once the last member has signed', async () => {
    const preview = rig.desk('carrier').preview({ change: admission('farm'), reason });
    expect(preview).toMatchObject({ ok: true, value: { epoch: 0 } });
    const words = preview.ok ? preview.value.lines.join('\n') : '';
    expect(words).toContain('farm (https://farm.example) becomes a member');
    expect(words).toContain('Members: 4 → 5');
    expect(words).toContain('Still to sign: mill (https://mill.example)');
    expect(rig.ledger.state.membership?.proposals.size).toBe(0);

    const id = await proposed('carrier', admission('farm'));
    expect(rig.desk('mill').view()?.proposals).toMatchObject([
      {
        id: toHex(id),
        by: 'https://carrier.example',
        kind: 'admit',
        approvedBy: ['https://carrier.example'],
        awaited: ['mill', 'shop', 'board'].map((name) => `https://${name}.example`),
        answerDueMs: rig.nowMs + 14 * DAY_MS,
        departureMs: null,
      },
    ]);
    for (const name of ['mill', 'shop']) {
      const said = await sign(name, id);
      expect(said.ok && said.value.lines.at(-1)).toMatch(/^Still to sign: .*board/);
    }
    const last = await sign('board', id);
    expect(last.ok && last.value.lines).toEqual(['leaf 7', 'It holds from the next leaf on.']);
    expect(rig.names).toEqual([...NAMES, 'farm']);
    expect(rig.changed.map(({ iss }) => iss)).toEqual(Array(5).fill('https://farm.example'));
  });

  test.each([
    ['a card for a founding', { ledgerId: null }, 'wrong_ledger'],
    ['a card for another ledger', { ledgerId: new Uint8Array(32) }, 'wrong_ledger'],
  ])('is not taken by %s', (_what, wishes, code) => {
    const change = { kind: 'admit' as const, card: cardBytes(deskMember('farm'), wishes) };
    expect(rig.desk('mill').preview({ change, reason })).toMatchObject({ ok: false, code });
  });

  test('has keys and names of its own', async () => {
    const card = cardBytes(rig.member('shop'), { ledgerId: rig.ledgerId });
    const again = rig.desk('mill').preview({ change: { kind: 'admit', card }, reason });
    expect(again).toMatchObject({ ok: false, code: 'charter_contradiction' });
    const cut = { kind: 'admit' as const, card: card.subarray(0, 100) };
    expect(rig.desk('mill').preview({ change: cut, reason })).toMatchObject({ code: 'malformed' });
    expect(await rig.desk('mill').propose({ change: cut, reason, epoch: null })).toMatchObject({
      code: 'malformed',
    });
    expect(rig.ledger.state.size).toBe(4);
  });
});

describe('what was read is what is signed', () => {
  test('a preview is void once something else changed', async () => {
    const change: ChangeRequest = { kind: 'charter', terms: { retentionDays: 700 } };
    const read = rig.desk('mill').preview({ change, reason });
    const other = await proposed('shop', { kind: 'charter', terms: { answerTermDays: 7 } });
    for (const name of ['mill', 'carrier', 'board']) await sign(name, other);
    expect(rig.ledger.state.membership?.terms).toMatchObject({
      answerTermDays: 7,
      retentionDays: 365,
    });
    const { epoch } = read.ok ? read.value : { epoch: -1 };
    expect(await rig.desk('mill').propose({ change, reason, epoch })).toMatchObject({
      ok: false,
      code: 'stale_proposal',
    });
  });

  test('terms change one by one, and what contradicts the members is refused', async () => {
    const shown = rig.desk('mill').preview({
      change: { kind: 'charter', terms: { quorum: 3, disclosure: 'open' } },
      reason,
    });
    expect(shown.ok && shown.value.lines).toEqual(
      expect.arrayContaining(['quorum: "two-thirds" → 3', 'disclosure: "sealed" → "open"']),
    );
    const impossible = { kind: 'charter' as const, terms: { quorum: 9 } };
    expect(rig.desk('mill').preview({ change: impossible, reason })).toMatchObject({
      code: 'charter_contradiction',
    });
    const odd = { kind: 'charter' as const, terms: { retentionDays: -1 } };
    expect(rig.desk('mill').preview({ change: odd, reason })).toMatchObject({
      code: 'invalid_request',
    });
  });

  test('one rejection ends a proposal; nobody signs twice', async () => {
    const id = await proposed('mill', { kind: 'charter', terms: { retentionDays: 700 } });
    expect(await sign('mill', id)).toMatchObject({ code: 'answered' });
    expect(await sign('shop', id)).toMatchObject({ ok: true });
    const request = {
      proposalId: id,
      answer: 'reject' as const,
      reason: 'too long',
      textDigest: null,
    };
    const rejected = await rig.desk('board').answer(request);
    expect(rejected.ok && rejected.value.lines.at(-1)).toBe('The proposal is ended.');
    expect(await sign('carrier', id)).toMatchObject({ code: 'proposal_unknown' });
  });
});

describe('a silent member', () => {
  test('may be passed over after the term, by all the others here, and it stays on record', async () => {
    const id = await proposed('mill', { kind: 'charter', terms: { retentionDays: 700 } });
    await sign('carrier', id);
    await sign('board', id);
    const except = (by: string) =>
      rig.desk(by).except({ proposalId: id, member: 'https://shop.example' });
    expect(await except('mill')).toMatchObject({ code: 'term_running' });
    rig.nowMs += 14 * DAY_MS;
    expect(
      await rig.desk('mill').except({ proposalId: id, member: 'https://board.example' }),
    ).toMatchObject({ code: 'not_silent' });
    await except('mill');
    await except('carrier');
    expect(rig.desk('mill').view()?.proposals[0]?.excepted).toEqual([
      { member: 'https://shop.example', by: ['https://mill.example', 'https://carrier.example'] },
    ]);
    expect(await except('board')).toMatchObject({ ok: true });
    expect(rig.desk('shop').view()).toMatchObject({
      terms: { retentionDays: 700 },
      exceptions: [{ kind: 'silent', member: 'https://shop.example', proposalId: toHex(id) }],
    });
  });
});

describe('leaving', () => {
  test('alone, after the notice term', async () => {
    const id = await proposed('shop', { kind: 'exit' });
    expect(rig.desk('mill').view()?.proposals[0]).toMatchObject({
      departureMs: rig.nowMs + 30 * DAY_MS,
    });
    expect(await rig.desk('shop').depart(id)).toMatchObject({ code: 'term_running' });
    expect(await rig.desk('mill').depart(id)).toMatchObject({ code: 'not_allowed' });
    rig.nowMs += 30 * DAY_MS;
    expect(await rig.desk('shop').depart(id)).toMatchObject({ ok: true });
    expect(rig.names).toEqual(['mill', 'carrier', 'board']);
    expect(rig.desk('mill').view()).toMatchObject({
      formerMembers: [{ name: 'shop', sinceLeaf: 0 }],
      exceptions: [{ kind: 'departure' }],
      faults: { tolerated: 0, words: expect.stringContaining('no fault is tolerated') },
    });
  });

  test('expelled by all the others, who are asked and the expelled is not', async () => {
    const id = await proposed('mill', { kind: 'expel', member: 'https://shop.example' });
    expect(await sign('shop', id)).toMatchObject({ code: 'not_allowed' });
    await sign('carrier', id);
    await sign('board', id);
    expect(rig.names).toEqual(['mill', 'carrier', 'board']);
    expect(
      await rig.desk('shop').propose({ change: { kind: 'exit' }, reason, epoch: null }),
    ).toMatchObject({ ok: false, code: 'not_allowed' });
  });
});

describe('keys', () => {
  test('a key follows another, with a proof by itself', async () => {
    const { iss, signers } = rig.member('mill');
    const next = fixedSigner('desk mill next log');
    const prove = (ledgerId: Uint8Array) =>
      makeKeyProof(next, { iss, role: 'log', ledgerId, record: null });
    const change = (proof: Uint8Array): ChangeRequest => ({
      kind: 'key',
      role: 'log',
      retire: signers.log.kid,
      add: encodeCoseKey(next.key),
      proof,
    });
    expect(
      rig.desk('mill').preview({ change: change(prove(new Uint8Array(32))), reason }),
    ).toMatchObject({ code: 'proof' });
    expect(rig.desk('shop').preview({ change: change(prove(rig.ledgerId)), reason })).toMatchObject(
      { ok: false },
    );
    const id = await proposed('mill', change(prove(rig.ledgerId)));
    for (const name of ['carrier', 'shop', 'board']) await sign(name, id);
    expect(activeKey(rig.ledger.state.membership!, iss, 'log')?.kid).toEqual(next.kid);
    expect(rig.changed.map(({ role, status }) => [role, status])).toEqual([
      ['log', 'retired'],
      ['log', 'active'],
    ]);
  });

  test('an owner ends its gateway key alone and at once', async () => {
    const { gateway } = rig.member('mill').signers;
    const change: ChangeRequest = {
      kind: 'key',
      role: 'gateway',
      retire: gateway.kid,
      add: null,
      proof: null,
    };
    const said = await rig.desk('mill').propose({ change, reason, epoch: null });
    expect(said.ok && said.value.lines).toEqual(['leaf 4', 'It holds from the next leaf on.']);
  });
});

test('who tolerates what: members without evidence count as one', () => {
  const faults = (isEvidenced: (name: string) => boolean) => {
    const cards = Object.fromEntries(NAMES.map((n) => [n, { isEvidenced: isEvidenced(n) }]));
    const alliance = new DeskRig(NAMES, { cards });
    const view = alliance.desk('mill').view();
    alliance.close();
    return view?.faults;
  };
  expect(faults(() => true)).toMatchObject({ voting: 4, evidenced: 4, tolerated: 1 });
  expect(faults((name) => name !== 'shop')).toMatchObject({ evidenced: 3, tolerated: 1 });
  expect(faults((name) => name !== 'shop' && name !== 'mill')).toMatchObject({
    tolerated: 0,
    words:
      '4 members, 2 of them evidenced organisations, 4 voting: no fault is tolerated (2 voters without evidence count as one)',
  });
});

test('a device is opened by its owner alone', async () => {
  const request = {
    device: 'urn:dev:ops:32473-tg1-x',
    to: 'https://shop.example',
    fromLeaf: null,
    untilLeaf: null,
    reason,
  };
  expect(await rig.desk('mill').grant(request)).toMatchObject({ ok: false, code: 'not_allowed' });
});
