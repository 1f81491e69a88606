import { createWriteStream, existsSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { type Command, Option } from 'commander';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { openDatabase } from '../store/database.ts';
import { Leaves } from '../store/leaves.ts';
import { type ClientOptions, GatewayClient, withGateway } from './gateway-client.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { type Cli, CliError, EXIT, type Terminal } from './terminal.ts';

interface OutOptions {
  format: 'json' | 'csv';
  out?: string;
}

interface ReadingsOptions extends ClientOptions, OutOptions {
  device?: string;
  subject?: string;
  from?: string;
  to?: string;
}

interface EntriesOptions extends PlaceOptions, OutOptions {
  fromLeaf: string;
  toLeaf?: string;
}

export function addExport(program: Command, cli: Cli): void {
  const command = program.command('export').description('readings or entries as JSON or CSV');
  withGateway(withOut(command.command('readings')))
    .description('readings, through a running gateway')
    .option('--device <urn>', 'of this device')
    .option('--subject <uri>', 'about this subject')
    .option('--from <time>', 'from this time on (ISO 8601)')
    .option('--to <time>', 'before this time')
    .action((options: ReadingsOptions) => exportReadings(options, cli));
  withPlace(withOut(command.command('entries')))
    .description('entries of the log, from the data folder: one JSON object or CSV row a leaf')
    .option('--from-leaf <n>', 'first leaf', '0')
    .option('--to-leaf <n>', 'before this leaf')
    .action((options: EntriesOptions) => exportEntries(options, cli));
}

function withOut(command: Command): Command {
  return command
    .addOption(new Option('--format <format>').choices(['json', 'csv']).default('json'))
    .option('--out <file>', 'file to write (default: stdout)');
}

async function exportReadings(options: ReadingsOptions, { terminal }: Cli): Promise<void> {
  const query = new URLSearchParams({ format: options.format === 'csv' ? 'csv' : 'array' });
  if (options.device) query.set('device', options.device);
  if (options.subject) query.set('subject', options.subject);
  if (options.from) query.set('fromMs', String(timeOf('--from', options.from)));
  if (options.to) query.set('toMs', String(timeOf('--to', options.to)));
  const stream = await new GatewayClient(options, terminal).stream(`/v1/readings?${query}`);
  await write(stream, options, terminal);
}

function timeOf(where: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new CliError(EXIT.usage, `${where} ${text} is not a time (ISO 8601)`);
  return ms;
}

async function exportEntries(options: EntriesOptions, { terminal }: Cli): Promise<void> {
  useNodeCrypto();
  const { ledger } = placeOf(options, terminal).folder;
  if (!existsSync(ledger)) throw new CliError(EXIT.local, `${ledger} does not exist`);
  const db = openDatabase(ledger, { readonly: true });
  try {
    const leaves = new Leaves(db);
    const start = leafOf('--from-leaf', options.fromLeaf);
    const end = options.toLeaf === undefined ? leaves.size() : leafOf('--to-leaf', options.toLeaf);
    await write(
      Readable.from(linesOf(leaves, { start, end, format: options.format })),
      options,
      terminal,
    );
  } finally {
    db.close();
  }
}

function leafOf(where: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new CliError(EXIT.usage, `${where} ${text} is not a leaf number`);
  return Number(text);
}

const LEAVES_A_PIECE = 1_000;

function* linesOf(
  leaves: Leaves,
  { start, end, format }: { start: number; end: number; format: 'json' | 'csv' },
): Generator<string> {
  if (format === 'csv') yield 'leafIndex,id,entry\r\n';
  for (let from = start; from < end; from += LEAVES_A_PIECE) {
    const entries = leaves.entries(from, Math.min(from + LEAVES_A_PIECE, end));
    yield entries.map((entry, i) => lineOf(from + i, entry, format)).join('');
    if (entries.length < LEAVES_A_PIECE) return;
  }
}

function lineOf(leafIndex: number, entry: Uint8Array, format: 'json' | 'csv'): string {
  const parsed = parseStatement(entry);
  const id = parsed.ok ? toHex(parsed.value.id) : '';
  const text = toBase64Url(entry);
  if (format === 'csv') return `${leafIndex},${id},${text}\r\n`;
  return `${JSON.stringify({ leafIndex, id, entry: text })}\n`;
}

async function write(from: Readable, { out }: OutOptions, terminal: Terminal): Promise<void> {
  const to: Writable = out === undefined ? terminal.stdout : createWriteStream(out);
  try {
    await pipeline(from, to, { end: out !== undefined });
  } catch (error) {
    throw brokenOff(error as Error & { code?: string });
  }
}

/** What the system says of a full disk or a closed pipe needs no other words. */
function brokenOff(cause: Error & { code?: string }): Error {
  if (/^E[A-Z]+$/.test(cause.code ?? '')) return cause;
  const message = `the export broke off and is incomplete: ${cause.message}`;
  return new CliError(EXIT.gateway, message, { cause });
}
