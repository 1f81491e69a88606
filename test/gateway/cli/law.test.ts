import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLaw } from '../../../gateway/default-law.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { truegrain } from '../../support/cli.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { SoloRig, SUBJECT, TEMPERATURE_SPEC, type TestDevice } from '../../support/solo-ledger.ts';
import { tokens } from '../http/harness.ts';

const PERSON = [
  '--name',
  'R. Lee',
  '--organisation',
  'Mill',
  '--contact',
  'mailto:lee@mill.example',
];
let rig: SoloRig;
let server: HttpServer;
let device: TestDevice;
let ruleFile = '';

beforeAll(async () => {
  rig = new SoloRig({ law: defaultLaw([]) });
  const backend = new FakeBackend();
  backend.alliance = rig.desk;
  backend.law = rig.lawDesk;
  server = await startHttp({ backend, tokens, port: 0 });
  device = await rig.enrol('a', {
    sensors: [{ ...TEMPERATURE_SPEC, quantity: 'temperature' }],
  });
  ruleFile = join(rig.root, 'rule.json');
});
afterAll(async () => {
  rig.expectSound();
  await server.close();
  rig.close();
});

/** In the folder of the ledger, as its operator would. */
const run = (...args: string[]) =>
  truegrain([...args, '--data', rig.root, '--url', server.url], {
    env: { TRUEGRAIN_TOKEN: 'operator' },
  });
/** On the folder alone: no gateway is asked. */
const testRule = (file: string, { isTTY = false } = {}) =>
  truegrain(['rule', 'test', file, '--data', rig.root], { isTTY });
const yes = ['--yes', '--reason', 'agreed'];

describe('charter', () => {
  test('show tells the terms in words, or as JSON that `propose` takes', async () => {
    const { out, code } = await run('charter', 'show');
    expect(code).toBe(0);
    expect(out).toContain('Kinds of member: participant');
    expect(out).toContain('retentionDays');
    const { terms } = JSON.parse((await run('charter', 'show', '--json')).out);
    expect(terms.law.examinationDays).toBe(30);
  });

  test('diff shows what a file changes and signs nothing; propose does', async () => {
    const file = join(rig.root, 'terms.json');
    writeFileSync(file, JSON.stringify({ retentionDays: 2_000 }));
    const { size } = rig.ledger.state;
    const diff = await run('charter', 'diff', file);
    expect(diff.out).toContain('retentionDays: 1 → 2000');
    expect(rig.ledger.state.size).toBe(size);
    expect((await run('charter', 'propose', file, ...yes)).code).toBe(0);
    expect(rig.ledger.state.charter?.retentionDays).toBe(2_000);
  });

  test('one that would leave zero members', async () => {
    const { terms } = JSON.parse((await run('charter', 'show', '--json')).out);
    const file = join(rig.root, 'nobody.json');
    writeFileSync(file, JSON.stringify({ law: { ...terms.law, memberKinds: ['auditor'] } }));
    const answer = await run('charter', 'propose', file, ...yes);
    expect(answer).toMatchObject({ code: 5, err: expect.stringContaining('Nobody would be left') });
  });
});

describe('rule', () => {
  test('new writes one that passes; test runs it on the past', async () => {
    expect((await run('rule', 'list')).out).toContain('No rule has been in force.');
    expect(
      (await truegrain(['rule', 'new', ruleFile, ...PERSON, '--basis', 'our contract, § 3'])).code,
    ).toBe(0);
    rig.commit(
      rig.temperatures(device, rig.nowMs - 120_000, [5]),
      rig.temperatures(device, rig.nowMs - 60_000, [9]),
    );
    const tested = await testRule(ruleFile);
    expect(tested).toMatchObject({ code: 0, err: '' });
    expect(tested.out).toContain('Its 2 examples come out as they say.');
    expect(tested.out).toContain('It would have found 1 that break it.');
    // A million statements take a while.
    const watched = await testRule(ruleFile, { isTTY: true });
    expect(watched.err).toMatch(/statements [#.]{30} \d+%/);
    expect(watched.err.endsWith('\u001b[K')).toBe(true);
    const again = await truegrain([
      'rule',
      'new',
      ruleFile,
      ...PERSON,
      '--basis',
      'our contract, § 3',
    ]);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
  });

  test('propose, history, amend, suspend, resume, retire', async () => {
    expect((await run('rule', 'propose', ruleFile, ...yes)).out).toContain(
      'It holds from the next',
    );
    const rule = JSON.parse(readFileSync(ruleFile, 'utf8'));
    const second = join(rig.root, 'second.json');
    writeFileSync(second, JSON.stringify({ ...rule, version: 2, title: 'Amended' }));
    expect((await run('rule', 'amend', second, ...yes)).code).toBe(0);
    const history = await run('rule', 'history', 'cold-chain-2-8');
    expect(history.out).toMatch(/cold-chain-2-8@1 .*\(amended\)/);
    expect(history.out).toMatch(/cold-chain-2-8@2 {2}Amended \(in force\)/);
    expect(history.out).toContain('responsible  R. Lee, Mill');
    expect((await run('rule', 'suspend', 'cold-chain-2-8@2', ...yes)).code).toBe(0);
    expect((await run('rule', 'list')).out).toContain('suspended');
    expect((await run('rule', 'resume', 'cold-chain-2-8@2', ...yes)).code).toBe(0);
    expect((await run('rule', 'retire', 'cold-chain-2-8@2', ...yes)).code).toBe(0);
    expect((await run('rule', 'list')).out).toContain('retired');
  });

  test('what is no rule is said by name, before anything is asked', async () => {
    const file = join(rig.root, 'bad.json');
    const rule = JSON.parse(readFileSync(ruleFile, 'utf8'));
    for (const [change, words] of [
      [{ id: 'Cold Chain' }, 'rule.id'],
      [{ examples: [] }, 'rule.examples'],
      [{ responsible: undefined }, 'is no rule'],
      [{ responsible: { ...rule.responsible, name: '  ' } }, 'responsible.name'],
      [{ effect: 'delete' }, 'rule.effect'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...rule, ...change }));
      const answer = await testRule(file);
      expect(answer).toMatchObject({ code: 2, err: expect.stringContaining(words) });
    }
    const turned = { kept: 'broken', broken: 'kept' } as const;
    const examples = rule.examples.map((example: { verdict: 'kept' | 'broken' }) => {
      return { ...example, verdict: turned[example.verdict] };
    });
    writeFileSync(file, JSON.stringify({ ...rule, examples }));
    expect(await testRule(file)).toMatchObject({ code: 1 });
    expect((await run('rule', 'retire', 'cold', ...yes)).err).toContain('id@version');
    expect((await run('rule', 'history', 'warm')).err).toContain('no rule warm');
  });

  test('nothing is signed unread', async () => {
    const file = join(rig.root, 'unread.json');
    writeFileSync(file, JSON.stringify({ retentionDays: 3_000 }));
    const answer = await run('charter', 'propose', file, '--reason', 'agreed');
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  });
});

describe('profile', () => {
  test('list, show, propose, bind; what the device lacks for it is told', async () => {
    expect((await run('profile', 'list')).out).toContain('pharma-gdp');
    const shown = await truegrain(['profile', 'show', 'pharma-gdp']);
    expect(shown.out).toContain('Responsible: whom the proposal names, organisation, contact');
    expect((await run('profile', 'propose', 'pharma-gdp', ...PERSON, ...yes)).code).toBe(0);
    const bound = await run('profile', 'bind', device.urn, 'pharma-gdp', '--yes');
    expect(bound).toMatchObject({ code: 0 });
    expect(bound.out).toMatch(/temp: metrology 1, the profile wants \d/);
    const other = await rig.enrol('b', { sensors: [{ ...TEMPERATURE_SPEC, quantity: 'noise' }] });
    const refused = await run('profile', 'bind', other.urn, 'pharma-gdp', '--yes');
    expect(refused).toMatchObject({ code: 5, err: expect.stringContaining('has none') });
    expect((await run('profile', 'bind', device.urn, 'food-chilled', '--yes')).err).toContain(
      'No such profile',
    );
    expect((await run('profile', 'show', 'wine')).code).toBe(2);
  });
});

describe('orders, grants, evidence, claims', () => {
  test('an order by a participant, an appeal against none, and an empty list', async () => {
    const order = ['order', 'suspend', 'device', device.urn, '--basis', 'Act', '--text', 'Stop.'];
    const answer = await run(...order, ...PERSON, '--yes');
    expect(answer).toMatchObject({ code: 5, err: expect.stringContaining('Not a supervisor') });
    const appeal = await run('order', 'appeal', '00'.repeat(32), '--text', 'No.', '--yes');
    expect(appeal.err).toContain('No such target');
    expect((await run('order', 'list')).out).toContain('No order was given.');
  });

  test('a grant that is not this member’s to use', async () => {
    const use = [
      'grant',
      'use',
      device.urn,
      '--basis',
      'Act',
      '--from-leaf',
      '0',
      '--until-leaf',
      '9',
    ];
    expect((await run(...use, ...PERSON, '--yes')).code).toBe(5);
    expect((await run('grant', 'list')).out).toContain('Nobody used');
    expect((await run(...use.with(-1, 'x'), ...PERSON, '--yes')).code).toBe(2);
  });

  test('a claim is recorded, and not attested', async () => {
    const claim = ['claim', SUBJECT, '--text', 'Organic.', ...PERSON, '--yes'];
    expect((await run(...claim)).code).toBe(0);
    const attested = await run(...claim, '--attest');
    expect(attested).toMatchObject({
      code: 5,
      err: expect.stringContaining('Nobody measured this'),
    });
  });

  test('seals, and a condition that the charter does not have', async () => {
    const photo = ['--photo', 'ab'.repeat(32)];
    expect((await run('seal', 'closing', SUBJECT, 'H-1', ...photo, '--yes')).code).toBe(0);
    expect((await run('seal', 'closing', SUBJECT, 'H-1', '--photo', 'x', '--yes')).code).toBe(2);
    const document = ['--issued-by', 'Office', '--number', '7', '--document', 'cd'.repeat(32)];
    const credential = await run(
      'credential',
      'https://lab.example',
      'licence',
      ...document,
      '--yes',
    );
    expect(credential.err).toContain('the charter has no condition licence');
    expect(
      (await run('credential', 'https://lab.example', 'licence', ...document, '--until', 'soon'))
        .code,
    ).toBe(2);
  });
});
