import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import type { OwnGateway, OwnNode } from '../alliance/alliance-config.ts';
import { CONFIG_NAME, parseConfig } from '../config.ts';
import { type DataFolder, dataFolder } from '../data-folder.ts';
import { createKeyFile, ENGINE_KEYS, loadEngineKeys, MEMBER_KEYS } from '../keys.ts';
import { engineAddress, publicBytes } from '../ledger/cometbft/engine-keys.ts';
import { type AllianceMember, isAllianceMember } from '../member-folder.ts';
import { copyMemberCa, createMemberTls } from '../peers/member-tls.ts';
import { createDurably, writeDurably } from '../store/durable-files.ts';
import { NO_INIT } from './alliance-files.ts';
import { hostPort } from './host-port.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface GatewayOptions extends PlaceOptions {
  out: string;
  peer: string;
  p2p: string;
  listen: string;
  http: string;
  mqtt: string;
  json?: boolean;
}

export function addAllianceGateway(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('gateway'))
    .description('make the folder of a further gateway of this member: its own key, devices, inbox')
    .requiredOption('--out <folder>', 'the new folder; carry it to where the gateway is to run')
    .requiredOption('--peer <url>', 'https://host:port where this member’s node reaches its door')
    .requiredOption('--p2p <host:port>', 'where its engine listens')
    .option('--listen <address>', 'address both listen on', '0.0.0.0')
    .option('--http <host:port>', 'where its API listens', '127.0.0.1:8080')
    .option('--mqtt <host:port>', 'where its devices connect', '127.0.0.1:1883')
    .option('--json', 'one line of JSON')
    .action((options: GatewayOptions) => addGateway(options, cli));
}

/**
 * Keys, then what they are for, then the node's own configuration, which names the new gateway: a
 * crash before that leaves a folder that nobody listens to, and that is to be deleted.
 */
async function addGateway(options: GatewayOptions, { terminal }: Cli): Promise<void> {
  const { folder, config, configFile } = placeOf(options, terminal);
  if (!isAllianceMember(config) || !existsSync(folder.founding)) {
    throw new CliError(EXIT.local, NO_INIT);
  }
  if (config.alliance.node) {
    throw new CliError(EXIT.usage, `${folder.root} is a further gateway itself: name the node's`);
  }
  const out = dataFolder(resolve(options.out));
  if (existsSync(out.root)) throw new CliError(EXIT.local, `${out.root} exists`);
  if (!URL.canParse(options.peer)) {
    throw new CliError(EXIT.usage, `--peer ${options.peer} is not a URL`);
  }
  // Before anything is made: what is wrong with the options is said here.
  const value = configOf(options, { folder, config });
  const { advertiseHttp } = value.alliance;
  parseConfig(value, { file: join(out.root, CONFIG_NAME) });
  const nodeId = await makeFolder(out, { value, folder, config });
  const gateway = { http: advertiseHttp, nodeId };
  nameGateway(configFile, gateway);
  answer(terminal, options, {
    value: { data: out.root, nodeId, config: join(out.root, CONFIG_NAME) },
    lines: [
      `folder  ${out.root}`,
      `named   in ${configFile}: restart this member's node`,
      `next    truegrain alliance propose key gateway --add --data ${out.root} --url URL --token TOKEN`,
      '        through the node; every member signs it, then start this one: truegrain alliance start',
      `Its log key is the member's own: keep ${out.keys} as you keep ${folder.keys}.`,
    ],
  });
}

async function makeFolder(
  out: DataFolder,
  from: { value: ReturnType<typeof configOf>; folder: DataFolder; config: AllianceMember },
): Promise<string> {
  const { value, folder, config } = from;
  mkdirSync(out.keys, { recursive: true, mode: 0o700 });
  // Receipts are the member's word; what it cosigns, votes and governs stays with its node.
  createDurably(join(out.keys, 'log.pem'), readFileSync(join(folder.keys, 'log.pem'), 'utf8'));
  for (const name of [...MEMBER_KEYS, ...ENGINE_KEYS]) {
    if (name !== 'log') createKeyFile(join(out.keys, `${name}.pem`));
  }
  copyMemberCa(folder.tls, out.tls);
  const hosts = [new URL(value.alliance.advertiseHttp).hostname.replace(/^\[|\]$/g, '')];
  await createMemberTls(out.tls, { name: config.member.name, hosts, nowMs: Date.now() });
  for (const file of ['founding', 'invitation'] as const) {
    if (existsSync(folder[file])) copyFileSync(folder[file], out[file]);
  }
  writeDurably(join(out.root, CONFIG_NAME), `${JSON.stringify(value, null, 2)}\n`);
  return nodeIdOf(out);
}

function configOf(
  options: GatewayOptions,
  { folder, config }: { folder: DataFolder; config: AllianceMember },
) {
  const { member, cosignerName, alliance } = config;
  const node: OwnNode = {
    http: alliance.advertiseHttp,
    p2p: alliance.advertiseP2p,
    nodeId: nodeIdOf(folder),
  };
  const { iss, name, kind } = member;
  return {
    data: '.',
    member: { iss, name, ...(kind && { kind }) },
    cosignerName,
    http: hostPort('--http', options.http),
    mqtt: hostPort('--mqtt', options.mqtt),
    alliance: {
      peerHost: options.listen,
      peerPort: Number(new URL(options.peer).port || HTTPS_PORT),
      p2pHost: options.listen,
      p2pPort: hostPort('--p2p', options.p2p).port,
      advertiseHttp: options.peer.replace(/\/+$/, ''),
      advertiseP2p: options.p2p,
      node,
      ...(alliance.loopback && { loopback: true }),
    },
  };
}

const HTTPS_PORT = 443;

function nodeIdOf({ keys }: DataFolder): string {
  return toHex(engineAddress(publicBytes(loadEngineKeys(keys).p2p)));
}

/** In the node's own configuration, beside what is there. */
function nameGateway(file: string, gateway: OwnGateway): void {
  const value = JSON.parse(readFileSync(file, 'utf8')) as {
    alliance: { gateways?: OwnGateway[] };
  };
  const { alliance } = value;
  const gateways = [...(alliance.gateways ?? []), gateway];
  writeDurably(
    file,
    `${JSON.stringify({ ...value, alliance: { ...alliance, gateways } }, null, 2)}\n`,
  );
}
