import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { build } from 'esbuild';
import { dataFolder } from '../../gateway/data-folder.ts';
import { openTokens } from '../../gateway/tokens.ts';
import { type Bench, quantile, type Row, row } from './bench.ts';
import { createBenchLedger } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Inside the project, so that what is not bundled is found. */
const FOLDER = join(ROOT, 'node_modules/.cache/bench');
const COUNT_WRITES = join(import.meta.dirname, 'count-writes.cjs');
const DEVICE = 'urn:dev:ops:32473-bench-firmware';
const RSS_MB_MAX = 64;
/** As in the program's first line. */
const FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=48',
  '--optimize-for-size',
  '--v8-pool-size=1',
];
const START_S_MAX = 0.3;
const STARTS = 5;
/** Two readings (temperature, humidity) every 200 ms. */
const SAMPLE_MS = 200;
/** Packs of 60 readings, six seconds each: measured over 24 s that begin six seconds after start. */
const PACKS = 5;

/**
 * One CommonJS file: what is imported late stays late there, so that a device without a serial port
 * never loads the binding. With `splitting` esbuild loses the named exports of mqtt.
 */
async function bundle(outfile: string): Promise<string> {
  await build({
    entryPoints: [join(ROOT, 'device-sdk/main.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    external: ['serialport', '@serialport/*', 'cbor-extract'],
  });
  return outfile;
}

function writeConfig(folder: string): string {
  const file = join(folder, 'device.json');
  const config = {
    device: DEVICE,
    dataDir: './data',
    subject: 'https://id.gs1.org/00/952123450000000007',
    gateway: {},
    sensors: [{ type: 'generator', name: 'room', intervalMs: SAMPLE_MS, seed: 7 }],
    packing: {},
    queue: {},
    uplink: { firstDelayMsMax: 0 },
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const SENSORS = [
  { name: 'temperature', quantity: 'air temperature', unit: 'Cel', min: -40, max: 80 },
  { name: 'humidity', quantity: 'relative humidity', unit: '%RH', min: 0, max: 100 },
].map((sensor) => ({ ...sensor, resolution: 0.1, interface: 'simulated', calibration: null }));

async function enrol(gateway: GatewayProcess, program: string, config: string): Promise<void> {
  const tokens = openTokens(dataFolder(gateway.data).tokens);
  const { token: admin } = tokens.add({ roles: ['deviceAdmin'] });
  const answer = await fetch(`${gateway.httpUrl}/v1/enrolments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ device: DEVICE, reportingIntervalS: 300, sensors: SENSORS }),
  });
  const { token } = (await answer.json()) as { token?: string };
  if (!token) throw new Error(`enrolment: HTTP ${answer.status}`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [program, 'enrol', '--config', config, '--url', gateway.httpUrl],
    { env: { ...process.env, TRUEGRAIN_TOKEN: token }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`enrol ended with ${status}: ${stdout}`);
}

/** What the firmware (device-sdk/log-lines.ts) and count-writes.cjs print, where we look at it. */
interface Line {
  msg: string;
  records: number;
  frameBytes: number;
  flushed: number;
}

class Firmware {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #startedMs = performance.now();
  /** What it said last explains an end that nobody asked for. */
  #said = '';

  /** Bytes of whole blocks that it has flushed: what a flash has to take, file system aside. */
  #flushed = 0;

  constructor(program: string, config: string, options: { countsWrites: boolean }) {
    const preload = options.countsWrites ? ['--require', COUNT_WRITES] : [];
    this.#child = spawn(
      process.execPath,
      [...FLAGS, ...preload, program, 'run', '--config', config],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#lines = createInterface({ input: this.#child.stdout! });
  }

  /** Seconds from spawn to the boot record signed and in the queue. */
  async firstSignature(): Promise<number> {
    for await (const frame of this.#queued()) {
      if (frame) return (performance.now() - this.#startedMs) / 1_000;
    }
    throw new Error(`the firmware ended before it signed: ${this.#said}`);
  }

  /** Bytes it flushed, and those of its frames, a reading; then its memory. */
  async steady(): Promise<{ written: number; framed: number; rssMb: number; peakMb: number }> {
    let packs = 0;
    let readings = 0;
    let frameBytes = 0;
    let flushedBefore = 0;
    for await (const { records, frameBytes: bytes } of this.#queued()) {
      if (records === 0) continue;
      packs += 1;
      if (packs === 1) flushedBefore = this.#flushed;
      else {
        readings += records;
        frameBytes += bytes;
      }
      if (packs === PACKS) break;
    }
    if (readings === 0) throw new Error(`the firmware ended before it packed: ${this.#said}`);
    const written = (this.#flushed - flushedBefore) / readings;
    const [rssMb, peakMb] = ['VmRSS', 'VmHWM'].map(
      (name) => statusNumber(this.#child.pid ?? 0, name) / 1024,
    );
    return { written, framed: frameBytes / readings, rssMb: rssMb!, peakMb: peakMb! };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }

  async *#queued(): AsyncGenerator<Line> {
    for await (const line of this.#lines) {
      this.#said = line;
      const said = JSON.parse(line) as Line;
      if (said.msg === 'flushed') this.#flushed = said.flushed;
      if (said.msg === 'queued') yield said;
    }
  }
}

/** A line of /proc/<pid>/status, in KiB. */
function statusNumber(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(found);
}

/** `node -e 0`: what no program of ours can be faster than. */
function bareStart(): number {
  const times = Array.from({ length: STARTS }, () => {
    const started = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return (performance.now() - started) / 1_000;
  });
  return quantile(times, 0.5);
}

/** Memory of a node that does nothing, in MB. */
async function bareRss(): Promise<number> {
  const script = "setInterval(() => {}, 1000); process.stdout.write('up')";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const rss = statusNumber(child.pid ?? 0, 'VmRSS') / 1024;
  child.kill('SIGKILL');
  return rss;
}

async function medianStart(program: string, config: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    const device = new Firmware(program, config, { countsWrites: false });
    try {
      times.push(await device.firstSignature());
    } finally {
      await device.stop();
    }
  }
  return quantile(times, 0.5);
}

async function measure(folder: string): Promise<Row[]> {
  const data = join(folder, 'gateway');
  mkdirSync(data);
  createBenchLedger(data, -8, 0);
  const program = await bundle(join(folder, 'device.cjs'));
  const config = writeConfig(folder);
  const gateway = await GatewayProcess.start(data);
  try {
    await enrol(gateway, program, config);
    const start = await medianStart(program, config);
    const device = new Firmware(program, config, { countsWrites: true });
    try {
      const { written, framed, rssMb, peakMb } = await device.steady();
      return [
        row('firmware-rss', rssMb, 'MB', RSS_MB_MAX),
        row('firmware-rss-peak', peakMb, 'MB', RSS_MB_MAX),
        row('firmware-rss-bare-node', await bareRss(), 'MB', RSS_MB_MAX),
        row('firmware-start', start, 's', START_S_MAX),
        row('firmware-start-bare-node', bareStart(), 's', START_S_MAX),
        row('firmware-flash', written, 'bytes/reading', framed),
      ];
    } finally {
      await device.stop();
    }
  } finally {
    await gateway.stop();
  }
}

async function run(): Promise<Row[]> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'firmware-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bundled program at ten readings a second, enrolled at a gateway that answers it. */
export const firmware: Bench[] = [{ name: 'firmware', run }];
