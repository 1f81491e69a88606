import { dirname, relative } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { parseConfig } from '../config.ts';
import { type AllianceMember, isAllianceMember, makeMemberFolder } from '../member-folder.ts';
import { writeDurably } from '../store/durable-files.ts';
import { lockFolder } from '../store/lock.ts';
import { readInvitationFile } from './alliance-files.ts';
import { hostPort } from './host-port.ts';
import { type LegalIdOptions, legalIdOf } from './legal-id.ts';
import { type Place, type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface InitOptions extends PlaceOptions, LegalIdOptions {
  iss?: string;
  name?: string;
  kind: string;
  cosigner?: string;
  peer?: string;
  p2p?: string;
  listen: string;
  http: string;
  mqtt: string;
  publicUrl?: string;
  loopback?: boolean;
  ledgerId?: string;
  invitation?: string;
  json?: boolean;
}

export function addAllianceInit(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('init'))
    .description('make this organisation’s own folder: keys, certificate, configuration, card')
    .option('--iss <uri>', 'the member as a URI')
    .option('--name <name>', 'the member, for people')
    .option('--kind <kind>', 'participant, regulator, self-regulatory or auditor', 'participant')
    .option('--lei <code>', 'legal entity identifier (ISO 17442)')
    .option('--uscc <code>', 'unified social credit code (GB 32100)')
    .option('--evidence <file>', 'document that proves it; its SHA-256 is what others see')
    .option('--cosigner <name>', 'name of its cosignatures (default: host of --iss, /witness)')
    .option('--peer <url>', 'https://host:port where the others reach the members’ door')
    .option('--p2p <host:port>', 'where their engines reach this one')
    .option('--listen <address>', 'address both listen on', '0.0.0.0')
    .option('--http <host:port>', 'where the public API listens', '127.0.0.1:8080')
    .option('--mqtt <host:port>', 'where devices connect', '127.0.0.1:1883')
    .option('--public-url <url>', 'the public API as the others reach it')
    .option('--loopback', 'several members on one machine: for trials')
    .option('--ledger-id <hex>', 'the card applies to this running ledger')
    .option('--invitation <file>', 'the card applies to the ledger of this .tginvite')
    .option('--json', 'one line of JSON')
    .action((options: InitOptions) => init(options, cli));
}

/**
 * Crash-safe by order: configuration, keys, card. Run again it goes on with what is there; then the
 * configuration that is there stands, and the card is made anew.
 */
async function init(options: InitOptions, { terminal }: Cli): Promise<void> {
  useNodeCrypto();
  const place = placeOf(options, terminal);
  const { folder, configFile } = place;
  const ledgerId = ledgerIdOf(options);
  const held = lockFolder(folder.lock);
  try {
    const config = place.config ?? newConfig(options, place);
    if (!isAllianceMember(config)) {
      throw new CliError(EXIT.usage, `${configFile} is of a solo ledger; take another --data`);
    }
    const { member } = await makeMemberFolder(folder, { config, ledgerId, nowMs: Date.now() });
    answer(terminal, options, {
      value: { iss: member.iss, card: folder.card, config: configFile, data: folder.root },
      lines: [
        `card    ${folder.card}`,
        `config  ${configFile}`,
        `Back up ${folder.keys} now, offline: nobody else has these keys.`,
        ledgerId === null
          ? 'Give the card to the convener: it holds public keys and addresses, nothing secret.'
          : `The card applies to ledger ${toHex(ledgerId)}: give it to any of its members.`,
      ],
    });
  } finally {
    held.release();
  }
}

function ledgerIdOf({ ledgerId, invitation }: InitOptions): Uint8Array | null {
  if (invitation !== undefined) {
    if (ledgerId === undefined) return readInvitationFile(invitation).founding.ledgerId;
    throw new CliError(EXIT.usage, '--ledger-id or --invitation, not both');
  }
  if (ledgerId === undefined) return null;
  if (!/^[0-9a-f]{64}$/.test(ledgerId)) {
    throw new CliError(EXIT.usage, `--ledger-id ${ledgerId} is not 64 hexadecimal digits`);
  }
  return new Uint8Array(Buffer.from(ledgerId, 'hex'));
}

function newConfig(options: InitOptions, { folder, configFile }: Place): AllianceMember {
  const iss = needed('--iss', options.iss);
  const name = needed('--name', options.name);
  const peer = needed('--peer', options.peer).replace(/\/+$/, '');
  const p2p = needed('--p2p', options.p2p);
  const { kind, listen, http, mqtt, publicUrl, loopback } = options;
  const legalId = legalIdOf(options);
  if (!URL.canParse(peer)) throw new CliError(EXIT.usage, `--peer ${peer} is not a URL`);
  const value = {
    data: relative(dirname(configFile), folder.root) || '.',
    member: { iss, name, kind, ...(legalId && { legalId: legalIdJson(legalId) }) },
    cosignerName: options.cosigner ?? cosignerNameOf(iss),
    http: hostPort('--http', http),
    mqtt: hostPort('--mqtt', mqtt),
    alliance: {
      peerHost: listen,
      peerPort: Number(new URL(peer).port || HTTPS_PORT),
      p2pHost: listen,
      p2pPort: hostPort('--p2p', p2p).port,
      advertiseHttp: peer,
      advertiseP2p: p2p,
      ...(publicUrl && { publicUrl }),
      ...(loopback && { loopback }),
    },
  };
  const config = parseConfig(value, { file: configFile });
  writeDurably(configFile, `${JSON.stringify(value, null, 2)}\n`);
  return config as AllianceMember;
}

const HTTPS_PORT = 443;

function legalIdJson({ scheme, value, evidence }: NonNullable<ReturnType<typeof legalIdOf>>) {
  return { scheme, value, evidence: evidence && toHex(evidence) };
}

function needed(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new CliError(EXIT.usage, `a new member needs ${flag}`);
}

function cosignerNameOf(iss: string): string {
  const host = URL.canParse(iss) ? new URL(iss).hostname : '';
  if (host !== '') return `${host}/witness`;
  throw new CliError(EXIT.usage, `--iss ${iss} names no host: give --cosigner`);
}
