import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { lockFolder } from '../../../gateway/store/lock.ts';
import { truegrain } from '../../support/cli.ts';
import {
  copyFolder,
  discard,
  livedInLedger,
  stop,
  tamper,
  truncate,
} from '../../support/lived-in-ledger.ts';

let lived = '';
let root = '';
const made: string[] = [];
const place = (name: string) => {
  made.push(`${lived}-${name}`);
  return `${lived}-${name}`;
};
beforeAll(async () => {
  lived = stop(await livedInLedger());
  root = place('new');
});
afterAll(() => {
  for (const folder of [lived, ...made]) discard(folder);
});

const oneLine = (text: string) => expect(text).toMatch(/^truegrain: [^\n]+\n$/);

describe('init', () => {
  const NAMES = [
    '--iss',
    'https://mill.example',
    '--name',
    'Mill',
    '--ledger',
    'mill.example/rice',
  ];

  test('founds a ledger once', async () => {
    const { code, out } = await truegrain(['init', '--data', root, ...NAMES, '--json']);
    expect(code).toBe(0);
    const { origin, ledgerId } = JSON.parse(out) as { origin: string; ledgerId: string };
    expect(origin).toBe(`mill.example/rice/${ledgerId}`);
    const again = await truegrain(['init', '--data', root]);
    expect(again).toMatchObject({ code: 4, out: '' });
    expect(again.err).toMatch(/holds a ledger already/);
    const { code: clean, out: said } = await truegrain(['fsck', '--data', root, '--json']);
    expect(clean).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ ok: true, size: 1, ledgerId, findings: [] });
  });

  test('goes on after a crash with the keys that are there', async () => {
    const folder = place('crashed');
    await truegrain(['init', '--data', folder, ...NAMES]);
    const key = readFileSync(join(folder, 'keys/log.pem'), 'utf8');
    discard(join(folder, 'ledger.db'));
    discard(join(folder, 'keys/gateway.pem'));
    expect((await truegrain(['init', '--data', folder])).code).toBe(0);
    expect(readFileSync(join(folder, 'keys/log.pem'), 'utf8')).toBe(key);
  });

  test('without names it takes some that are nobody’s', async () => {
    const env = { TRUEGRAIN_DATA: place('trial') };
    expect((await truegrain(['init'], { env })).out).toMatch(/^ledger {2}trial\.invalid\/ledger\//);
    const config = JSON.parse(readFileSync(`${env.TRUEGRAIN_DATA}/truegrain.json`, 'utf8'));
    expect(config).toMatchObject({ data: '.', http: { port: 8080 }, mqtt: { port: 1883 } });
  });

  test('names what it can’t found', async () => {
    const bad = await truegrain(['init', '--data', place('bad'), '--ledger', 'https://x']);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.err).toMatch(/ledgerName must match/);
    const days = await truegrain(['init', '--data', place('days'), '--retention-days', 'x']);
    expect(days).toMatchObject({ code: 2 });
    const file = join(lived, 'signed-tip');
    const under = await truegrain(['init', '--data', join(file, 'below')]);
    expect(under.code).toBe(4);
    oneLine(under.err);
  });
});

describe('fsck and reindex', () => {
  test('a sound store', async () => {
    const { code, out, err } = await truegrain(['fsck', '--data', lived]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/12 device statements/);
    expect(out).toMatch(/\nsound\n$/);
    expect((await truegrain(['fsck', '--quick', '--data', lived])).out).toMatch(
      /as far as --quick/,
    );
  });

  test('a bar on a terminal, and not where it is unwanted', async () => {
    const bar = await truegrain(['fsck', '--data', lived], { isTTY: true });
    expect(bar.err).toMatch(/entries [#.]+ \d+%/);
    expect(bar.err.endsWith('\u001b[K')).toBe(true);
    const none = await truegrain(['fsck', '--data', lived, '--no-progress'], { isTTY: true });
    expect(none.err).toBe('');
  });

  test('what reindex rebuilds is said, rebuilt and sound again', async () => {
    const folder = copyFolder(lived, place('tables'));
    tamper(dataFolder(folder).ledger, 'DELETE FROM pack');
    const broken = await truegrain(['fsck', '--data', folder]);
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(
      /error table_differs: table pack leaf 3: .* \[reindex rebuilds it\]/,
    );
    expect(broken.out).toMatch(/advice: .*truegrain reindex/);
    expect(broken.out).toMatch(/NOT SOUND\n$/);
    expect(await truegrain(['reindex', '--data', folder])).toMatchObject({ code: 0, err: '' });
    expect((await truegrain(['fsck', '--data', folder])).code).toBe(0);
  });

  test('a store cut short, one that is none, one that is not there', async () => {
    const folder = copyFolder(lived, place('cut'));
    truncate(dataFolder(folder).ledger, 0.4);
    const cut = await truegrain(['fsck', '--data', folder]);
    expect(cut.code).toBe(1);
    expect(cut.out).toMatch(/ledger\.db/);
    expect(cut.out).toMatch(/advice: .*restore/);
    const reindexed = await truegrain(['reindex', '--data', folder]);
    expect(reindexed.code).toBe(4);
    expect(reindexed.err).toMatch(/ledger\.db/);
    oneLine(reindexed.err);
    writeFileSync(dataFolder(folder).ledger, 'no database at all');
    expect((await truegrain(['fsck', '--data', folder])).out).toMatch(/ledger\.db is damaged/);
    expect((await truegrain(['fsck', '--data', place('none')])).out).toMatch(/no such file/);
  });

  test('reindex beside a gateway', async () => {
    const held = lockFolder(dataFolder(lived).lock);
    const { code, err } = await truegrain(['reindex', '--data', lived]);
    held.release();
    expect({ code, err }).toMatchObject({ code: 4 });
    expect(err).toMatch(/in use by another truegrain process/);
  });
});

describe('backup and restore', () => {
  test('there and back, and the tip that knows more', async () => {
    const saved = place('saved');
    const { code, out } = await truegrain(['backup', saved, '--data', lived]);
    expect(code).toBe(0);
    expect(out).toMatch(/Without the secret keys/);
    expect((await truegrain(['backup', saved, '--data', lived])).code).toBe(4);
    const back = place('back');
    const restored = await truegrain(['restore', saved, '--data', back, '--json']);
    expect(JSON.parse(restored.out)).toMatchObject({ behindSignedTip: false });
    const again = await truegrain(['restore', saved, '--data', back]);
    expect(again.code).toBe(4);
    expect(again.err).toMatch(/--force replaces it/);
    const none = await truegrain(['restore', back, '--data', place('nowhere')]);
    expect(none.err).toMatch(/manifest\.json is not a backup's manifest/);
  });
});

describe('policy, token, key, export entries', () => {
  test('the policy is one that parses, of this ledger', async () => {
    const { out } = await truegrain(['policy', '--data', lived]);
    expect(parsePolicy(out)).toMatchObject({ ok: true, value: { logs: [{}], witnesses: [{}] } });
    expect((await truegrain(['policy', '--data', place('empty')])).code).toBe(4);
  });

  test('tokens are shown once', async () => {
    const add = ['token', 'add', '--data', root, '--role', 'operator', 'auditor', '--label', 'Ann'];
    const { out, err } = await truegrain(add);
    expect(out).toMatch(/^tg_[\w-]{43}\n$/);
    const id = /id (\w+);/.exec(err)?.[1] ?? '';
    const listed = await truegrain(['token', 'list', '--data', root]);
    expect(listed.out).toMatch(new RegExp(`${id} +operator,auditor +- +never +Ann`));
    expect(listed.out).not.toContain(out.trim());
    expect((await truegrain(['token', 'revoke', id, '--data', root])).code).toBe(0);
    expect((await truegrain(['token', 'revoke', id, '--data', root])).code).toBe(2);
    const wrong = await truegrain(['token', 'add', '--data', root, '--role', 'king']);
    expect(wrong.err).toMatch(/--role king is not one of operator, auditor/);
  });

  test('a key is never overwritten', async () => {
    const file = join(root, 'extra.pem');
    const { out } = await truegrain(['key', 'new', file, '--name', 'mill.example/k', '--json']);
    expect(JSON.parse(out)).toMatchObject({ vkey: expect.stringMatching(/^mill\.example\/k\+/) });
    const again = await truegrain(['key', 'new', file]);
    expect(again.code).toBe(4);
    oneLine(again.err);
  });

  test('entries as JSON lines and CSV', async () => {
    const json = await truegrain(['export', 'entries', '--data', lived, '--from-leaf', '2']);
    const lines = json.out.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ leafIndex: 2 });
    const file = join(root, 'entries.csv');
    await truegrain(['export', 'entries', '--data', lived, '--format', 'csv', '--out', file]);
    expect(readFileSync(file, 'utf8').trimEnd().split('\r\n')).toHaveLength(lines.length + 3);
    const wrong = await truegrain(['export', 'entries', '--data', lived, '--from-leaf', '-1']);
    expect(wrong.code).toBe(2);
  });
});

describe('usage', () => {
  test.each([
    [['bogus'], /unknown command/],
    [['fsck', '--bogus'], /unknown option/],
    [['verify'], /missing required argument/],
    [['device', 'list'], /needs a token/],
    [['device', 'list', '--token', 'x', '--url', 'nonsense'], /is not a URL/],
    [['evidence', 'abc', '--token', 'x'], /is not a statement id/],
    [['device', 'add', 'urn:dev:x', '--token', 'x'], /a device needs sensors/],
    [['device', 'add', 'urn:dev:x', '--token', 'x', '--sensor', 'a,b'], /are seven parts/],
    [['verify', '/nowhere.tgev'], /^$/],
  ])('%j', async (args, message) => {
    const { code, err } = await truegrain(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('help is no error', async () => {
    expect(await truegrain(['--help'])).toMatchObject({ code: 0, err: '' });
    expect((await truegrain(['device', '--help'])).out).toMatch(/revoke/);
  });

  test('a gateway that is not there', async () => {
    const { code, err } = await truegrain([
      'device',
      'list',
      '--token',
      'x',
      '--url',
      'http://127.0.0.1:1',
    ]);
    expect(code).toBe(5);
    oneLine(err);
  });

  test('a config that is wrong is named by its key', async () => {
    const folder = copyFolder(root, place('config'));
    const file = join(folder, 'truegrain.json');
    writeFileSync(file, '{"member": {"iss": "x"}}');
    const { code, err } = await truegrain(['fsck', '--data', folder]);
    expect(code).toBe(2);
    expect(err).toMatch(/truegrain\.json: /);
    oneLine(err);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that can’t be written', async () => {
    const folder = copyFolder(lived, place('readonly'));
    chmodSync(folder, 0o500);
    const { code, err } = await truegrain(['reindex', '--data', folder]);
    chmodSync(folder, 0o700);
    expect(code).toBe(4);
    oneLine(err);
    expect(existsSync(join(folder, 'ledger.db'))).toBe(true);
  });
});
