import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import type { MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import { type MemberCard, makeMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { type GatewayConfig, parseConfig } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import {
  createKeyFile,
  ENGINE_KEYS,
  loadEngineKeys,
  loadMemberKeys,
  MEMBER_KEYS,
  signerOf,
} from './keys.ts';
import { engineAddress, publicBytes } from './ledger/cometbft/engine-keys.ts';
import { createMemberTls } from './peers/member-tls.ts';
import { writeDurably } from './store/durable-files.ts';

/** What an organisation says of itself when it makes its folder. */
export interface MemberWishes {
  iss: string;
  name: string;
  kind: MemberKind;
  legalId: Charter['founders'][number]['legalId'];
  ledgerName: string;
  cosignerName: string;
  advertiseHttp: string;
  advertiseP2p: string;
  peer: { host: string; port: number };
  p2p: { host: string; port: number };
  http: { host: string; port: number };
  mqtt: { host: string; port: number };
  loopback: boolean;
  /** The ledger it applies to; null for a founding. */
  ledgerId: Uint8Array | null;
}

/**
 * A member's own keys, certificate and configuration, made where they will be used and nowhere else.
 * What is there is kept: run again after a crash it goes on.
 */
export async function makeMemberFolder(
  folder: DataFolder,
  { configFile, wishes, nowMs }: { configFile: string; wishes: MemberWishes; nowMs: number },
): Promise<MemberCard> {
  mkdirSync(folder.keys, { recursive: true, mode: 0o700 });
  for (const name of [...MEMBER_KEYS, ...ENGINE_KEYS]) {
    const file = join(folder.keys, `${name}.pem`);
    if (!existsSync(file)) createKeyFile(file);
  }
  const host = new URL(wishes.advertiseHttp).hostname;
  const tls = await createMemberTls(folder.tls, { name: wishes.name, hosts: [host], nowMs });
  writeConfig(folder, { configFile, wishes });
  return cardOf(folder, { wishes, ca: tls.caDer });
}

function cardOf(
  folder: DataFolder,
  { wishes, ca }: { wishes: MemberWishes; ca: Uint8Array },
): MemberCard {
  const { member, log, cosigner, gateway } = loadMemberKeys(folder.keys);
  const engine = loadEngineKeys(folder.keys);
  const node = signerOf(engine.node);
  const { iss, name, kind, legalId, cosignerName, ledgerId } = wishes;
  const endpoint: Endpoint = {
    http: wishes.advertiseHttp,
    ca,
    p2p: wishes.advertiseP2p,
    nodeId: engineAddress(publicBytes(engine.p2p)),
    publicUrl: null,
  };
  const record = {
    iss,
    name,
    legalId,
    kind,
    memberKey: member.key,
    logKey: log.key,
    cosigningKey: cosigner.key,
    cosignerName,
    nodeKey: node.key,
    gatewayKeys: [gateway.key],
  };
  const signers = [member, log, cosigner, node, gateway];
  return makeMemberCard({ member: record, endpoint, ledgerId }, signers);
}

function writeConfig(
  folder: DataFolder,
  { configFile, wishes }: { configFile: string; wishes: MemberWishes },
): GatewayConfig {
  const { iss, name, ledgerName, cosignerName, http, mqtt, peer, p2p } = wishes;
  const value = {
    data: relative(join(configFile, '..'), folder.root) || '.',
    member: { iss, name },
    ledgerName,
    cosignerName,
    http,
    mqtt,
    alliance: {
      peerHost: peer.host,
      peerPort: peer.port,
      p2pHost: p2p.host,
      p2pPort: p2p.port,
      advertiseHttp: wishes.advertiseHttp,
      advertiseP2p: wishes.advertiseP2p,
      loopback: wishes.loopback,
    },
  };
  const config = parseConfig(value, { file: configFile });
  writeDurably(configFile, `${JSON.stringify(value, null, 2)}\n`);
  return config;
}

/** SHA-256 of the document that proves who an organisation is. */
export function evidenceDigest(file: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(readFileSync(file)).digest());
}
