import { toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cardBytes, DAY_MS, DeskRig, deskMember } from '../../support/desk-rig.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { as, harness } from './harness.ts';

type App = Awaited<ReturnType<typeof harness>>['app'];
let rig: DeskRig;
let app: App;
const opened = async () => {
  rig = new DeskRig(['mill', 'shop', 'board'], { kinds: { board: 'regulator' } });
  app = await doorOf('mill');
};
const closed = async () => {
  await app.close();
  rig.close();
};

/** The HTTP interface of one member's gateway. */
async function doorOf(name: string): Promise<App> {
  const backend = new FakeBackend();
  backend.alliance = rig.desk(name);
  return (await harness({ backend })).app;
}

const post = (url: string, payload: object, role: Parameters<typeof as>[0] = 'operator') =>
  app.inject({ method: 'POST', url, payload, headers: as(role) });

const reason = 'agreed';
const terms = { kind: 'charter', terms: { retentionDays: 700 } };

describe('GET /v1/alliance', () => {
  beforeAll(opened);
  afterAll(closed);

  test('is for everybody; what the node sees and who may read what, for a token', async () => {
    const open = await app.inject('/v1/alliance');
    expect(open.statusCode).toBe(200);
    const view = open.json();
    expect(view).toMatchObject({
      ledgerId: toHex(rig.ledgerId),
      self: 'https://mill.example',
      size: 3,
      epoch: 0,
      terms: { quorum: 'two-thirds', disclosure: 'sealed' },
      faults: { members: 3, voting: 3, tolerated: 0 },
      proposals: [],
      exceptions: [],
    });
    expect(
      view.members.map(({ name, kind }: { name: string; kind: string }) => [name, kind]),
    ).toEqual([
      ['mill', 'participant'],
      ['shop', 'participant'],
      ['board', 'regulator'],
    ]);
    expect(view.members[0].keys.map(({ role }: { role: string }) => role)).toEqual([
      'member',
      'log',
      'cosigner',
      'node',
      'gateway',
    ]);
    expect(view.own).toBeUndefined();
    const seen = await app.inject({ url: '/v1/alliance', headers: as('auditor') });
    expect(seen.json().own).toEqual({ grants: [], node: null });
    const device = await app.inject({ url: '/v1/alliance', headers: as('device') });
    expect(device.json().own).toBeUndefined();
  });

  test('says nothing before there is a charter', async () => {
    const { app: bare } = await harness();
    const answer = await bare.inject('/v1/alliance');
    expect(answer.json()).toMatchObject({ status: 404, code: 'not_found' });
    await bare.close();
  });
});

describe('a change', () => {
  beforeEach(opened);
  afterEach(closed);

  test('is previewed, proposed, signed by the others', async () => {
    const preview = await post('/v1/alliance/preview', { change: terms, reason });
    expect(preview.json()).toEqual({
      epoch: 0,
      lines: expect.arrayContaining(['retentionDays: 365 → 700', 'Reason: agreed']),
    });
    const made = await post('/v1/alliance/proposals', { change: terms, reason, epoch: 0 });
    expect(made.statusCode).toBe(201);
    const { id, leafIndex, lines } = made.json();
    expect({ leafIndex, lines }).toEqual({
      leafIndex: 3,
      lines: ['leaf 3', 'Still to sign: https://shop.example, https://board.example'],
    });
    for (const name of ['shop', 'board']) {
      await app.close();
      app = await doorOf(name);
      const said = await post(`/v1/alliance/proposals/${id}/answers`, { answer: 'approve' });
      expect(said.statusCode).toBe(201);
    }
    const view = (await app.inject('/v1/alliance')).json();
    expect(view).toMatchObject({ epoch: 1, terms: { retentionDays: 700 }, proposals: [] });
    const stale = await post('/v1/alliance/proposals', { change: terms, reason, epoch: 0 });
    expect(stale.json()).toMatchObject({ status: 409, code: 'stale_proposal' });
  });

  test('admits by a card', async () => {
    const card = cardBytes(deskMember('farm'), { ledgerId: rig.ledgerId });
    const change = { kind: 'admit', card: toBase64Url(card) };
    const preview = await post('/v1/alliance/preview', { change, reason });
    expect(preview.json().lines[0]).toContain('farm (https://farm.example) becomes a member');
    const wrong = { kind: 'admit', card: toBase64Url(cardBytes(deskMember('farm'))) };
    const refused = await post('/v1/alliance/preview', { change: wrong, reason });
    expect(refused.json()).toMatchObject({ status: 400, code: 'wrong_ledger' });
  });

  test('silence, notice and departure wait for their terms', async () => {
    const { id } = (
      await post('/v1/alliance/proposals', { change: { kind: 'exit' }, reason })
    ).json();
    const path = `/v1/alliance/proposals/${id}`;
    const early = await post(`${path}/exceptions`, { member: 'https://shop.example' });
    expect(early.json()).toMatchObject({ status: 409, code: 'term_running' });
    expect((await post(`${path}/departure`, {})).json()).toMatchObject({ code: 'term_running' });
    rig.nowMs += 30 * DAY_MS;
    expect((await post(`${path}/departure`, {})).statusCode).toBe(201);
    expect((await app.inject('/v1/alliance')).json()).toMatchObject({
      formerMembers: [{ name: 'mill' }],
      exceptions: [{ kind: 'departure', proposalId: id }],
    });
    const unknown = `/v1/alliance/proposals/${'0'.repeat(64)}/answers`;
    await app.close();
    app = await doorOf('shop');
    expect((await post(unknown, { answer: 'approve' })).json()).toMatchObject({
      status: 404,
      code: 'proposal_unknown',
    });
  });

  test('a grant is for an own device', async () => {
    const body = { device: 'urn:dev:ops:32473-tg1-x', to: 'https://shop.example', reason };
    expect((await post('/v1/alliance/grants', body)).json()).toMatchObject({
      status: 400,
      code: 'not_allowed',
    });
  });
});

describe('refused', () => {
  beforeAll(opened);
  afterAll(closed);

  test.each([
    [{ kind: 'admit' }, 'body/change/card is missing'],
    [{ kind: 'admit', card: 'AA=' }, 'body/change/card must match'],
    [{ kind: 'expel' }, 'body/change/member is missing'],
    [{ kind: 'exit', member: 'https://shop.example' }, 'body/change/member is not for'],
    [{ kind: 'charter' }, 'body/change/terms is missing'],
    [{ kind: 'charter', terms: { retention: 1 } }, 'body/change/terms/retention is not known'],
    [{ kind: 'charter', terms: { quorum: 'all' } }, 'body/change/terms/quorum'],
    [{ kind: 'key' }, 'body/change/role is missing'],
    [{ kind: 'key', role: 'p2p' }, 'body/change/role must be one of'],
    [{ kind: 'merge' }, 'body/change/kind must be one of'],
  ])('%j', async (change, detail) => {
    const answer = await post('/v1/alliance/preview', { change, reason });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(answer.json().detail).toContain(detail);
    expect(rig.ledger.state.size).toBe(3);
  });

  test('a card larger than a proposal may be', async () => {
    const change = { kind: 'admit', card: 'A'.repeat(140_000) };
    const answer = await post('/v1/alliance/preview', { change, reason });
    expect(answer.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  test.each(['auditor', 'deviceAdmin', 'device'] as const)('a token of role %s', async (role) => {
    const id = '0'.repeat(64);
    const urls = [
      '/v1/alliance/preview',
      '/v1/alliance/proposals',
      `/v1/alliance/proposals/${id}/answers`,
      `/v1/alliance/proposals/${id}/exceptions`,
      `/v1/alliance/proposals/${id}/departure`,
      '/v1/alliance/grants',
    ];
    for (const url of urls) {
      expect((await post(url, { change: terms, reason }, role)).json()).toMatchObject({
        code: 'forbidden',
      });
      expect((await app.inject({ method: 'POST', url, payload: {} })).statusCode).toBe(401);
    }
    expect(rig.ledger.state.size).toBe(3);
  });
});
