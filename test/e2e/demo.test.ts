// `npm start` after the build: the gateway and three devices as processes, then a stranger's check.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Tokens } from '../../sim/gateway-api.ts';
import { truegrain } from '../../sim/programs/gateway-program.ts';
import { Program, runToEnd } from '../../sim/programs/program.ts';
import { hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const RUN_DEMO = `import('${new URL('../../sim/dist/main.js', import.meta.url).href}')
  .then(({ runDemo }) => runDemo()).then((code) => { process.exitCode = code; })`;
const FIRST_RECEIPT_S_MAX = 5;
/** An empty Node process on an idle machine of two cores. */
const NODE_START_MS = 60;

built('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-demo-'));
  const data = join(folder, 'data');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function demo(): Program {
    const env = { TRUEGRAIN_DATA: data, TRUEGRAIN_HTTP_PORT: '0', TRUEGRAIN_MQTT_PORT: '0' };
    return new Program({ name: 'demo', file: '--input-type=module', args: ['-e', RUN_DEMO], env });
  }

  async function found(running: Program, pattern: RegExp): Promise<string> {
    const match = await running.line(pattern);
    if (!match?.[1]) throw new Error(running.lines.join('\n'));
    return match[1];
  }

  let ledgerId = '';
  let seqBefore = 0;

  it('verifies a first receipt within five seconds, and its proof stands alone', {
    timeout: 120_000,
  }, async () => {
    const slowness = await slowdown();
    const running = demo();
    const api = await found(running, /(http:\/\/[\d.:]+)\/openapi\.json/);
    ledgerId = await found(running, /^Ledger id\s+([0-9a-f]{64})$/);
    const first = Number(await found(running, /the first ([\d.]+) s after start/));
    // Beside other tests every process is slower; a machine of its own is held to the number.
    expect(first).toBeLessThan(FIRST_RECEIPT_S_MAX * slowness);

    const url = await found(running, /(http:\/\/\S+\/v1\/statements\/[0-9a-f]{64}\/evidence)/);
    const command = await found(running, /((?:npx|node) .*verify last\.tgev .*)$/);
    const tokens = JSON.parse(readFileSync(join(data, 'demo-tokens.json'), 'utf8')) as Tokens;
    expect(statSync(join(data, 'demo-tokens.json')).mode & 0o777).toBe(0o600);
    const headers = { authorization: `Bearer ${tokens.auditor}` };
    const evidence = await fetch(url, { headers });
    expect(evidence.status).toBe(200);
    const file = join(folder, 'last.tgev');
    writeFileSync(file, Buffer.from(await evidence.arrayBuffer()));
    expect((await fetch(`${api}/log/checkpoint`)).status).toBe(200);
    const rows = await newestSeqs(api, tokens);
    seqBefore = Math.max(...rows);

    expect(await running.stop()).toEqual({ code: 0, signal: null });
    await expect(fetch(`${api}/healthz`), 'the gateway ends with the demo').rejects.toThrow();
    // Now there is nobody to ask.
    const trusted = await truegrain(['verify', file, '--ledger', ledgerId]);
    expect(trusted.code, trusted.lines.join('\n')).toBe(0);
    const alone = await truegrain(['verify', file]);
    expect(alone.code, alone.lines.join('\n')).toBe(3);
    expect(command).toContain(`--ledger ${ledgerId}`);
  });

  it('continues on the second start: same ledger, same devices, sequence goes on', {
    timeout: 120_000,
  }, async () => {
    const running = demo();
    const api = await found(running, /(http:\/\/[\d.:]+)\/openapi\.json/);
    expect(await found(running, /^Ledger id\s+([0-9a-f]{64})$/)).toBe(ledgerId);
    await found(running, /the first ([\d.]+) s after start/);
    const tokens = JSON.parse(readFileSync(join(data, 'demo-tokens.json'), 'utf8')) as Tokens;
    const headers = { authorization: `Bearer ${tokens.auditor}` };
    const response = await fetch(`${api}/v1/devices`, { headers });
    const { devices } = (await response.json()) as { devices: { keys: unknown[] }[] };
    expect(devices.map(({ keys }) => keys.length)).toEqual([1, 1, 1]);
    // The first receipt is the boot record's; its readings follow.
    const newest = async () => Math.max(0, ...(await newestSeqs(api, tokens)));
    await expect.poll(newest, { timeout: 60_000 }).toBeGreaterThan(seqBefore);
    expect((await running.stop()).code).toBe(0);
  });
});

async function newestSeqs(api: string, { auditor }: Tokens): Promise<number[]> {
  const query = `fromMs=${Date.now() - 10_000}&limit=1000`;
  const response = await fetch(`${api}/v1/readings?${query}`, {
    headers: { authorization: `Bearer ${auditor}` },
  });
  const { rows } = (await response.json()) as { rows: { seq: number }[] };
  return rows.map(({ seq }) => seq);
}

/** How much longer than on an idle machine an empty process takes now; at least 1. */
async function slowdown(): Promise<number> {
  const started = performance.now();
  await runToEnd({ name: 'nothing', file: '--eval', args: ['0'] });
  return Math.max(1, (performance.now() - started) / NODE_START_MS);
}
