import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FilingDesk } from '../../../gateway/filing/filing-desk.ts';
import { filingPage } from '../../../gateway/filing/filing-page.ts';
import type { FilingSheet } from '../../../gateway/http/filing-backend.ts';
import type { LawSaying, LawView } from '../../../gateway/http/law-backend.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { truegrain } from '../../support/cli.ts';
import { bytes32, FakeBackend } from '../../support/fake-backend.ts';
import { SoloRig } from '../../support/solo-ledger.ts';
import { tokens } from '../http/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'tg-cli-law-'));
const backend = new FakeBackend();
const { law } = backend;
const rig = new SoloRig();
const said: LawSaying[] = [];
const asked: (number | null)[] = [];
let sheet: FilingSheet;
let server: HttpServer;
let view: LawView;

beforeAll(async () => {
  const origin = () => rig.origin;
  sheet = new FilingDesk({ reads: rig.context, self: 'https://mill.example', origin }).sheet(null)!;
  backend.filing = {
    sheet: (since) => {
      asked.push(since);
      return sheet;
    },
  };
  law.say = async (saying) => {
    said.push(saying);
    return { ok: true, value: { leafIndex: 9, id: bytes32(9), lines: ['leaf 9'] } } as never;
  };
  law.examine = async () =>
    ({ ok: true, value: { leafIndex: 9, id: bytes32(9), lines: ['leaf 9'] } }) as never;
  law.view = () => view;
  server = await startHttp({ backend, tokens, port: 0 });
});
afterAll(async () => {
  await server.close();
  rig.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) =>
  truegrain([...args, '--url', server.url, '--data', folder], {
    env: { TRUEGRAIN_TOKEN: 'operator' },
  });

describe('filing sheet', () => {
  test('in words, as JSON and as a page, each of the same sheet', async () => {
    const words = await run('filing', 'sheet');
    expect(words).toMatchObject({ code: 0, err: '' });
    expect(words.out).toContain('operator   Mill (https://mill.example)');
    expect(words.out).toContain('confirmed with counsel');
    const json = await run('filing', 'sheet', '--json', '--since', '12');
    expect(JSON.parse(json.out)).toEqual(JSON.parse(JSON.stringify(sheet)));
    expect(asked).toEqual([null, 12]);
    const page = await run('filing', 'sheet', '--html');
    expect(page.out).toBe(filingPage(sheet));
  });

  test('refuses both at once, and a leaf that is none', async () => {
    expect(await run('filing', 'sheet', '--json', '--html')).toMatchObject({ code: 2, out: '' });
    for (const since of ['x', '1.5', '1&x=2']) {
      expect(await run('filing', 'sheet', '--since', since)).toMatchObject({
        code: 2,
        err: expect.stringContaining('is no leaf'),
      });
    }
  });
});

describe('filing record', () => {
  const FLAGS: Record<string, string> = {
    '--number': '京网信备 1',
    '--authority': 'Cyberspace Administration of China',
    '--service': 'Rice in transit',
    '--filed': '2026-11-02',
    '--name': 'Wu Ling',
    '--organisation': 'Mill',
    '--contact': 'wu@mill.example',
  };
  const record = (changes: Record<string, string> = {}, ...more: string[]) =>
    run('filing', 'record', ...Object.entries({ ...FLAGS, ...changes }).flat(), ...more);
  beforeEach(() => {
    said.length = 0;
  });

  test('signs what it was given, and shows it before', async () => {
    const done = await record({ '--link': 'https://bcbeian.example/1' }, '--yes');
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toContain('Responsible: Wu Ling, Mill, wu@mill.example');
    expect(said).toEqual([
      {
        kind: 'filings',
        body: {
          number: '京网信备 1',
          authority: 'Cyberspace Administration of China',
          service: 'Rice in transit',
          filedMs: Date.UTC(2026, 10, 2),
          url: 'https://bcbeian.example/1',
          responsible: { name: 'Wu Ling', organisation: 'Mill', contact: 'wu@mill.example' },
          status: 'in force',
        },
      },
    ]);
  });

  test('says that one has ended', async () => {
    expect((await record({}, '--yes', '--ended')).code).toBe(0);
    expect(said).toMatchObject([{ body: { status: 'ended', url: null } }]);
  });

  test('signs nothing unread, without a person, for no day, or with an odd link', async () => {
    expect(await record()).toMatchObject({ code: 2 });
    const { '--name': _, ...anonymous } = FLAGS;
    const nobody = await run('filing', 'record', ...Object.entries(anonymous).flat(), '--yes');
    expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('--name') });
    for (const day of ['2026-02-30', '2.11.2026', '2026-11', 'today']) {
      const refused = await record({ '--filed': day }, '--yes');
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('is no day') });
    }
    expect((await record({ '--link': 'http://plain.example' }, '--yes')).code).toBe(2);
    expect(said).toEqual([]);
  });
});

describe('examine', () => {
  const seen = { root: '01'.repeat(32), devices: 2, statements: 20, refusals: 1 };
  const own = {
    clockOffsetMs: null,
    expiring: ['certificate of the door: 2026-12-01T00:00:00.000Z'],
    cosigned: [{ iss: 'https://shop.example', count: 7 }],
    anchored: 10,
    unheld: 3,
  };
  const report = { by: 'https://mill.example', leafIndex: 9, logTimeMs: 1, size: 8, seen, own };
  const empty = { edition: 0, rules: [], profiles: [], orders: [], filings: [] };
  beforeEach(() => {
    view = { ...empty, examinations: [report], differences: [], overdueExaminations: [] };
  });

  test('prints the own report', async () => {
    const done = await run('examine');
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out.split('\n')).toEqual(
      expect.arrayContaining([
        'leaf 9',
        '  statements  20',
        '  clock  could not be compared',
        '  https://shop.example cosigned 7 of 10 checkpoints',
        '  runs out soon: certificate of the door: 2026-12-01T00:00:00.000Z',
        'No two reports on the same leaves differ.',
      ]),
    );
  });

  test('exits 1 and names members where they differ, and who is overdue', async () => {
    const values = [
      { member: 'https://mill.example', value: 1 },
      { member: 'https://shop.example', value: 2 },
    ];
    const differences = [{ size: 8, field: 'refusals', values }];
    const overdueExaminations = [
      { member: 'https://carrier.example', lastMs: null, examinationDays: 7 },
    ];
    view = { ...view, differences, overdueExaminations };
    const done = await run('examine');
    expect(done.code).toBe(1);
    expect(done.out).toContain('FINDING: members differ about refusals of the first 8 leaves:');
    expect(done.out).toContain('  https://shop.example: 2');
    expect(done.out).toContain('FINDING: https://carrier.example has never reported');
    const json = await run('examine', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      leafIndex: 9,
      report: { leafIndex: 9, own: { unheld: 3 } },
      differences,
      overdue: overdueExaminations,
    });
  });
});
