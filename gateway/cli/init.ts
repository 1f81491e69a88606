import { existsSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Command } from 'commander';
import { nativeVerify, useNodeCrypto } from '../admit/native-verify.ts';
import { type GatewayConfig, parseConfig } from '../config.ts';
import { type DataFolder, dataFolder } from '../data-folder.ts';
import { defaultLaw } from '../default-law.ts';
import { createCharter } from '../genesis.ts';
import { createKeyFile, createMemberKeys, loadMemberKeys, MEMBER_KEYS } from '../keys.ts';
import { SoloLedger } from '../ledger/solo.ts';
import { openDatabase } from '../store/database.ts';
import { writeDurably } from '../store/durable-files.ts';
import { lockFolder } from '../store/lock.ts';
import { readLawFile } from './law-file.ts';
import { type Place, type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface InitOptions extends PlaceOptions {
  iss?: string;
  name?: string;
  ledger?: string;
  cosigner?: string;
  responsible?: string;
  contact?: string;
  retentionDays?: string;
  publicEntries?: boolean;
  law?: string;
  json?: boolean;
}

/** Names that can't be anybody's (RFC 2606): good for trying out, and never mistaken for more. */
const TRIAL = { iss: 'https://trial.invalid', name: 'Trial', ledger: 'trial.invalid/ledger' };

export function addInit(program: Command, cli: Cli): void {
  withPlace(program.command('init'))
    .description('found a solo ledger: keys, charter (leaf 0) and configuration')
    .option('--iss <uri>', `the member as a URI (default: ${TRIAL.iss})`)
    .option('--name <name>', `the member, for people (default: ${TRIAL.name})`)
    .option('--ledger <name>', `ledger name, host and path (default: ${TRIAL.ledger})`)
    .option('--cosigner <name>', 'name of its cosignatures (default: <ledger>/witness)')
    .option('--responsible <name>', 'the person who answers for the ledger')
    .option('--contact <uri>', 'how to reach them')
    .option('--retention-days <days>', 'contents can not be erased earlier')
    .option('--public-entries', 'device entries are open to everybody')
    .option('--law <file>', 'JSON: conditions, profiles, supervisors, laboratories')
    .option('--json', 'one line of JSON')
    .action((options: InitOptions) => init(options, cli));
}

/**
 * Crash-safe by order: configuration, keys, ledger. Run again after a crash it goes on with what is
 * there; a ledger that is there is never founded again.
 */
function init(options: InitOptions, { terminal }: Cli): void {
  useNodeCrypto();
  const place = placeOf(options, terminal);
  const config = place.config ?? newConfig(options, place);
  const folder = dataFolder(config.data);
  const held = lockFolder(folder.lock);
  try {
    if (!place.config) writeConfig(config, place.configFile);
    completeKeys(folder);
    const ledgerId = found(config, folder, options);
    const origin = `${config.ledgerName}/${ledgerId}`;
    answer(terminal, options, {
      value: { ledgerId, origin, config: place.configFile, data: folder.root },
      lines: [
        `ledger  ${origin}`,
        `config  ${place.configFile}`,
        `data    ${folder.root}`,
        'A solo ledger is a private chain: one party keeps it. Its charter is leaf 0.',
        `Back up ${folder.keys} now, offline. Then: truegrain token add, truegrain start`,
      ],
    });
  } finally {
    held.release();
  }
}

function newConfig(options: InitOptions, { folder, configFile }: Place): GatewayConfig {
  const { iss = TRIAL.iss, name = TRIAL.name, ledger = TRIAL.ledger, cosigner } = options;
  const data = relative(dirname(configFile), folder.root) || '.';
  const value = { data, member: { iss, name }, ledgerName: ledger, cosignerName: cosigner };
  return parseConfig(value, { file: configFile });
}

function writeConfig(config: GatewayConfig, file: string): void {
  const { member, ledgerName, cosignerName, http, mqtt } = config;
  const data = relative(dirname(file), config.data) || '.';
  const value = { data, member, ledgerName, cosignerName, http, mqtt };
  writeDurably(file, `${JSON.stringify(value, null, 2)}\n`);
}

function completeKeys({ keys }: DataFolder): void {
  const missing = MEMBER_KEYS.filter((name) => !existsSync(`${keys}/${name}.pem`));
  if (missing.length === MEMBER_KEYS.length) createMemberKeys(keys);
  else for (const name of missing) createKeyFile(`${keys}/${name}.pem`);
}

function found(config: GatewayConfig, folder: DataFolder, options: InitOptions): string {
  const db = openDatabase(folder.ledger);
  try {
    const ledger = new SoloLedger(db, nativeVerify);
    if (ledger.state.size > 0) {
      throw new CliError(EXIT.local, `${folder.root} holds a ledger already`);
    }
    const charter = parseStatement(
      createCharter({ ...wishesOf(config, options), ...signersOf(folder) }),
    );
    if (!charter.ok) throw new Error(`own charter: ${charter.code}`);
    const applied = ledger.commitGovernance(charter.value);
    if (!applied.ok) throw new Error(`own charter: ${applied.code}: ${applied.detail}`);
    return toHex(ledger.state.ledgerId ?? new Uint8Array());
  } finally {
    db.close();
  }
}

function signersOf({ keys }: DataFolder) {
  return { signers: loadMemberKeys(keys), mode: 'solo' as const, nowMs: Date.now() };
}

function wishesOf({ member, ledgerName, cosignerName }: GatewayConfig, options: InitOptions) {
  const { responsible, contact, retentionDays, publicEntries, law } = options;
  const days = retentionDays === undefined ? undefined : Number(retentionDays);
  if (days !== undefined && !Number.isSafeInteger(days)) {
    throw new CliError(EXIT.usage, `--retention-days ${retentionDays} is not a number of days`);
  }
  return {
    ...member,
    ledgerName,
    cosignerName,
    law: law === undefined ? defaultLaw([]) : readLawFile(law),
    ...(days !== undefined && { retentionDays: days }),
    ...(publicEntries && { publicEntries }),
    ...((responsible ?? contact) !== undefined && {
      responsible: {
        name: responsible ?? member.name,
        organisation: member.name,
        contact: contact ?? member.iss,
      },
    }),
  };
}
