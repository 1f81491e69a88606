import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type ClientOptions, GatewayClient, withGateway } from './gateway-client.ts';
import { answer, type Cli, CliError, EXIT, tableOf } from './terminal.ts';

interface AddOptions extends ClientOptions {
  spec?: string;
  sensor?: string[];
  subject?: string[];
  interval: string;
  binding?: string;
  keyLevel?: string;
  validFor?: string;
  json?: boolean;
}

interface ShownDevice {
  urn: string;
  status: string;
  owner: string;
  keys: { kid: string; status: string }[];
  streams: { to: number; lastSeenMs: number | null }[];
}

export function addDevice(program: Command, cli: Cli): void {
  const device = program.command('device').description('devices that may measure');
  withGateway(device.command('add'))
    .description('make a one-time token with which `truegrain-device enrol` registers a device')
    .argument('<urn>', 'its URN: urn:dev:…')
    .option('--sensor <spec...>', 'name,quantity,unit,min,max,resolution,interface[,serial]')
    .option('--spec <file>', 'JSON with sensors and the rest, as POST /v1/enrolments takes it')
    .option('--interval <seconds>', 'it reports at least so often', '600')
    .option('--subject <uri...>', 'it may speak of these only')
    .option('--binding <kind>', 'none, label, tag, …')
    .option('--key-level <level>', 'file, tpm2, secure-element, …')
    .option('--valid-for <seconds>', 'how long the token is valid')
    .option('--json', 'one line of JSON')
    .action((urn: string, options: AddOptions) => add(urn, options, cli));
  withGateway(device.command('list'))
    .description('registered devices, their keys and how far their streams are')
    .option('--json', 'one line of JSON')
    .action((options: ClientOptions & { json?: boolean }) => list(options, cli));
  withGateway(device.command('revoke'))
    .description('end a device, or one of its keys, for ever')
    .argument('<urn>', 'its URN')
    .requiredOption('--reason <text>', 'stands in the log')
    .option('--kid <kid>', 'this key only, 64 hexadecimal digits')
    .option('--json', 'one line of JSON')
    .action((urn: string, options: RevokeOptions) => revoke(urn, options, cli));
}

async function add(urn: string, options: AddOptions, { terminal }: Cli): Promise<void> {
  const client = new GatewayClient(options, terminal);
  const made = (await client.post('/v1/enrolments', enrolmentOf(urn, options))) as {
    token: string;
    expiresMs: number;
    ledgerId: string;
    origin: string;
  };
  answer(terminal, options, {
    value: made,
    lines: [
      `token      ${made.token}`,
      `valid till ${new Date(made.expiresMs).toISOString()}, once`,
      `ledger     ${made.ledgerId}`,
      'On the device:',
      `  truegrain-device enrol --config FILE --url ${options.url} --token ${made.token} --ledger ${made.ledgerId}`,
    ],
  });
}

function enrolmentOf(urn: string, options: AddOptions): object {
  const { sensor, subject, binding, keyLevel, validFor } = options;
  const flags = {
    device: urn,
    reportingIntervalS: numberOf('--interval', options.interval),
    ...(sensor && { sensors: sensor.map(sensorOf) }),
    ...(subject && { subjects: subject }),
    ...(binding && { binding }),
    ...(keyLevel && { keyLevel }),
    ...(validFor && { validForS: numberOf('--valid-for', validFor) }),
  };
  const value = options.spec === undefined ? flags : { ...flags, ...readSpec(options.spec) };
  if ('sensors' in value) return value;
  throw new CliError(EXIT.usage, 'a device needs sensors: --sensor or --spec');
}

function sensorOf(text: string): object {
  const parts = text.split(',').map((part) => part.trim());
  const [name, quantity, unit, min, max, resolution, wire, serial] = parts;
  if (parts.length !== 7 && parts.length !== 8) {
    throw new CliError(
      EXIT.usage,
      `--sensor ${text}: name,quantity,unit,min,max,resolution,interface are seven parts, a serial number the eighth`,
    );
  }
  const number = (value: string | undefined) => numberOf(`--sensor ${text}`, value ?? '');
  return {
    name,
    quantity,
    unit,
    min: number(min),
    max: number(max),
    resolution: number(resolution),
    interface: wire,
    calibration: null,
    ...(serial && { serial }),
  };
}

function numberOf(where: string, text: string): number {
  if (text === '' || !Number.isFinite(Number(text))) {
    throw new CliError(EXIT.usage, `${where}: ${text || 'nothing'} is not a number`);
  }
  return Number(text);
}

function readSpec(file: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch (error) {
    throw badSpec(file, error as Error);
  }
}

function badSpec(file: string, cause: Error): CliError {
  const why = cause instanceof SyntaxError ? `is not JSON: ${cause.message}` : "can't be read";
  return new CliError(EXIT.usage, `--spec ${file} ${why}`, { cause });
}

async function list(options: ClientOptions & { json?: boolean }, { terminal }: Cli): Promise<void> {
  const client = new GatewayClient(options, terminal);
  const { devices } = (await client.get('/v1/devices')) as { devices: ShownDevice[] };
  const lines = tableOf([
    ['device', 'status', 'active keys', 'statements', 'last seen'],
    ...devices.map(({ urn, status, keys, streams }) => [
      urn,
      status,
      String(keys.filter((key) => key.status === 'active').length),
      String(streams.reduce((sum, { to }) => sum + to, 0)),
      lastSeen(streams),
    ]),
  ]);
  answer(terminal, options, { value: devices, lines });
}

function lastSeen(streams: ShownDevice['streams']): string {
  const newest = Math.max(...streams.map(({ lastSeenMs }) => lastSeenMs ?? 0), 0);
  return newest === 0 ? 'never' : new Date(newest).toISOString();
}

interface RevokeOptions extends ClientOptions {
  reason: string;
  kid?: string;
  json?: boolean;
}

async function revoke(urn: string, options: RevokeOptions, { terminal }: Cli): Promise<void> {
  const client = new GatewayClient(options, terminal);
  const path = `/v1/devices/${encodeURIComponent(urn)}/revoke`;
  const body = { kid: options.kid ?? null, reason: options.reason };
  const logged = (await client.post(path, body)) as { leafIndex: number; id: string };
  const line = `revoked at leaf ${logged.leafIndex}: no later statement of it is accepted`;
  answer(terminal, options, { value: logged, lines: [line] });
}
