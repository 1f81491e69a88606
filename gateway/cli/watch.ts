import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Command } from 'commander';
import { nativeVerify, useNodeCrypto } from '../admit/native-verify.ts';
import type { LedgerSource } from '../conformance/ledger-source.ts';
import { openSource } from '../conformance/sources/open-source.ts';
import { lockFolder } from '../store/lock.ts';
import type { AlarmKind } from '../watch/alarm.ts';
import { readMemory } from '../watch/memory.ts';
import { type Report, Watcher } from '../watch/watcher.ts';
import { readPolicy } from './policy-file.ts';
import { type Cli, CliError, EXIT, print, type Terminal } from './terminal.ts';

/** Documented in README.md beside this file. The gravest alarm of a look decides: first in this order. */
const WATCH_EXIT = {
  inconsistent: EXIT.unsound,
  rolled_back: EXIT.unsound,
  other_log: 3,
  policy_not_met: 3,
  unproved: 3,
  stale: 3,
  unreachable: EXIT.gateway,
} as const satisfies Record<AlarmKind, number>;

interface WatchOptions {
  policy: string;
  state?: string;
  interval: number;
  stale?: number;
  once?: boolean;
  token?: string;
  json?: boolean;
}

const INTERVAL_DEFAULT_S = 60;
/** A timer of Node holds 2^31 − 1 ms. */
const SECONDS_MAX = 2_147_483;

export function addWatch(program: Command, cli: Cli): void {
  program
    .command('watch')
    .description('remember a log’s checkpoints, and alarm when it changes its history')
    .argument('<url>', 'a gateway, or the prefix of a C2SP tile log')
    .requiredOption('--policy <file>', 'C2SP tlog-policy: the keys you trust')
    .option('--state <file>', 'the memory; evidence is kept beside it (default: POLICY.watch.json)')
    .option('--interval <seconds>', 'between two looks', seconds('--interval'), INTERVAL_DEFAULT_S)
    .option('--stale <seconds>', 'alarm when nothing new came for so long', seconds('--stale'))
    .option('--once', 'look once and exit, for cron')
    .option('--token <token>', 'bearer token, where the log is not public')
    .option('--json', 'one line of JSON a look')
    .action((url: string, options: WatchOptions) => watch(url, options, cli));
}

function seconds(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= SECONDS_MAX) return value;
    throw new CliError(EXIT.usage, `${name} ${text} is not a number of seconds from 1`);
  };
}

async function watch(url: string, options: WatchOptions, { terminal, exit }: Cli): Promise<void> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new CliError(EXIT.usage, `${url} is not an http URL`);
  }
  const policy = readPolicy(options.policy);
  const file = options.state ?? `${options.policy}.watch.json`;
  const lock = lockFolder(`${file}.lock`);
  try {
    const watcher = watcherOf(url, file, { ...options, policy });
    const last = await lookOn(watcher, options, terminal);
    if (last !== null) exit(exitOf(last));
  } finally {
    lock.release();
  }
}

/** The look that ended it; null where it was asked to stop. */
async function lookOn(
  watcher: Watcher,
  options: WatchOptions,
  terminal: Terminal,
): Promise<Report | null> {
  const stopped = terminal.stopped().then(() => null);
  let told = '';
  for (;;) {
    const report = await Promise.race([lookOf(watcher), stopped]);
    if (report === null) return null;
    const kinds = report.alarms.map(({ kind }) => kind).join();
    // A person is told of what changed; a program of every look.
    if (options.json || kinds !== told || report.isNews) tell(report, options, terminal);
    told = kinds;
    // Two histories are the end of watching: nothing that comes later takes them back.
    if (options.once || kinds.includes('inconsistent')) return report;
    if ((await after(options.interval * 1_000, stopped)) === null) return null;
  }
}

function watcherOf(
  url: string,
  file: string,
  { policy, stale, token }: { policy: Policy; stale?: number; token?: string },
): Watcher {
  const memory = readMemory(file);
  if (!memory.seen) {
    const help = 'it is never replaced by itself: look at it, then put it back or move it away';
    throw new CliError(
      EXIT.local,
      `${file} is no memory of checkpoints: ${memory.detail}; ${help}`,
    );
  }
  useNodeCrypto();
  return new Watcher({
    file,
    policy,
    remembered: memory.value,
    staleMs: stale === undefined ? null : stale * 1_000,
    native: nativeVerify,
    source: lazily(url, token),
  });
}

/** What stands at the URL is found out by the first answer, not at the start: it may be down. */
function lazily(url: string, token?: string) {
  let found: LedgerSource | null = null;
  const open = async () => {
    if (found !== null) return { seen: true as const, value: found };
    const opened = await openSource(url, { token });
    if (opened.seen) found = opened.value;
    return opened;
  };
  return {
    checkpoint: async () => {
      const opened = await open();
      return opened.seen ? opened.value.checkpoint() : opened;
    },
    tile: async (tile: Parameters<LedgerSource['tile']>[0]) => {
      const opened = await open();
      return opened.seen ? opened.value.tile(tile) : opened;
    },
  } satisfies Pick<LedgerSource, 'checkpoint' | 'tile'>;
}

async function lookOf(watcher: Watcher): Promise<Report> {
  try {
    return await watcher.look(Date.now());
  } catch (error) {
    throw diskFailure(error as NodeJS.ErrnoException);
  }
}

function diskFailure(error: NodeJS.ErrnoException): Error {
  if (!/^E[A-Z]+$/.test(error.code ?? '')) return error;
  const message = `the memory can't be written: ${error.message}`;
  return new CliError(EXIT.local, message, { cause: error });
}

function exitOf({ alarms }: Report): number {
  const grave = Object.entries(WATCH_EXIT).find(([kind]) =>
    alarms.some((one) => one.kind === kind),
  );
  return grave?.[1] ?? EXIT.ok;
}

/** Alarms go to stderr, whatever stdout is piped into. */
function tell(report: Report, { json }: WatchOptions, terminal: Terminal): void {
  const { alarms, evidence, remembered, origin } = report;
  for (const { kind, text } of alarms) terminal.stderr.write(`truegrain: ALARM ${kind}: ${text}\n`);
  if (evidence !== null) terminal.stderr.write(`truegrain: both notes are kept in ${evidence}\n`);
  if (json) print(terminal, JSON.stringify(report));
  else if (alarms.length === 0) {
    const { size = 0, rootHash = '' } = remembered ?? {};
    print(terminal, `${report.lookedAt}  ${origin}  size ${size}  root ${rootHash}  sound`);
  }
}

/** True after that time, null where the process is asked to stop before. */
async function after(ms: number, stopped: Promise<null>): Promise<true | null> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<true>((resolve) => {
    timer = setTimeout(resolve, ms, true);
  });
  try {
    return await Promise.race([elapsed, stopped]);
  } finally {
    clearTimeout(timer);
  }
}
