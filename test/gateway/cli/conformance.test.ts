import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { MEDIA_ENDPOINT } from '@truegrain/device-sdk/formats/media-types.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { formatPolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceReport } from '../../../gateway/conformance/report.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { truegrain } from '../../support/cli.ts';
import { FourBooks } from '../../support/four-books.ts';
import { GatewayProcess, hasPrograms } from '../../support/gateway-process.ts';
import { sampleCharter, sampleMember } from '../../support/sample-members.ts';
import {
  allianceLedger,
  endpointOf,
  evidenceOf,
  FOUR,
  noteBy,
} from '../conformance/chain-samples.ts';
import { SampleBackend } from '../conformance/sample-backend.ts';
import { tokens } from '../http/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'tg-cli-conformance-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('truegrain conformance', () => {
  const ledger = allianceLedger();
  const backend = new SampleBackend(ledger);
  const policy = file('policy.txt', formatPolicy(ledger.policy));
  let server: HttpServer;
  beforeAll(async () => {
    server = await startHttp({ backend, tokens, port: 0 });
  });
  afterAll(() => server.close());

  const run = (...args: string[]) =>
    truegrain(['conformance', server.url, '--no-members', ...args]);

  it('0: an alliance chain, in words, as JSON and as a page', async () => {
    const said = await run('--policy', policy);
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out.split('\n')[0]).toBe('ALLIANCE CHAIN');
    const json = await run('--policy', policy, '--json');
    const report = JSON.parse(json.out) as ConformanceReport;
    expect(report).toMatchObject({ v: 1, verdict: 'alliance chain', presented: 4, evidenced: 4 });
    const page = join(folder, 'report.html');
    const html = await run('--policy', policy, '--html', '--out', page);
    expect(html).toMatchObject({ code: 0, out: `ALLIANCE CHAIN (${page})\n` });
    expect(readFileSync(page, 'utf8')).toContain('<h1 class="good">ALLIANCE CHAIN</h1>');
  });

  it('a ledger id is trust enough; with a token more is seen', async () => {
    const id = toHex(ledger.ledgerId);
    const { code, out } = await run('--ledger', id, '--token', 'auditor', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out) as ConformanceReport;
    expect(report.trust).toEqual(['ledger id']);
    expect(report.criteria.find((one) => one.id === 'C-11')?.outcome).toBe('passed');
    expect((await run('--ledger', ledger.origin, '--policy', policy)).code).toBe(0);
  });

  it('2: without trust it refuses, and says what either would trust', async () => {
    const { code, err, out } = await run();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/whom do you trust\? --policy FILE .* --ledger ID/);
    for (const args of [
      ['--policy', join(folder, 'absent.txt')],
      ['--policy', file('bad.txt', 'hello')],
      ['--ledger', 'ABC'],
      ['--policy', policy, '--json', '--html'],
      ['--policy', policy, '--peer', 'ftp://x'],
      ['--policy', policy, '--scitt'],
    ]) {
      expect((await run(...args)).code, args.join(' ')).toBe(2);
    }
    expect((await truegrain(['conformance', folder, '--policy', policy])).code).toBe(2);
  });

  it('1: a pseudo-chain; 5: nobody there', async () => {
    const forged = allianceLedger({
      names: ['acme', 'bolt', 'cargo'],
      quorum: 2,
      records: ONE_EVIDENCE,
    });
    const forger = await startHttp({ backend: new SampleBackend(forged), tokens, port: 0 });
    const trust = file('forged.txt', formatPolicy(forged.policy));
    const { code, out } = await truegrain([
      'conformance',
      forger.url,
      '--policy',
      trust,
      '--no-members',
    ]);
    await forger.close();
    expect(code).toBe(1);
    expect(out.split('\n')[0]).toBe('PSEUDO-CHAIN: it is not what it presents');
    const gone = await truegrain(['conformance', forger.url, '--policy', trust]);
    expect(gone).toMatchObject({ code: 5, err: expect.stringContaining('shows no checkpoint') });
    const scitt = await truegrain(['conformance', 'http://127.0.0.1:1', '--scitt']);
    expect(scitt.code).toBe(5);
  });

  it('--state convicts a ledger that changed its history, and keeps the proof', async () => {
    const state = join(folder, 'state.note');
    expect((await run('--policy', policy, '--state', state)).code).toBe(0);
    expect(readFileSync(state, 'utf8')).toBe(backend.note);
    const entries = ledger.entries.map((entry, i, all) => (i === 6 ? all[7]! : entry));
    const before = noteBy(ledger, { entries });
    writeFileSync(state, before);
    const { code, out } = await run('--policy', policy, '--state', state);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED {3}C-03/);
    expect(readFileSync(state, 'utf8')).toBe(before);
    const unread = await run('--policy', policy, '--state', file('odd.note', 'odd'));
    expect(unread.code).toBe(5);
    expect(readFileSync(join(folder, 'odd.note'), 'utf8')).toBe('odd');
  });

  it('a SCITT service is one party’s word', async () => {
    const { code, out } = await run('--scitt');
    expect(code).toBe(3);
    expect(out.split('\n')[0]).toBe('PRIVATE CHAIN: one party’s word');
    expect(out).toContain('Trusted: nothing');
  });
});

const ONE_EVIDENCE = Object.fromEntries(
  ['acme', 'bolt', 'cargo'].map((name) => {
    return [name, { legalId: { ...evidenceOf(name), evidence: evidenceOf('acme').evidence } }];
  }),
);

describe('on a data folder', () => {
  it('the books of four members, built by the state machine, are an alliance chain', async () => {
    const { founders } = sampleCharter(
      FOUR.map((name) => sampleMember(name)),
      3,
    );
    const four = new FourBooks({
      founders: founders.map((one) => ({ ...one, legalId: evidenceOf(one.name) })),
    });
    try {
      for (const member of four.members) {
        const endpoint = { logTimeMs: four.timeMs, ...endpointOf(member.member.name) };
        const contents = { contentType: MEDIA_ENDPOINT, bytes: encodeEndpoint(endpoint) };
        const { tx } = four.governance(member, { ...contents, sub: 'ledger.example/rice' });
        await four.block([tx]);
      }
      const { first, state } = four;
      const entries = first.books.store.leaves.entries(0, state.size);
      const origin = `ledger.example/rice/${toHex(state.ledgerId!)}`;
      const members = four.members.map(({ member }) => member);
      const note = noteBy({ origin, entries, members } as never);
      first.books.store.db.prepare('INSERT INTO checkpoint VALUES (?, ?)').run(state.size, note);
      const policy = file('four.txt', formatPolicy(policyOfMembership(state.membership!, origin)));
      const args = ['--policy', policy, '--no-members', '--json'];
      const { code, out } = await truegrain(['conformance', first.folder.root, ...args]);
      expect(code).toBe(0);
      const report = JSON.parse(out) as ConformanceReport;
      expect(report).toMatchObject({ verdict: 'alliance chain', presented: 4, evidenced: 4 });
      expect(report.subject).toMatchObject({ kind: 'data-folder', size: 8 });
    } finally {
      four.close();
    }
  });
});

describe.skipIf(!hasPrograms)('a solo gateway as an operator runs it', () => {
  it('is a private chain, from outside and from its folder', async () => {
    const gateway = await GatewayProcess.started();
    try {
      const { lines } = await gateway.run('policy');
      const policy = file('solo.txt', `${lines.join('\n')}\n`);
      const outside = await truegrain([
        'conformance',
        gateway.httpUrl,
        '--policy',
        policy,
        '--json',
      ]);
      expect(outside.code).toBe(3);
      const report = JSON.parse(outside.out) as ConformanceReport;
      expect(report).toMatchObject({ verdict: 'private chain', presented: 1, evidenced: 0 });
      expect(report.timings.every(({ count, failed }) => count === 20 && failed === 0)).toBe(true);
      const failed = report.criteria.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ id }) => id)).toEqual(expect.arrayContaining(['C-04', 'C-06']));
      expect(failed.map(({ id }) => id)).not.toContain('C-13');
      const inside = await truegrain(['conformance', gateway.data, '--policy', policy]);
      expect(inside.code).toBe(3);
      expect(existsSync(gateway.data)).toBe(true);
    } finally {
      await gateway.remove();
    }
  });
});
