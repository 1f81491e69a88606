import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import {
  encodeMemberCard,
  type MemberCard,
  makeMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import type { Founder } from '@truegrain/device-sdk/formats/member-record.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { AllianceConfig } from './alliance/alliance-config.ts';
import type { GatewayConfig } from './config.ts';
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

/** Of a configuration whose section `alliance` is there. */
export type AllianceMember = GatewayConfig & { readonly alliance: AllianceConfig };

export function isAllianceMember(config: GatewayConfig | null): config is AllianceMember {
  return config?.alliance !== undefined;
}

/**
 * A member's own keys, certificate and card, made where they are used and nowhere else. What is
 * there is kept: run again after a crash it goes on. The card is made anew each time, for `ledgerId`.
 */
export async function makeMemberFolder(
  folder: DataFolder,
  {
    config,
    ledgerId,
    nowMs,
  }: { config: AllianceMember; ledgerId: Uint8Array | null; nowMs: number },
): Promise<MemberCard> {
  mkdirSync(folder.keys, { recursive: true, mode: 0o700 });
  for (const name of [...MEMBER_KEYS, ...ENGINE_KEYS]) {
    const file = join(folder.keys, `${name}.pem`);
    if (!existsSync(file)) createKeyFile(file);
  }
  const { member, alliance } = config;
  const host = new URL(alliance.advertiseHttp).hostname.replace(/^\[|\]$/g, '');
  const tls = await createMemberTls(folder.tls, { name: member.name, hosts: [host], nowMs });
  const { record, signers, nodeId } = ownRecord(folder, config);
  const endpoint: Endpoint = {
    http: alliance.advertiseHttp,
    ca: tls.caDer,
    p2p: alliance.advertiseP2p,
    nodeId,
    publicUrl: alliance.publicUrl,
  };
  const card = makeMemberCard({ member: record, endpoint, ledgerId }, signers);
  writeDurably(folder.card, encodeMemberCard(card));
  return card;
}

/** What a charter or a proposal has to say of this member: its configuration's words, its own keys. */
export function ownRecord(
  { keys }: DataFolder,
  { member, cosignerName }: AllianceMember,
): { record: Founder; signers: Signer[]; nodeId: Uint8Array } {
  const own = loadMemberKeys(keys);
  const engine = loadEngineKeys(keys);
  const node = signerOf(engine.node);
  const record: Founder = {
    iss: member.iss,
    name: member.name,
    legalId: member.legalId ?? { scheme: 'none', value: '', evidence: null },
    kind: member.kind ?? 'participant',
    memberKey: own.member.key,
    logKey: own.log.key,
    cosigningKey: own.cosigner.key,
    cosignerName,
    nodeKey: node.key,
    gatewayKeys: [own.gateway.key],
  };
  const signers = [own.member, own.log, own.cosigner, node, own.gateway];
  return { record, signers, nodeId: engineAddress(publicBytes(engine.p2p)) };
}
