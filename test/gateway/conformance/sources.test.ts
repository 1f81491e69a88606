// Each adapter against a real server or a real folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { noteKey } from '@truegrain/device-sdk/formats/note.js';
import { encodeEntryBundle, tilePath, tileWidth } from '@truegrain/device-sdk/formats/tiles.js';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../gateway/admit/native-verify.ts';
import { HttpReader } from '../../../gateway/conformance/http-reader.ts';
import { inspect } from '../../../gateway/conformance/inspect.ts';
import type { LedgerSource } from '../../../gateway/conformance/ledger-source.ts';
import { reportOf } from '../../../gateway/conformance/report.ts';
import { GatewaySource } from '../../../gateway/conformance/sources/gateway-source.ts';
import { openSource } from '../../../gateway/conformance/sources/open-source.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { sampleSigner } from '../../support/sample-members.ts';
import { tokens } from '../http/harness.ts';
import { allianceLedger, noteBy, outcomeOf, tileOf } from './chain-samples.ts';
import { SampleBackend } from './sample-backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'tg-conformance-'));
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true });
});

async function opened(place: string, token?: string): Promise<LedgerSource> {
  const source = await openSource(place, { token });
  if (!source.seen) throw new Error(source.detail);
  return source.value;
}

async function checked(place: string, policy: Policy, token?: string) {
  const source = await opened(place, token);
  const view = await inspect({
    source,
    trust: { policy, ledgerId: null },
    native: nativeVerify,
    asksMembers: false,
    open: (url) => new GatewaySource(url),
    rounds: 3,
  });
  source.close();
  return reportOf(view, new Date(0));
}

type Answer = { status?: number; headers?: Record<string, string>; body?: Uint8Array | string };

async function serve(answer: (path: string) => Answer): Promise<string> {
  const server = http.createServer((request, response) => {
    const { status = 200, headers = {}, body = '' } = answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a gateway over HTTP', () => {
  const ledger = allianceLedger();
  const backend = new SampleBackend(ledger);
  let server: HttpServer;
  beforeAll(async () => {
    server = await startHttp({ backend, tokens, port: 0 });
    closing.push(() => server.close());
  });

  it('shows the public its law, and a token everything', async () => {
    const source = await opened(server.url);
    expect(source.kind).toBe('gateway');
    const law = await source.leaves(ledger.size);
    expect(law.seen && law.value.isWhole).toBe(false);
    expect(law.seen && law.value.leaves.length).toBe(8);
    const auditor = await opened(server.url, 'auditor');
    const all = await auditor.leaves(ledger.size);
    expect(all.seen && all.value.isWhole).toBe(true);
    expect(all.seen && all.value.leaves.length).toBe(ledger.size);
  });

  it('is an alliance chain by its public routes alone, with its answering times', async () => {
    const report = await checked(server.url, ledger.policy);
    expect(report).toMatchObject({
      verdict: 'alliance chain',
      subject: { kind: 'gateway', size: ledger.size },
    });
    expect(outcomeOf(report, 'C-13')).toMatch(/^passed: p95 of the slowest public answer is/);
    expect(report.timings.map(({ name }) => name)).toContain('GET /v1/governance?limit=100');
    // The fake has no members' view: that is a route that does not answer.
    expect(report.timings.find(({ name }) => name === 'GET /v1/alliance')).toMatchObject({
      count: 0,
    });
    const open = await checked(server.url, ledger.policy, 'auditor');
    expect(outcomeOf(open, 'C-02')).toBe(
      `passed: all ${ledger.size} entries stand under the signed root`,
    );
    expect(outcomeOf(open, 'C-11')).toMatch(/^passed: 2 facts/);
  });

  it('a list of leaves that lies about a place is found out', async () => {
    const { governance } = backend;
    backend.governance = (from, limit) =>
      governance
        .call(backend, from, limit)
        .map((leaf) => ({ ...leaf, leafIndex: leaf.leafIndex === 6 ? 5 : leaf.leafIndex }));
    const report = await checked(server.url, ledger.policy);
    backend.governance = governance;
    expect(outcomeOf(report, 'C-02')).toBe('failed: leaf 5 is not under the signed root');
  });
});

describe('a C2SP tile log', () => {
  const logger = sampleSigner('foreign log');
  const witness = sampleSigner('foreign witness');
  const origin = 'log.example/foreign';
  const entries = Array.from({ length: 300 }, (_, i) => utf8(`entry ${i}`));
  const checkpoint = { origin, size: entries.length, root: rootOf(entries.map(leafHash)) };
  const name = 'witness.example';
  const signed = signCheckpoint({ checkpoint, signer: logger });
  const note =
    signed +
    cosign(formatCheckpointBody(checkpoint), { name, signer: witness, timeSeconds: 1_793_600_000 });
  const key = (named: string, type: 1 | 4, signer: typeof logger) =>
    noteKey(named, type, (signer.key as { x: Uint8Array }).x);
  const bare: Policy = {
    logs: [{ key: key(origin, 1, logger), url: null }],
    witnesses: [],
    groups: [],
    quorum: 'none',
  };
  const watched: Policy = {
    ...bare,
    witnesses: [{ name: 'w', key: key(name, 4, witness), url: null }],
    quorum: 'w',
  };

  /** Without the partial tiles of full rows: a log may drop them. */
  const answer = (path: string): Answer => {
    if (path === '/checkpoint') return { body: note };
    for (const level of [0, 1, 'entries'] as const) {
      for (const index of [0, 1]) {
        const width = tileWidth({
          level: level === 'entries' ? 0 : level,
          index,
          size: entries.length,
        });
        if (width === 0 || path !== `/${tilePath({ level, index, width })}`) continue;
        const bundle = () => encodeEntryBundle(entries.slice(index * 256, index * 256 + width));
        return { body: level === 'entries' ? bundle() : tileOf(entries, { level, index, width })! };
      }
    }
    return { status: 404 };
  };

  it('of one key and no witness is a private chain', async () => {
    const url = await serve(answer);
    const report = await checked(url, bare);
    expect(report).toMatchObject({
      verdict: 'private chain',
      presented: 1,
      evidenced: 0,
      subject: { kind: 'tiles', origin },
    });
    expect(outcomeOf(report, 'C-02')).toBe('passed: all 300 entries stand under the signed root');
    expect(outcomeOf(report, 'C-05')).toMatch(/^not seen/);
    expect(report.reasons.join()).toMatch(
      /not an alliance chain: C-04 failed: no organisation is shown/,
    );
    expect(report.reasons.join()).toMatch(
      /not an alliance chain: C-06 failed: whoever holds the log key writes what it likes, and nobody cosigns/,
    );
    expect(outcomeOf(report, 'C-07')).toMatch(/^failed: your policy asks for no cosignature/);
  });

  it('with a witness is still a private chain, and its quorum is there', async () => {
    const report = await checked(await serve(answer), watched);
    expect(report.verdict).toBe('private chain');
    expect(outcomeOf(report, 'C-07')).toBe('passed: as many cosigned as your policy asks for');
    expect(outcomeOf(report, 'C-06')).toMatch(/not shown that its 1 witnesses are others/);
  });

  it('of several log keys and no charter is a pseudo-chain', async () => {
    const other = { key: key(origin, 1, sampleSigner('second log')), url: null };
    const report = await checked(await serve(answer), {
      ...watched,
      logs: [...watched.logs, other],
    });
    expect(report).toMatchObject({ verdict: 'pseudo-chain', presented: 2 });
  });

  it('that changed an entry is a pseudo-chain whoever keeps it', async () => {
    const url = await serve((path) => {
      const { body = '', ...rest } = answer(path);
      return path.includes('entries')
        ? { ...rest, body: Buffer.from(body).map((byte, i) => (i === 8 ? byte ^ 1 : byte)) }
        : { ...rest, body };
    });
    const report = await checked(url, bare);
    expect(outcomeOf(report, 'C-02')).toBe(
      'failed: the entries, all of them, do not make up the signed root; leaf 0 is not that of the tiles; leaf 256 is not that of the tiles',
    );
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('in a folder is read from there, also as one of our own', async () => {
    const ledger = allianceLedger();
    const root = join(folder, 'tiles');
    const put = (path: string, bytes: Uint8Array | string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), bytes);
    };
    const width = ledger.size;
    put('checkpoint', noteBy(ledger));
    put(
      tilePath({ level: 0, index: 0, width }),
      tileOf(ledger.entries, { level: 0, index: 0, width })!,
    );
    put(tilePath({ level: 'entries', index: 0, width }), encodeEntryBundle(ledger.entries));
    const report = await checked(root, ledger.policy);
    expect(report).toMatchObject({
      verdict: 'alliance chain',
      evidenced: 4,
      subject: { kind: 'tiles' },
    });
    expect(outcomeOf(report, 'C-13')).toMatch(/^not seen/);
    rmSync(join(root, 'tile'), { recursive: true });
    const cut = await checked(root, ledger.policy);
    expect(cut.verdict).toBe('undecided');
  });

  it('in a folder without either is refused', async () => {
    expect(await openSource(folder)).toMatchObject({ seen: false, why: 'absent' });
    expect(await openSource(join(folder, 'nowhere'))).toMatchObject({ seen: false, why: 'absent' });
  });
});

describe('a SCITT service', () => {
  const keySet = encodeCbor([
    new Map<number, number | Uint8Array>([
      [1, 1],
      [2, utf8('k1')],
      [-1, 6],
      [-2, new Uint8Array(32)],
    ]),
  ]);
  const policy: Policy = { logs: [], witnesses: [], groups: [], quorum: 'none' };

  it('is one party’s word, and says what SCRAPI does not show', async () => {
    const url = await serve((path) =>
      path === '/.well-known/scitt-keys' ? { body: keySet } : { status: 404 },
    );
    const report = await checked(url, policy);
    expect(report).toMatchObject({
      verdict: 'private chain',
      presented: 1,
      subject: { kind: 'scitt', size: null },
    });
    expect(report.reasons[0]).toBe('one service signs every receipt');
    expect(outcomeOf(report, 'C-01')).toBe('not seen: no checkpoint was shown');
  });

  it('whose keys are no key set is no service', async () => {
    const url = await serve((path) =>
      path === '/.well-known/scitt-keys' ? { body: '<html>' } : { status: 404 },
    );
    expect(await openSource(url)).toMatchObject({
      seen: false,
      detail: expect.stringContaining('shows no checkpoint'),
    });
  });
});

describe('what comes over HTTP', () => {
  it('a rate limit is waited for', async () => {
    let asked = 0;
    const url = await serve(() => {
      asked += 1;
      return asked === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { body: 'here' };
    });
    expect(await new HttpReader(url).text('/a')).toEqual({ seen: true, value: 'here' });
    expect(asked).toBe(2);
  });

  it('is named by what it is', async () => {
    const url = await serve((path) => {
      if (path === '/big') return { body: Buffer.alloc(33 * 1024 * 1024) };
      if (path === '/text') return { body: Uint8Array.of(0xff) };
      return { status: Number(path.slice(1)) };
    });
    const reader = new HttpReader(url);
    expect(await reader.bytes('/404')).toMatchObject({ seen: false, why: 'absent' });
    expect(await reader.bytes('/401')).toMatchObject({ seen: false, why: 'forbidden' });
    expect(await reader.bytes('/503')).toMatchObject({ seen: false, why: 'unreachable' });
    expect(await reader.bytes('/big')).toMatchObject({ seen: false, why: 'malformed' });
    expect(await reader.text('/text')).toMatchObject({ seen: false, why: 'malformed' });
    expect(await reader.json('/text')).toMatchObject({ seen: false });
    const nobody = new HttpReader('http://127.0.0.1:1');
    expect(await nobody.bytes('/')).toMatchObject({ seen: false, why: 'unreachable' });
  });

  it('a gateway that lists leaves without end, or none that are, is not followed', async () => {
    const ledger = allianceLedger();
    for (const page of [
      { leaves: [{ id: 'x', leafIndex: 0 }], next: null },
      { leaves: [], next: 0 },
      { leaves: [{ id: '0'.repeat(64), leafIndex: -1 }], next: null },
      7,
    ]) {
      const url = await serve((path) =>
        path.startsWith('/v1/governance') ? { body: JSON.stringify(page) } : { status: 404 },
      );
      expect(await new GatewaySource(url).leaves(ledger.size)).toMatchObject({
        seen: false,
        why: 'malformed',
      });
    }
  });
});
