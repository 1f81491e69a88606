import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoTokens } from './demo/tokens.ts';
import { GatewayApi, type Tokens } from './gateway-api.ts';
import { type GatewayPlace, GatewayProgram, initialise } from './programs/gateway-program.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type Finding, Stage, type StageOptions } from './stage.ts';
import { VirtualClock, World } from './world.ts';

const USAGE = `usage: node sim/dist/cli.js run SCENARIO [--seed N] [--url URL --mqtt URL]
       node sim/dist/cli.js list
Without --url a gateway of the scenario's own runs in a temporary folder. With it, the tokens are
read from TRUEGRAIN_OPERATOR_TOKEN, TRUEGRAIN_AUDITOR_TOKEN and TRUEGRAIN_ADMIN_TOKEN, and the
devices of one seed can enter a ledger once.
`;
const EXIT = { ok: 0, deviation: 1, usage: 64 };
const HOUR_MS = 3_600_000;

class UsageError extends Error {}

interface Order {
  readonly name: string;
  readonly scenario: Scenario;
  readonly seed: number;
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { seed: { type: 'string' }, url: { type: 'string' }, mqtt: { type: 'string' } },
  });
  const [command, name = ''] = positionals;
  if (command === 'list') return list();
  const scenario = SCENARIOS.get(name);
  if (command !== 'run' || !scenario) throw new UsageError(`no scenario "${name}"`);
  const seed = Number(values.seed ?? '1');
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError(`--seed ${values.seed}`);
  const order = { name, scenario, seed };
  if (values.url === undefined) return onOwnGateway(order);
  if (scenario.endsGateway) throw new UsageError(`${name} ends its gateway: run it without --url`);
  const mqtt = new URL(values.mqtt ?? 'mqtt://127.0.0.1:1883');
  const api = new GatewayApi(values.url, tokensOf(process.env));
  return play(order, { api, mqtt: { host: mqtt.hostname, port: Number(mqtt.port || 1883) } });
}

function list(): number {
  for (const [name, { about }] of SCENARIOS) process.stdout.write(`${name.padEnd(18)}${about}\n`);
  return EXIT.ok;
}

async function onOwnGateway(order: Order): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'truegrain-sim-'));
  let place: GatewayPlace = { data, httpPort: 0, mqttPort: 0 };
  let running: GatewayProgram | null = null;
  try {
    await initialise(place);
    const tokens = await demoTokens(place);
    running = await GatewayProgram.start(place);
    const { httpUrl, mqttUrl } = running;
    const mqtt = { host: new URL(mqttUrl).hostname, port: Number(new URL(mqttUrl).port) };
    place = { data, httpPort: Number(new URL(httpUrl).port), mqttPort: mqtt.port };
    const gateway = {
      stop: async () => void (await running?.stop()),
      start: async () => {
        running = await GatewayProgram.start(place);
      },
    };
    return await play(order, { api: new GatewayApi(httpUrl, tokens), mqtt, gateway });
  } finally {
    await running?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function play(
  { name, scenario, seed }: Order,
  on: Pick<StageOptions, 'api' | 'mqtt' | 'gateway'>,
): Promise<number> {
  const clock = new VirtualClock(Date.now() - scenario.hours * HOUR_MS);
  const stage = new Stage({ name, world: new World(seed, clock), report: print, ...on });
  process.stdout.write(`${name}, seed ${seed}: ${scenario.about}\n`);
  try {
    await scenario.run(stage);
  } finally {
    stage.leave();
  }
  const { findings, failed } = stage;
  process.stdout.write(`${findings.length - failed.length} as expected, ${failed.length} not\n`);
  return failed.length === 0 ? EXIT.ok : EXIT.deviation;
}

function print({ what, expected, seen }: Finding): void {
  const verdict = expected === seen ? 'as expected' : 'DEVIATES';
  const gateway = expected === seen ? seen : `${seen}, expected ${expected}`;
  process.stdout.write(`  ${verdict.padEnd(12)} ${what}: ${gateway}\n`);
}

function tokensOf(env: NodeJS.ProcessEnv): Tokens {
  const token = (name: string) => {
    const value = env[name];
    if (!value) throw new UsageError(`${name} is not set`);
    return value;
  };
  return {
    operator: token('TRUEGRAIN_OPERATOR_TOKEN'),
    auditor: token('TRUEGRAIN_AUDITOR_TOKEN'),
    deviceAdmin: token('TRUEGRAIN_ADMIN_TOKEN'),
  };
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    const { code = '' } = error as { code?: string };
    const isUsage = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${error.message}\n${isUsage ? USAGE : ''}`);
    process.exitCode = isUsage ? EXIT.usage : EXIT.deviation;
  },
);
