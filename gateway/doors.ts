import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { GatewayConfig, TlsFiles } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import type { Backend } from './http/backend.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import type { Broker, BrokerErrorCode, IngestHandlers } from './ingest/broker.ts';
import { checkCredential } from './ingest/credentials.ts';
import { openEmbeddedBroker } from './ingest/embedded-broker.ts';
import { openExternalBroker } from './ingest/external-broker.ts';
import type { KeyRecord, LedgerState } from './ledger/state.ts';
import type { Pipeline } from './pipeline.ts';
import type { Downlinks } from './receipts/deliver.ts';
import type { LocalStore } from './store/local.ts';
import { openTokens } from './tokens.ts';

/** Something an operator can mend, said in one line. */
export class StartError extends Error {
  readonly code: BrokerErrorCode | 'no_ledger' | 'engine' | 'socket_path';
  constructor(code: StartError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The pipeline answers devices through the broker, which is opened after it and can't be before. */
export class BrokerLink implements Downlinks {
  broker: Broker | null = null;

  publishDown(device: string, payload: Uint8Array): void {
    this.broker?.publishDown(device, payload);
  }

  isListening(device: string): boolean {
    return this.broker?.isListening(device) ?? false;
  }
}

export function handlersOf(pipeline: Pipeline, local: LocalStore, log: Logger): IngestHandlers {
  return {
    authenticate: (clientId, username, password) =>
      checkCredential(local, { clientId, username, password }),
    onFrame: (device, frame, done) => pipeline.deviceFrame(device, frame, done),
    onRefusedConnection: (reason, device) => log.warn({ reason, device }, 'connection refused'),
    onBrokerState: (state, detail) => log.info({ state, detail }, 'broker'),
  };
}

export async function openBroker(config: GatewayConfig, handlers: IngestHandlers): Promise<Broker> {
  const { mqtt } = config;
  const opened = mqtt.url
    ? await openExternalBroker({
        url: mqtt.url,
        clientId: `truegrain-${config.ledgerName}`,
        ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
        ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
        handlers,
      })
    : await openEmbeddedBroker({
        port: mqtt.port,
        host: mqtt.host,
        ...(mqtt.tls ? { tls: readTls(mqtt.tls) } : {}),
        handlers,
      });
  if (opened.ok) return opened.value;
  throw new StartError(
    opened.code,
    `MQTT ${mqtt.url ?? `${mqtt.host}:${mqtt.port}`}: ${opened.detail}`,
  );
}

export function publicMqttUrl({ mqtt }: GatewayConfig, port: number): string {
  return mqtt.publicUrl ?? mqtt.url ?? `${mqtt.tls ? 'mqtts' : 'mqtt'}://${mqtt.host}:${port}`;
}

export function openHttp(
  config: GatewayConfig,
  parts: { backend: Backend; folder: DataFolder; nowMs: () => number; log: Logger },
): Promise<HttpServer> {
  const { http } = config;
  return startHttp({
    backend: parts.backend,
    tokens: openTokens(parts.folder.tokens, parts.nowMs),
    host: http.host,
    port: http.port,
    logger: parts.log,
    resolver: { name: config.member.name, links: config.resolverLinks ?? [] },
    ...(http.publicUrl === undefined ? {} : { publicUrl: http.publicUrl }),
    ...(http.tls ? { tls: readTls(http.tls) } : {}),
  });
}

/** A device all of whose keys were revoked has no credential any more, and no connection. */
export function endRevoked(
  keys: readonly KeyRecord[],
  parts: { state: LedgerState; local: LocalStore; link: BrokerLink },
): void {
  if (!keys.some(({ status }) => status === 'revoked')) return;
  const { state, local, link } = parts;
  const active = new Set(state.keys.flatMap((k) => (k.status === 'active' ? [k.iss] : [])));
  for (const { role, iss } of keys) {
    if (role !== 'device' || active.has(iss)) continue;
    local.dropCredential(iss);
    link.broker?.disconnect(iss);
  }
}

/** Newest first: no door is open to what is already closed behind it. */
export async function unwind(undo: readonly (() => unknown)[]): Promise<void> {
  for (const step of undo) await step();
}

function readTls({ keyFile, certFile }: TlsFiles): { key: Buffer; cert: Buffer } {
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}
