import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Peer, PeerDirectory } from '../../../gateway/peers/directory.ts';
import { createMemberTls, type MemberTls } from '../../../gateway/peers/member-tls.ts';
import { PeerClient } from '../../../gateway/peers/peer-client.ts';
import {
  openPeerDoor,
  type PeerDoor,
  type PeerDoorOptions,
} from '../../../gateway/peers/peer-door.ts';

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'peers-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Member {
  readonly iss: string;
  readonly tls: MemberTls;
  /** Whom this member knows; tests change it. */
  readonly knows: Peer[];
  readonly directory: PeerDirectory;
  readonly client: PeerClient;
}

export interface MemberOptions {
  readonly dir?: string;
  readonly displayName?: string;
  readonly hosts?: readonly string[];
  readonly nowMs?: number;
}

export async function member(name: string, options: MemberOptions = {}): Promise<Member> {
  const { dir = folder(), displayName = name, hosts = ['127.0.0.1'] } = options;
  const spec = { name: displayName, hosts, nowMs: options.nowMs ?? Date.now() };
  return memberOf(name, await createMemberTls(join(dir, 'tls'), spec));
}

export function memberOf(name: string, tls: MemberTls): Member {
  const iss = issOf(name);
  const knows: Peer[] = [];
  const directory = { self: () => iss, peers: () => knows, own: () => [] };
  const client = new PeerClient({ tls, directory });
  onTestFinished(() => client.close());
  return { iss, tls, knows, directory, client };
}

export const issOf = (name: string): string => `https://${name}.example`;

/** The record others have of a member; without a port it can call but not be called. */
export function peerRecord({ iss, tls }: Member, port = 1): Peer {
  const http = `https://127.0.0.1:${port}`;
  return { iss, name: `The ${iss} company`, kind: 'participant', http, ca: tls.caDer };
}

export async function openDoor(
  of: Member,
  options: Partial<PeerDoorOptions> = {},
): Promise<PeerDoor> {
  const place = { host: '127.0.0.1', port: 0, routes: [] };
  const door = await openPeerDoor({ ...place, directory: of.directory, tls: of.tls, ...options });
  onTestFinished(() => door.close());
  return door;
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
export const json = (bytes: Uint8Array) => JSON.parse(text(bytes)) as Record<string, unknown>;

/** Polls until `seen()` is truthy; the test's own limit ends it. */
export async function until<T>(seen: () => T | null | undefined | false): Promise<T> {
  for (;;) {
    const value = seen();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
