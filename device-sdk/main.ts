/**
 * The firmware program: argv, signals, log lines and exit codes; everything else is device.ts.
 *
 * Exit codes follow sysexits(3): 0 stopped, 64 usage, 69 the gateway refused, 70 a bug, 74 the disk
 * failed, 75 try again later, 77 no permission or no identity, 78 configuration.
 *
 * @module main
 */
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from './config.ts';
import { createDevice } from './device.ts';
import { DeviceHalt } from './device-types.ts';
import { enrol } from './enrol.ts';
import { fromHex, toHex } from './formats/bytes.ts';
import { logEvent, logLine } from './log-lines.ts';
import { DiskFailure } from './queue/disk.ts';
import { rotate } from './rotate.ts';
import { readState } from './state-file.ts';
import { readStatus, StatusFile } from './status-file.ts';

const USAGE = `usage: truegrain-device run    --config FILE [--status-file FILE]
       truegrain-device enrol  --config FILE --url URL --token TOKEN [--ledger HEX] [--alg es256]
       truegrain-device rotate --config FILE --url URL --token TOKEN [--reason TEXT] [--force]
       truegrain-device status --config FILE [--status-file FILE]
TRUEGRAIN_TOKEN may stand for --token, which every user of the machine can see.
`;

const EXIT = {
  ok: 0,
  usage: 64,
  refused: 69,
  bug: 70,
  disk: 74,
  later: 75,
  identity: 77,
  config: 78,
};

const OPTIONS = {
  config: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  ledger: { type: 'string' },
  alg: { type: 'string' },
  reason: { type: 'string' },
  force: { type: 'boolean' },
  'drain-seconds': { type: 'string' },
  'status-file': { type: 'string' },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

class UsageError extends Error {}

function required(flags: Flags, name: 'config' | 'url'): string {
  const value = flags[name];
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

function tokenOf(flags: Flags): string {
  const token = flags.token ?? process.env['TRUEGRAIN_TOKEN'];
  if (token === undefined || token === '') throw new UsageError('--token is missing');
  return token;
}

async function run(flags: Flags): Promise<number> {
  const config = loadConfig(required(flags, 'config'));
  const device = createDevice(config);
  device.on((event) => logEvent(event, config.log));
  const statusPath = flags['status-file'];
  const status =
    statusPath === undefined ? null : new StatusFile(statusPath, device, config.device);
  const stop = () => {
    device.stop().catch((error: unknown) => fatal(error));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await device.start();
  status?.start();
  try {
    await device.done;
  } finally {
    status?.stop();
  }
  logLine('info', 'stopped', {});
  return EXIT.ok;
}

async function runEnrol(flags: Flags): Promise<number> {
  const config = loadConfig(required(flags, 'config'));
  const ledgerId = flags.ledger === undefined ? null : fromHex(flags.ledger);
  if (flags.ledger !== undefined && ledgerId?.length !== 32) {
    throw new UsageError('--ledger is not 64 lower-case hex digits');
  }
  if (flags.alg !== undefined && flags.alg !== 'es256' && flags.alg !== 'ed25519') {
    throw new UsageError('--alg is neither es256 nor ed25519');
  }
  const enrolled = await enrol({
    config,
    url: required(flags, 'url'),
    token: tokenOf(flags),
    ...(ledgerId === null ? {} : { ledgerId }),
    alg: flags.alg === 'es256' ? -7 : -8,
  });
  if (!enrolled.ok) return refused('enrol', enrolled);
  const { device, kid, origin } = enrolled.value;
  const pinned =
    ledgerId === null ? 'ledger id taken from the gateway on first use' : 'ledger id given';
  logLine('info', 'enrolled', { device, kid: toHex(kid), origin, pinned });
  return EXIT.ok;
}

async function runRotate(flags: Flags): Promise<number> {
  const config = loadConfig(required(flags, 'config'));
  const drainSeconds = Number(flags['drain-seconds'] ?? '60');
  if (!(drainSeconds >= 0)) throw new UsageError('--drain-seconds is not a number');
  const rotated = await rotate({
    config,
    url: required(flags, 'url'),
    token: tokenOf(flags),
    force: flags.force === true,
    drainMsMax: drainSeconds * 1000,
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  });
  if (!rotated.ok) return refused('rotate', rotated);
  const { state, framesLeft } = rotated.value;
  logLine('info', 'rotated', { kid: toHex(state.kid), keyFile: state.keyFile, framesLeft });
  return EXIT.ok;
}

function status(flags: Flags): number {
  const config = loadConfig(required(flags, 'config'));
  const state = readState(config.dataDir);
  const running = flags['status-file'] === undefined ? null : readStatus(flags['status-file']);
  const { device } = config;
  if (!state.ok) logLine('warn', 'status', { device, enrolled: false, detail: state.detail });
  else {
    const { kid, origin, keyFile, mqtt } = state.value;
    const url = config.gateway.mqttUrl ?? mqtt.url;
    logLine('info', 'status', {
      device,
      enrolled: true,
      kid: toHex(kid),
      keyFile,
      origin,
      url,
      running,
    });
  }
  return state.ok ? EXIT.ok : EXIT.identity;
}

function refused(what: string, answer: { code: string; detail: string }): number {
  const { code, detail } = answer;
  logLine('error', `${what} refused`, { code, detail });
  if (code === 'unreachable' || code === 'in_use' || code === 'not_drained') return EXIT.later;
  return ['not_enrolled', 'key', 'key_mismatch', 'state'].includes(code)
    ? EXIT.identity
    : EXIT.refused;
}

/** One clear line; a stack only for what is a bug of ours. */
function report(error: unknown): number {
  if (
    error instanceof UsageError ||
    (error as { code?: unknown }).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
  ) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    logLine('error', 'configuration', { detail: error.message });
    return EXIT.config;
  }
  if (error instanceof DeviceHalt) {
    logLine('error', 'halted', { code: error.code, detail: error.message });
    return error.code === 'in_use' ? EXIT.later : EXIT.identity;
  }
  const { message, stack, code } = error as Error & { code?: unknown };
  if (error instanceof DiskFailure || typeof code === 'string') {
    logLine('error', 'stopped by the disk or system', { detail: message, code });
    return EXIT.disk;
  }
  logLine('error', 'bug', { detail: message, stack });
  return EXIT.bug;
}

function fatal(error: unknown): void {
  process.exitCode = report(error);
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    allowPositionals: true,
  });
  switch (positionals.join(' ')) {
    case 'run':
      return run(values);
    case 'enrol':
      return runEnrol(values);
    case 'rotate':
      return runRotate(values);
    case 'status':
      return status(values);
    default:
      throw new UsageError('a command is missing');
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => fatal(error),
);
