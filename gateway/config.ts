// truegrain.json: what the operator of one gateway decides. Everything has a safe default but the names.
import { dirname, join, resolve } from 'node:path';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEMBER_KINDS, type MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import type { LegalId } from '@truegrain/device-sdk/formats/member-record.js';
import { ConfigError, readJson, Section } from './config-section.ts';
import { type EventsConfig, readEvents } from './derive/derive-config.ts';
import { canonicalUri } from './epcis/gs1/epc-translation.ts';
import { type OperatorLink, operatorLinks } from './resolver/resolver-config.ts';

export interface TlsFiles {
  readonly keyFile: string;
  readonly certFile: string;
}

export interface HttpConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Base URL seen from outside, where a proxy stands before the gateway. */
  readonly publicUrl?: string;
  readonly tls?: TlsFiles;
  /** Subscribers to events may have addresses of a private network, this machine's too. */
  readonly privateWebhooks?: boolean;
}

export interface MqttConfig {
  /** Where the embedded broker listens; unused with `url`. */
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
  /** What devices are told to connect to, where it differs from host and port. */
  readonly publicUrl?: string;
  /** An external broker; the embedded one does not start then. */
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
}

export interface WitnessConfig {
  readonly name: string;
  /** C2SP vkey; its lines count where the policy lists the key. */
  readonly vkey: string;
  /** Submission prefix: `<url>/add-checkpoint`. */
  readonly url: string;
}

/** The member's voting node, as one of its further gateways reaches it. */
export interface OwnNode {
  readonly http: string;
  readonly p2p: string;
  /** 40 lower hex. */
  readonly nodeId: string;
}

/** A further gateway of the member, as its voting node knows it; that one dials. */
export type OwnGateway = Pick<OwnNode, 'http' | 'nodeId'>;

export interface AllianceConfig {
  /** Where the members' door listens. */
  readonly peerHost: string;
  readonly peerPort: number;
  /** Where the engine listens for the other engines. */
  readonly p2pHost: string;
  readonly p2pPort: number;
  /** As the others reach them: https URL of the door, host:port of the engine. */
  readonly advertiseHttp: string;
  readonly advertiseP2p: string;
  /** The public API, told to the others; null where there is none. */
  readonly publicUrl: string | null;
  /** Disk that accepted frames may take while the chain does not move. */
  readonly inboxBytesMax: number;
  /** Blocks that the engine keeps for members who catch up. */
  readonly keepBlocks: number;
  readonly snapshotEveryBlocks: number;
  readonly witnesses: readonly WitnessConfig[];
  /** At the voting node: the member's further gateways. */
  readonly gateways: readonly OwnGateway[];
  /** At a further gateway: the node whose blocks it follows. Null where this is the voting node. */
  readonly node: OwnNode | null;
  /** Several members on one machine: for trials only. */
  readonly loopback: boolean;
}

/** What is said of the member where it founds or joins; the ledger keeps what it was told then. */
export interface MemberConfig {
  readonly iss: string;
  readonly name: string;
  readonly kind?: MemberKind;
  readonly legalId?: LegalId;
}

/** Where things of a kind are to go: what is elsewhere, turns back or stays too long is a finding. */
export interface RouteConfig {
  readonly name: string;
  /** Beginnings of EPCs as canonical GS1 Digital Links: a product, an SSCC prefix, one thing. */
  readonly items: readonly string[];
  /** Read points in the order in which they are passed, in URN or Digital Link form. */
  readonly readPoints: readonly string[];
  /** Longest time at one of them in seconds; null: as long as it takes. */
  readonly dwellMaxS: number | null;
}

export interface GatewayConfig {
  /** Absolute path of the data folder; its layout is in data-folder.ts. */
  readonly data: string;
  readonly member: MemberConfig;
  /**
   * Written into the charter; a ledger that exists keeps the name it began with. An alliance's is
   * its convener's to choose: where the file names none, the host of the member's URI stands here.
   */
  readonly ledgerName: string;
  readonly cosignerName: string;
  readonly http: HttpConfig;
  readonly mqtt: MqttConfig;
  readonly batchLingerMs: number;
  readonly anchorIntervalMs: number;
  /** Checking threads; absent = one a core. */
  readonly threads?: number;
  /** More copies of the newest signed checkpoint, on other disks (DESIGN §7). */
  readonly tipCopies: readonly string[];
  /** The first whose `items` fit a thing is its route. */
  readonly routes: readonly RouteConfig[];
  /** What the Digital Link resolver offers beside the links of every gateway. */
  readonly resolverLinks?: readonly OperatorLink[];
  /** Present where this gateway is a member of an alliance. */
  readonly alliance?: AllianceConfig;
  /** Packs that become EPCIS events. */
  readonly events?: EventsConfig;
}

export const CONFIG_NAME = 'truegrain.json';
export const DATA_DEFAULT = '.truegrain';
const HTTP_PORT_DEFAULT = 8080;
const MQTT_PORT_DEFAULT = 1883;
export const PEER_PORT_DEFAULT = 26_680;
export const P2P_PORT_DEFAULT = 26_656;
const PORT_MAX = 65_535;
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$/;

/** Overrides for containers and tests; `process.env` fits. */
export interface Environment {
  readonly TRUEGRAIN_DATA?: string | undefined;
  readonly TRUEGRAIN_HTTP_PORT?: string | undefined;
  readonly TRUEGRAIN_MQTT_PORT?: string | undefined;
}

/** Reads and checks the file; throws ConfigError, whose message is the one line to print. */
export function loadConfig(file: string, env: Environment = process.env): GatewayConfig {
  const path = resolve(file);
  return parseConfig(readJson(path), { file: path, env });
}

/** `data` and other relative paths are taken from the folder of `file`. */
export function parseConfig(
  value: unknown,
  { file, env = {} }: { file: string; env?: Environment },
): GatewayConfig {
  const folder = dirname(file);
  const root = new Section(value, { file, path: '' });
  const member = memberOf(root.section('member'));
  const data = resolve(folder, root.text('data', { otherwise: '.' }));
  const threads = root.maybe('threads', () => root.integer('threads', { min: 1, max: 256 }));
  const alliance = root.maybe('alliance', () => allianceOf(root.section('alliance')));
  const resolverLinks = root.maybe('resolver', () => operatorLinks(root.section('resolver')));
  const ledgerName = root.text('ledgerName', {
    pattern: LEDGER_NAME,
    ...(alliance && { otherwise: hostOf(member.iss) }),
  });
  const http = httpOf(root.section('http', {}), { folder, env });
  const events = readEvents(root, http.publicUrl);
  const config: GatewayConfig = {
    data: env.TRUEGRAIN_DATA ? resolve(env.TRUEGRAIN_DATA) : data,
    member,
    ledgerName,
    cosignerName: root.text('cosignerName', {
      otherwise: `${ledgerName}/witness`,
      pattern: LEDGER_NAME,
    }),
    http,
    mqtt: mqttOf(root.section('mqtt', {}), { folder, env }),
    batchLingerMs: root.integer('batchLingerMs', { min: 0, max: 10_000, otherwise: 15 }),
    anchorIntervalMs: root.integer('anchorIntervalMs', { min: 1, max: 3_600_000, otherwise: 100 }),
    ...(threads !== undefined && { threads }),
    tipCopies: root.texts('tipCopies').map((copy) => resolve(folder, copy)),
    routes: root.sections('routes').map(routeOf),
    ...(resolverLinks && { resolverLinks }),
    ...(alliance && { alliance }),
    ...(events && { events }),
  };
  root.close();
  return config;
}

/** Host-like, no scheme: the first line of every checkpoint begins with it. */
const LEDGER_NAME = /^[a-z0-9][a-z0-9.-]*(\/[A-Za-z0-9._~-]+)*$/;

interface Place {
  folder: string;
  env: Environment;
}

function memberOf(section: Section): MemberConfig {
  const kind = section.maybe('kind', () => section.oneOf('kind', MEMBER_KINDS));
  const legalId = section.maybe('legalId', () => legalIdOf(section.section('legalId')));
  const member = {
    iss: section.url('iss', ['https:', 'urn:', 'did:']),
    name: section.text('name'),
    ...(kind && { kind }),
    ...(legalId && { legalId }),
  };
  section.close();
  return member;
}

function legalIdOf(section: Section): LegalId {
  const evidence = section.maybe('evidence', () => section.text('evidence', { pattern: SHA256 }));
  const legalId = {
    scheme: section.oneOf('scheme', ['lei', 'uscc']),
    value: section.text('value'),
    evidence: evidence === undefined ? null : fromHex(evidence),
  };
  section.close();
  return legalId;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** `urn:` and `did:` have none. */
function hostOf(iss: string): string {
  const { hostname } = new URL(iss);
  return LEDGER_NAME.test(hostname) ? hostname : 'alliance';
}

function httpOf(section: Section, { folder, env }: Place): HttpConfig {
  const tls = tlsOf(section, folder);
  const publicUrl = section.maybe('publicUrl', () => section.url('publicUrl', ['http:', 'https:']));
  const http = {
    host: section.text('host', { otherwise: '127.0.0.1' }),
    port: portOf(section, { name: 'TRUEGRAIN_HTTP_PORT', otherwise: HTTP_PORT_DEFAULT, env }),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(tls && { tls }),
    ...(section.flag('privateWebhooks', false) && { privateWebhooks: true }),
  };
  section.close();
  return http;
}

function mqttOf(section: Section, { folder, env }: Place): MqttConfig {
  const tls = tlsOf(section, folder);
  const mqttUrl = (key: string) =>
    section.maybe(key, () => section.url(key, ['mqtt:', 'mqtts:', 'ws:', 'wss:']));
  const publicUrl = mqttUrl('publicUrl');
  const url = mqttUrl('url');
  const username = section.maybe('username', () => section.text('username'));
  const password = section.maybe('password', () => section.text('password'));
  if (url === undefined && (username !== undefined || password !== undefined)) {
    section.fail('username', 'username and password are for an external broker (url)');
  }
  const mqtt = {
    host: section.text('host', { otherwise: '127.0.0.1' }),
    port: portOf(section, { name: 'TRUEGRAIN_MQTT_PORT', otherwise: MQTT_PORT_DEFAULT, env }),
    ...(tls && { tls }),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(url !== undefined && { url }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  section.close();
  return mqtt;
}

const DWELL_S_MAX = 31_536_000;

function routeOf(section: Section): RouteConfig {
  const dwellMaxS = section.maybe('dwellMaxS', () =>
    section.integer('dwellMaxS', { min: 1, max: DWELL_S_MAX }),
  );
  const route = {
    name: section.text('name'),
    items: section.texts('items'),
    readPoints: section.texts('readPoints').map(canonicalUri),
    dwellMaxS: dwellMaxS ?? null,
  };
  section.close();
  return route;
}

const GIB = 1_073_741_824;

function allianceOf(section: Section): AllianceConfig {
  const number = (key: string, otherwise: number, min = 1) =>
    section.integer(key, { min, max: Number.MAX_SAFE_INTEGER, otherwise });
  const port = (key: string, otherwise: number) =>
    section.integer(key, { min: 0, max: PORT_MAX, otherwise });
  const alliance = {
    peerHost: section.text('peerHost', { otherwise: '127.0.0.1' }),
    peerPort: port('peerPort', PEER_PORT_DEFAULT),
    p2pHost: section.text('p2pHost', { otherwise: '127.0.0.1' }),
    p2pPort: port('p2pPort', P2P_PORT_DEFAULT),
    advertiseHttp: section.url('advertiseHttp', ['https:']),
    advertiseP2p: section.text('advertiseP2p', { pattern: HOST_PORT }),
    publicUrl:
      section.maybe('publicUrl', () => section.url('publicUrl', ['http:', 'https:'])) ?? null,
    inboxBytesMax: number('inboxBytesMax', 4 * GIB, 1_048_576),
    keepBlocks: number('keepBlocks', 1_000, 100),
    snapshotEveryBlocks: number('snapshotEveryBlocks', 500),
    witnesses: section.sections('witnesses').map(witnessOf),
    gateways: section.sections('gateways').map(ownGatewayOf),
    node: section.maybe('node', () => ownNodeOf(section.section('node'))) ?? null,
    loopback: section.flag('loopback', false),
  };
  section.close();
  return alliance;
}

const NODE_ID = /^[0-9a-f]{40}$/;

function ownGatewayOf(section: Section): OwnGateway {
  const gateway = {
    http: section.url('http', ['https:']),
    nodeId: section.text('nodeId', { pattern: NODE_ID }),
  };
  section.close();
  return gateway;
}

function ownNodeOf(section: Section): OwnNode {
  const node = {
    http: section.url('http', ['https:']),
    p2p: section.text('p2p', { pattern: HOST_PORT }),
    nodeId: section.text('nodeId', { pattern: NODE_ID }),
  };
  section.close();
  return node;
}

function witnessOf(section: Section): WitnessConfig {
  const witness = {
    name: section.text('name', { pattern: /^[^\s+]+$/ }),
    vkey: section.text('vkey'),
    url: section.url('url', ['http:', 'https:']).replace(/\/+$/, ''),
  };
  section.close();
  return witness;
}

function tlsOf(section: Section, folder: string): TlsFiles | undefined {
  return section.maybe('tls', () => {
    const tls = section.section('tls');
    const keyFile = resolve(folder, tls.text('keyFile'));
    const certFile = resolve(folder, tls.text('certFile'));
    tls.close();
    return { keyFile, certFile };
  });
}

function portOf(
  section: Section,
  { name, otherwise, env }: { name: keyof Environment; otherwise: number; env: Environment },
): number {
  const port = section.integer('port', { min: 0, max: PORT_MAX, otherwise });
  const text = env[name];
  if (!text) return port;
  if (!/^\d{1,5}$/.test(text) || Number(text) > PORT_MAX) {
    throw new ConfigError(`${name} is "${text}": must be a port, 0 to ${PORT_MAX}`);
  }
  return Number(text);
}

/** Where the config file is looked for when no --config is given. */
export function defaultConfigFile(env: Environment = process.env): string {
  return join(env.TRUEGRAIN_DATA || DATA_DEFAULT, CONFIG_NAME);
}
