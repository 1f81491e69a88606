import { mkdirSync, writeFileSync } from 'node:fs';
import { toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLaw } from '../../../gateway/default-law.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { sampleRule } from '../../support/sample-rule.ts';
import { SoloRig, SUBJECT, TEMPERATURE_SPEC, type TestDevice } from '../../support/solo-ledger.ts';
import { laboratory } from '../guard/laboratories.ts';
import { madeDcc } from '../guard/made-dcc.ts';
import { signedDcc } from '../guard/signed-dcc.ts';
import { as, harness } from './harness.ts';

type App = Awaited<ReturnType<typeof harness>>['app'];
const OFFICIAL = { name: 'I. Inspector', organisation: 'Board', contact: 'mailto:i@board.example' };
let rig: SoloRig;
let app: App;
let device: TestDevice;

async function open(charter: ConstructorParameters<typeof SoloRig>[0] = {}): Promise<void> {
  rig = new SoloRig({ law: defaultLaw([]), ...charter });
  const backend = new FakeBackend();
  backend.alliance = rig.desk;
  backend.law = rig.lawDesk;
  app = (await harness({ backend })).app;
  device = await rig.enrol('a', {
    sensors: [{ ...TEMPERATURE_SPEC, serial: 'SN-4711', min: -10, max: 50 }],
    binding: 'tag-counter',
  });
}

beforeEach(() => open());
afterEach(async () => {
  rig.expectSound();
  await app.close();
  rig.close();
});

const post = (url: string, payload: object, role: Parameters<typeof as>[0] = 'operator') =>
  app.inject({ method: 'POST', url, payload, headers: as(role) });
const get = (url: string) => app.inject({ url, headers: as('auditor') });
const propose = (change: object) =>
  post('/v1/alliance/proposals', { change, reason: 'agreed', epoch: null });

describe('rules', () => {
  test('proposed, in force, amended: the law tells all of it, to anybody', async () => {
    expect((await propose({ kind: 'rule', rule: sampleRule() })).statusCode).toBe(201);
    const second = sampleRule({ version: 2, title: 'At most eight' });
    expect((await propose({ kind: 'rule', rule: second })).statusCode).toBe(201);
    const law = (await app.inject('/v1/law')).json();
    expect(law).toMatchObject({
      edition: 2,
      rules: [
        { status: 'amended', rule: { version: 1, responsible: { name: 'R. Lee' } } },
        { status: 'in force', rule: { version: 2 }, approvedBy: ['https://mill.example'] },
      ],
    });
    expect(law.registry).toBeUndefined();
    expect((await get('/v1/law')).json().registry).toMatchObject({ bindings: [] });
  });

  test.each([
    ['the clock', { kind: 'cel', expression: 'now() > 0', windowS: null }, 'rule_clock'],
    [
      'a time zone',
      {
        kind: 'cel',
        expression: "timestamp('2020-01-01T00:00:00Z').getHours('Europe/Berlin') > 1",
        windowS: null,
      },
      'rule_time_zone',
    ],
    ['no verdict', { kind: 'cel', expression: '1 + 1', windowS: null }, 'rule_result'],
  ])('one with %s is refused with the reason', async (_what, check, code) => {
    const answer = await propose({ kind: 'rule', rule: sampleRule({ check: check as never }) });
    expect(answer.json()).toMatchObject({ code });
    expect(answer.json().detail).toContain('cold@1');
  });

  test('one that fails its own examples, or has nobody who answers for it', async () => {
    const [first] = sampleRule().examples;
    const turned = { ...first!, verdict: 'broken' as const };
    const examples = [...sampleRule().examples, turned];
    const wrong = await propose({ kind: 'rule', rule: sampleRule({ examples }) });
    expect(wrong.json()).toMatchObject({ code: 'rule_example' });
    const responsible = { name: '', organisation: '', contact: '' };
    const nobody = await propose({ kind: 'rule', rule: { ...sampleRule(), responsible } });
    expect(nobody.statusCode).toBe(400);
    expect(nobody.json().detail).toContain('responsible');
  });

  test('the same id and version again', async () => {
    await propose({ kind: 'rule', rule: sampleRule() });
    const again = await propose({ kind: 'rule', rule: sampleRule({ title: 'Another text' }) });
    expect([again.statusCode, again.json().code]).toEqual([409, 'rule_exists']);
  });
});

describe('who says what', () => {
  const order = {
    action: 'suspend',
    target: { kind: 'device', id: 'urn:dev:ops:32473-tg1-a' },
    legalBasis: 'Act, § 3',
    official: OFFICIAL,
    text: 'Stop.',
  };

  test('an order by a participant', async () => {
    const answer = await post('/v1/law/orders', order);
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'not_a_supervisor']);
  });

  test('nobody without a token, and no reader', async () => {
    expect(
      (await app.inject({ method: 'POST', url: '/v1/law/orders', payload: order })).statusCode,
    ).toBe(401);
    expect((await post('/v1/law/orders', order, 'auditor')).statusCode).toBe(403);
  });

  test('a subject that is suspended, or an action that nobody knows', async () => {
    const subject = { ...order, target: { kind: 'subject', id: SUBJECT } };
    expect((await post('/v1/law/orders', { ...order, action: 'erase' })).statusCode).toBe(400);
    expect((await post('/v1/law/orders', subject)).statusCode).toBeGreaterThanOrEqual(400);
  });
});

describe('what was not measured', () => {
  const claim = { subject: SUBJECT, text: 'Organic, from Wuchang.', speaker: OFFICIAL };

  test('is recorded under the speaker’s name, and is in no share', async () => {
    rig.commit(rig.temperatures(device, rig.nowMs - 60_000, [4]));
    expect((await post('/v1/law/claims', claim)).statusCode).toBe(201);
    const record = (await get(`/v1/subjects/${encodeURIComponent(SUBJECT)}`)).json();
    expect(record).toMatchObject({
      subject: SUBJECT,
      facts: { measured: 0, observed: 1, declared: 0 },
      measuredShare: 0,
      claims: [
        { text: 'Organic, from Wuchang.', speaker: OFFICIAL, passedOnBy: 'https://mill.example' },
      ],
    });
    expect(record.notProved.length).toBeGreaterThan(2);
  });

  test('is not attested, and the ledger says why in words', async () => {
    const size = rig.ledger.state.size;
    const answer = await post('/v1/law/claims', { ...claim, attest: true });
    expect(answer.json()).toMatchObject({ code: 'not_digitizable' });
    expect(answer.json().detail).toMatch(/Nobody measured this/);
    expect(rig.ledger.state.size).toBe(size);
  });
});

describe('evidence for grades', () => {
  const keys = '00'.repeat(16);
  const message = 'https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086';
  const gradeOf = () => {
    rig.commit(rig.temperatures(device, rig.nowMs - 60_000, [4]));
    const leaf = rig.ledger.state.size - 2;
    return (rig.ledger.store.packs.row(leaf)!.grade >> 8).toString(16);
  };
  const calibrate = (text: string) =>
    post('/v1/law/calibrations', {
      device: device.urn,
      sensor: 'temp',
      certificate: toBase64Url(Buffer.from(text)),
    });

  test('a certificate counts by its signature', async () => {
    const lab = await laboratory('Grain Lab');
    await app.close();
    rig.close();
    const laboratories = [{ name: 'Grain Lab', certificate: lab.certificate }];
    await open({ law: { ...defaultLaw([]), laboratories } });
    rig.nowMs = Date.parse('2026-11-02T08:00:00Z');
    expect(gradeOf()).toBe('2112');
    expect((await calibrate(madeDcc())).statusCode).toBe(201);
    expect(gradeOf()).toBe('2122');
    expect((await calibrate(signedDcc(madeDcc(), { by: lab }))).statusCode).toBe(201);
    expect(gradeOf()).toBe('2132');
    rig.nowMs = Date.parse('2027-06-01T08:00:00Z');
    expect(gradeOf()).toBe('2112');
  });

  test.each([
    ['of another instrument', madeDcc({ serial: 'SN-1' }), 'dcc_serial'],
    ['that ran out', madeDcc({ due: '2026-04-01' }), 'dcc_expired'],
    ['that is none', '<a/>', /^dcc_/],
  ])('a certificate %s', async (_what, text, code) => {
    rig.nowMs = Date.parse('2026-11-02T08:00:00Z');
    rig.commit(rig.temperatures(device, rig.nowMs - 60_000, [4]));
    const answer = await calibrate(text);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toEqual(
      typeof code === 'string' ? code : expect.stringMatching(code),
    );
  });

  test('a tag that proves itself ties the thing; the same message again is a copy', async () => {
    const tap = { subject: SUBJECT, place: 'dock 4', message };
    expect((await post('/v1/law/taps', tap)).json()).toMatchObject({ code: 'no_tag_keys' });
    const text = JSON.stringify({ metaReadKey: keys, fileReadKey: keys });
    mkdirSync(rig.folder.keys, { recursive: true });
    writeFileSync(rig.folder.tagKeys, text, { mode: 0o600 });
    expect(gradeOf()).toBe('2112');
    expect((await post('/v1/law/taps', tap)).statusCode).toBe(201);
    expect(gradeOf()).toBe('2113');
    const again = await post('/v1/law/taps', tap);
    expect([again.statusCode, again.json().code]).toEqual([409, 'sun_replayed']);
    const forged = message.replace('94EED9EE65337086', '94EED9EE65337087');
    expect((await post('/v1/law/taps', { ...tap, message: forged })).json()).toMatchObject({
      code: 'sun_mac',
    });
  });

  test('a seal whose number is another when it is opened ties nothing', async () => {
    const seal = { subject: SUBJECT, number: 'H-100', sealClass: 'H', photo: null };
    const none = await post('/v1/law/seals', { ...seal, at: 'opening' });
    expect(none.json()).toMatchObject({ code: 'target_unknown' });
    await post('/v1/law/seals', { ...seal, at: 'closing' });
    expect(
      (await post('/v1/law/seals', { ...seal, number: 'H-101', at: 'opening' })).statusCode,
    ).toBe(201);
    expect(gradeOf()).toBe('2111');
  });
});

describe('breaches', () => {
  test('name devices: for readers alone; disagreements name none', async () => {
    expect((await get('/v1/law/breaches')).json()).toEqual({ breaches: [], next: null });
    expect((await app.inject('/v1/law/breaches')).statusCode).toBe(401);
    expect((await app.inject('/v1/law/disagreements')).json()).toEqual({ disagreements: [] });
  });

  test('of a thing that nobody spoke of', async () => {
    expect((await get('/v1/subjects/urn%3Anobody')).statusCode).toBe(404);
  });
});
