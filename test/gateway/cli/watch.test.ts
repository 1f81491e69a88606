import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { lockFolder } from '../../../gateway/store/lock.ts';
import type { Report } from '../../../gateway/watch/watcher.ts';
import { GATEWAY_PROGRAM } from '../../../sim/programs/built.ts';
import { GatewayProgram } from '../../../sim/programs/gateway-program.ts';
import { truegrain } from '../../support/cli.ts';
import { GatewayProcess, hasPrograms } from '../../support/gateway-process.ts';
import { allianceLedger, noteBy } from '../conformance/chain-samples.ts';
import { SampleBackend } from '../conformance/sample-backend.ts';
import { tokens } from '../http/harness.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tg-cli-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const state = () => join(folder, 'memory.json');

describe('truegrain watch --once', () => {
  const ledger = allianceLedger();
  const backend = new SampleBackend(ledger);
  let server: HttpServer;
  beforeAll(async () => {
    server = await startHttp({ backend, tokens, port: 0 });
  });
  afterAll(() => server.close());

  const policyFile = () => {
    const path = join(folder, 'policy.txt');
    writeFileSync(path, formatPolicy(ledger.policy));
    return path;
  };
  const run = (...args: string[]) =>
    truegrain(['watch', server.url, '--policy', policyFile(), '--once', ...args]);

  it('0: remembers beside the policy unless told where, in words and as JSON', async () => {
    const said = await run();
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toMatch(
      new RegExp(`${ledger.origin} {2}size ${ledger.size} {2}root .* sound`),
    );
    expect(readdirSync(folder).sort()).toEqual([
      'policy.txt',
      'policy.txt.watch.json',
      'policy.txt.watch.json.lock',
    ]);
    const again = JSON.parse((await run('--json')).out) as Report;
    expect(again).toMatchObject({ alarms: [], isNews: false, remembered: { size: ledger.size } });
    expect((await run('--state', state())).code).toBe(0);
    expect(existsSync(state())).toBe(true);
  });

  it('1: an earlier checkpoint of another history', async () => {
    expect((await run('--state', state())).code).toBe(0);
    const entries = ledger.entries.map((entry, i, all) => (i === 6 ? all[7]! : entry));
    const text = readFileSync(state(), 'utf8');
    const other = JSON.stringify({ ...JSON.parse(text), note: noteBy(ledger, { entries }) });
    writeFileSync(state(), other);
    const { code, out, err } = await run('--state', state());
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^truegrain: ALARM inconsistent: two roots were signed at size \d+\n/);
    expect(err).toMatch(/both notes are kept in .*memory\.json\.inconsistent-[0-9a-f]{16}\.json\n/);
    expect(readFileSync(state(), 'utf8')).toBe(other);
  });

  it('3: too few cosigned, and the log went silent', async () => {
    expect((await run('--state', state())).code).toBe(0);
    const honest = backend.note;
    backend.note = noteBy(ledger, { cosigners: ['acme'] });
    const few = await run('--state', join(folder, 'other.json'), '--json');
    backend.note = honest;
    expect(few.code).toBe(3);
    expect(JSON.parse(few.out)).toMatchObject({ alarms: [{ kind: 'policy_not_met' }] });
    expect(few.err).toMatch(/ALARM policy_not_met: .* lacks the quorum: cosigned by acme/);
    expect(existsSync(join(folder, 'other.json'))).toBe(false);
    const kept = JSON.parse(readFileSync(state(), 'utf8'));
    writeFileSync(state(), JSON.stringify({ ...kept, seenMs: Date.now() - 3_600_000 }));
    const stale = await run('--state', state(), '--stale', '600');
    expect(stale).toMatchObject({ code: 3, err: expect.stringContaining('ALARM stale: nothing') });
  });

  it('5: nobody there; 4: a memory that is none, or can’t be written; 2: wrong usage', async () => {
    const policy = policyFile();
    const gone = ['watch', 'http://127.0.0.1:1', '--policy', policy, '--once'];
    const unreachable = await truegrain(gone);
    expect(unreachable.code).toBe(5);
    expect(unreachable.err).toMatch(/^truegrain: ALARM unreachable: .* shows no checkpoint/);
    writeFileSync(state(), 'odd');
    const odd = await run('--state', state());
    expect(odd).toMatchObject({ code: 4, err: expect.stringContaining('is no memory') });
    expect(readFileSync(state(), 'utf8')).toBe('odd');
    expect((await run('--state', join(policy, 'memory.json'))).code).toBe(4);
    const lock = lockFolder(join(folder, 'taken.json.lock'));
    const taken = await run('--state', join(folder, 'taken.json'));
    lock.release();
    expect(taken).toMatchObject({ code: 4, err: expect.stringContaining('another truegrain') });
    for (const args of [
      ['watch', server.url, '--once'],
      ['watch', folder, '--policy', policy, '--once'],
      ['watch', server.url, '--policy', join(folder, 'absent'), '--once'],
      ['watch', server.url, '--policy', policy, '--once', '--interval', '0'],
      ['watch', server.url, '--policy', policy, '--once', '--stale', 'soon'],
    ]) {
      expect((await truegrain(args)).code, args.join(' ')).toBe(2);
    }
  });
});

describe.skipIf(!hasPrograms)('real gateways', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await GatewayProcess.found();
    // What a swindler with the member's keys starts from: the same founding, none of the rest.
    cpSync(gateway.data, join(gateway.folder, 'forged'), { recursive: true });
    await gateway.start();
    const { lines } = await gateway.run('policy');
    writeFileSync(join(gateway.folder, 'policy.txt'), `${lines.join('\n')}\n`);
  });
  afterAll(() => gateway.remove());

  const policy = () => join(gateway.folder, 'policy.txt');

  async function say(url: string, text: string): Promise<void> {
    const speaker = { name: 'A', organisation: 'B', contact: 'c@d.invalid' };
    const body = { subject: 'https://id.gs1.org/00/1', text, speaker, document: null };
    const response = await fetch(`${url}/v1/law/claims`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${gateway.tokens.operator}`,
      },
      body: JSON.stringify({ ...body, attest: false }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** Looks until the log has a checkpoint of that size at least. */
  async function shows(url: string, size: number): Promise<void> {
    for (;;) {
      const note = await (await fetch(`${url}/log/checkpoint`)).text();
      if (Number(note.split('\n')[1]) >= size) return;
    }
  }

  const once = (url: string, file: string) =>
    truegrain(['watch', url, '--policy', policy(), '--state', file, '--once', '--json']);

  it('a store that was replaced under the same keys is found out, and proved', async () => {
    const url = gateway.httpUrl;
    for (const text of ['one', 'two']) await say(url, text);
    await shows(url, 3);
    expect((await once(url, state())).code).toBe(0);
    const place = { data: join(gateway.folder, 'forged'), httpPort: 0, mqttPort: 0 };
    const forger = await GatewayProgram.start(place);
    try {
      const smaller = await once(forger.httpUrl, state());
      expect(smaller.code).toBe(1);
      expect(JSON.parse(smaller.out)).toMatchObject({ alarms: [{ kind: 'rolled_back' }] });
      for (const text of ['another', 'history', 'altogether', 'longer']) {
        await say(forger.httpUrl, text);
      }
      await shows(forger.httpUrl, 5);
      const grown = await once(forger.httpUrl, state());
      expect(grown.code).toBe(1);
      const report = JSON.parse(grown.out) as Report;
      expect(report).toMatchObject({
        alarms: [{ kind: 'inconsistent' }],
        remembered: { size: 3 },
        shown: { size: 5 },
      });
      const evidence = JSON.parse(readFileSync(report.evidence!, 'utf8'));
      expect(evidence.consistency.path.length).toBeGreaterThan(0);
    } finally {
      await forger.stop();
    }
    // The honest one still is.
    expect((await once(url, state())).code).toBe(0);
  });

  it('runs till SIGTERM, follows the log, says when it is gone and when it is back', async () => {
    const file = state();
    const args = ['watch', gateway.httpUrl, '--policy', policy(), '--state', file, '--interval'];
    const child = spawn(process.execPath, [GATEWAY_PROGRAM, ...args, '1', '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const reports: Report[] = [];
    let wake = () => {};
    let rest = '';
    child.stdout.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) reports.push(JSON.parse(line) as Report);
      wake();
    });
    const until = async (isIt: (report: Report) => boolean) => {
      while (!reports.some(isIt)) await new Promise<void>((resolve) => (wake = resolve));
      reports.length = 0;
    };
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await until(({ isNews }) => isNews);
    const before = JSON.parse(readFileSync(file, 'utf8')).note.split('\n')[1];
    await say(gateway.httpUrl, 'three');
    await until(({ remembered }) => (remembered?.size ?? 0) > Number(before));
    await gateway.stop();
    await until(({ alarms }) => alarms.some(({ kind }) => kind === 'unreachable'));
    await gateway.start();
    await until(({ alarms }) => alarms.length === 0);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
