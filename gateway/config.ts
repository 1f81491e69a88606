// truegrain.json: what the operator of one gateway decides. Everything has a safe default but the names.
import { dirname, join, resolve } from 'node:path';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEMBER_KINDS, type MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import type { LegalId } from '@truegrain/device-sdk/formats/member-record.js';
import { type AllianceConfig, readAlliance } from './alliance/alliance-config.ts';
import { ConfigError, PORT_MAX, readJson, Section } from './config-section.ts';
import { type EventsConfig, readEvents } from './derive/derive-config.ts';
import { type OperatorLink, operatorLinks } from './resolver/resolver-config.ts';
import { type RouteConfig, readRoute } from './trace/route-config.ts';
import { type FindingWebhook, readFindingWebhooks } from './trace/webhook-config.ts';

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

/** What is said of the member where it founds or joins; the ledger keeps what it was told then. */
export interface MemberConfig {
  readonly iss: string;
  readonly name: string;
  readonly kind?: MemberKind;
  readonly legalId?: LegalId;
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
  /** Who is told of findings. */
  readonly findingWebhooks?: readonly FindingWebhook[];
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
  const alliance = root.maybe('alliance', () => readAlliance(root.section('alliance')));
  const resolverLinks = root.maybe('resolver', () => operatorLinks(root.section('resolver')));
  const ledgerName = root.text('ledgerName', {
    pattern: LEDGER_NAME,
    ...(alliance && { otherwise: hostOf(member.iss) }),
  });
  const http = httpOf(root.section('http', {}), { folder, env });
  const events = readEvents(root, http.publicUrl);
  const privateDests = http.privateWebhooks ?? false;
  const findingWebhooks = root.maybe('findings', () =>
    readFindingWebhooks(root.section('findings'), { folder, privateDests }),
  );
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
    routes: root.sections('routes').map(readRoute),
    ...(findingWebhooks && { findingWebhooks }),
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
