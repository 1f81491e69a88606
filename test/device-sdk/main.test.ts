// The bundled program as its own process: started, killed without warning, started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toHex } from '../../device-sdk/formats/bytes.ts';
import { EnrolledDevice } from '../support/enrolled-device.ts';
import { FakeGateway } from '../support/fake-gateway.ts';

const directory = mkdtempSync(join(tmpdir(), 'truegrain-firmware-'));
const program = join(directory, 'truegrain-device.cjs');
let gateway: FakeGateway;
let place: EnrolledDevice;
let child: ChildProcess | null = null;

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, '../../device-sdk/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['source'],
    external: ['serialport', 'modbus-serial'],
    outfile: program,
    logLevel: 'error',
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  gateway = await (await new FakeGateway().open()).openHttp();
  place = new EnrolledDevice(gateway);
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await gateway.close();
  place.remove();
});

interface Run {
  readonly lines: Record<string, unknown>[];
  readonly exit: Promise<number | null>;
  readonly stderr: () => string;
}

function run(...args: string[]): Run {
  const started = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const lines: Record<string, unknown>[] = [];
  let stderr = '';
  started.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface({ input: started.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    gateway.notify();
  });
  const exit = new Promise<number | null>((resolve) => started.once('close', resolve));
  return { lines, exit, stderr: () => stderr };
}

function configFile(edit: Record<string, unknown> = {}): string {
  const path = join(place.directory, 'device.json');
  writeFileSync(path, JSON.stringify({ ...place.json, ...edit }));
  return path;
}

const has = ({ lines }: Run, msg: string, count = 1) =>
  lines.filter((line) => line['msg'] === msg).length >= count;

test('enrol, run, SIGTERM: the words of a frame’s life, and a clean end', async () => {
  const config = configFile();
  const token = ['--url', gateway.httpUrl, '--token', 'one-time'];
  const enrolled = run('enrol', '--config', config, ...token, '--ledger', toHex(gateway.ledgerId));
  expect([await enrolled.exit, enrolled.stderr()]).toEqual([0, '']);
  const statusFile = join(place.directory, 'status.json');
  const running = run('run', '--config', config, '--status-file', statusFile);
  await gateway.until(() => has(running, 'receipted', 3));
  const words = new Set(running.lines.map((line) => line['msg']));
  expect(words).toEqual(new Set(['queued', 'started', 'connected', 'accepted', 'receipted']));
  expect(JSON.parse(readFileSync(statusFile, 'utf8'))).toMatchObject({ device: place.json.device });
  child?.kill('SIGTERM');
  expect(await running.exit).toBe(0);
  expect(running.lines.at(-1)).toMatchObject({ msg: 'stopped' });
  const status = run('status', '--config', config);
  expect(await status.exit).toBe(0);
  expect(status.lines[0]).toMatchObject({ enrolled: true, origin: gateway.origin });
}, 20_000);

test('kill -9 again and again: what was queued arrives, no number is used twice', async () => {
  place.enrol();
  const config = configFile({ packing: { recordsMax: 2, intervalMs: 50 } });
  const queued = new Map<string, unknown>();
  for (let round = 0; round < 5; round += 1) {
    gateway.react = ({ parsed }) => (parsed.seq % 3 === round % 3 ? 'silent' : 'receipt');
    const running = run('run', '--config', config);
    await gateway.until(() => has(running, 'queued', 2 + round * 3));
    child?.kill('SIGKILL');
    await running.exit;
    for (const line of running.lines) {
      if (line['msg'] === 'queued') queued.set(String(line['id']), line['seq']);
    }
  }
  gateway.react = () => 'receipt';
  const last = run('run', '--config', configFile({ sensors: [] }));
  const arrivedIds = () => new Set(gateway.arrived.map(({ parsed }) => toHex(parsed.id)));
  await gateway.until(() => [...queued.keys()].every((id) => arrivedIds().has(id)));
  child?.kill('SIGTERM');
  await last.exit;
  const bySeq = new Map<number, string>();
  for (const { parsed } of gateway.arrived) {
    const known = bySeq.get(parsed.seq) ?? toHex(parsed.id);
    expect(toHex(parsed.id)).toBe(known);
    bySeq.set(parsed.seq, known);
  }
  const byId = new Map(gateway.arrived.map(({ parsed }) => [toHex(parsed.id), parsed]));
  for (const { parsed } of gateway.arrived) {
    if (parsed.seq > 1) expect(byId.has(toHex(parsed.prev ?? new Uint8Array(0)))).toBe(true);
  }
}, 60_000);

describe('one clear line and an exit code', () => {
  test.each([
    ['not enrolled', {}, 77, 'enrol'],
    ['a bad key in the configuration', { log: 'all' }, 78, 'log: '],
  ])('%s', async (_, edit, code, text) => {
    const halted = run('run', '--config', configFile(edit));
    expect(await halted.exit).toBe(code);
    expect(halted.lines).toHaveLength(1);
    expect(String(halted.lines[0]?.['detail'])).toContain(text);
    expect(halted.stderr()).toBe('');
  });

  test('no key: it halts instead of making one', async () => {
    place.enrol();
    rmSync(join(place.dataDir, 'key.pem'));
    const halted = run('run', '--config', configFile());
    expect(await halted.exit).toBe(77);
    expect(halted.lines[0]).toMatchObject({ msg: 'halted', code: 'key' });
    expect(() => statSync(join(place.dataDir, 'key.pem'))).toThrow();
  });

  test('usage', async () => {
    const nothing = run();
    expect(await nothing.exit).toBe(64);
    expect(nothing.stderr()).toContain('usage: truegrain-device run');
    const odd = run('run', '--speed', '9');
    expect(await odd.exit).toBe(64);
  });
});
