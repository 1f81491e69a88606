// Calls to other members: HTTPS with certificates on both sides, each held against its own CA.
import { X509Certificate } from 'node:crypto';
import { Agent, type RequestOptions } from 'node:https';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import type { Peer, PeerDirectory } from './directory.ts';
import { exchange, type PeerAnswer, type PeerCall } from './exchange.ts';
import type { MemberTls } from './member-tls.ts';
import { failure } from './peer-failure.ts';

export interface PeerClientOptions {
  readonly tls: MemberTls;
  readonly directory: PeerDirectory;
}

const SOCKETS_A_PEER_MAX = 8;
const HTTPS_PORT = 443;

interface Line {
  readonly peer: Peer;
  readonly transport: RequestOptions;
  readonly agent: Agent;
}

export class PeerClient {
  readonly #directory: PeerDirectory;
  /** By URL of the door. */
  readonly #lines = new Map<string, Line>();
  #tls: MemberTls;
  #closed = false;

  constructor({ tls, directory }: PeerClientOptions) {
    this.#tls = tls;
    this.#directory = directory;
  }

  /**
   * A call is made once more where a kept-alive connection turns out to be closed by the other
   * side: so what is asked of peers must bear being asked twice.
   */
  async request(peer: Peer, call: PeerCall): Promise<PeerAnswer> {
    if (this.#closed) return failure('aborted', 'this side is closing');
    const line = this.#lineTo(peer);
    if (line === null) return failure('unreachable', `no https URL or no CA: ${peer.http}`);
    const answer = await exchange(call, { ...line.transport, agent: line.agent });
    if (answer !== 'stale') return answer;
    if (this.#lines.get(peer.http) !== line)
      return failure('aborted', 'the connection was dropped');
    const again = await exchange(call, { ...line.transport, agent: false });
    return again === 'stale' ? failure('unreachable', 'the connection was closed') : again;
  }

  /** After the members or their endpoints changed: connections to those who left are closed. */
  refreshPeers(): void {
    const peers = [...this.#directory.peers(), ...this.#directory.own()];
    for (const { peer } of [...this.#lines.values()]) {
      if (!peers.some((one) => one.iss === peer.iss && sameDoor(one, peer)))
        this.#hangUp(peer.http);
    }
  }

  /** Shows another certificate from now on; calls under way are cut. */
  useTls(tls: MemberTls): void {
    this.#tls = tls;
    this.#hangUpAll();
  }

  /** Cuts the calls under way. */
  close(): void {
    this.#closed = true;
    this.#hangUpAll();
  }

  #lineTo(peer: Peer): Line | null {
    const known = this.#lines.get(peer.http);
    if (known !== undefined && sameDoor(known.peer, peer)) return known;
    this.#hangUp(peer.http);
    const transport = transportTo(peer, this.#tls);
    if (transport === null) return null;
    const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_A_PEER_MAX });
    const line = { peer, transport, agent };
    this.#lines.set(peer.http, line);
    return line;
  }

  #hangUp(door: string): void {
    this.#lines.get(door)?.agent.destroy();
    this.#lines.delete(door);
  }

  #hangUpAll(): void {
    for (const door of [...this.#lines.keys()]) this.#hangUp(door);
  }
}

const sameDoor = (a: Peer, b: Peer): boolean => a.http === b.http && equal(a.ca, b.ca);

/** Trusts this one CA and no other root. Null where the endpoint can't be used as announced. */
function transportTo(peer: Peer, tls: MemberTls): RequestOptions | null {
  const ca = pemOf(peer.ca);
  if (ca === null || !URL.canParse(peer.http)) return null;
  const { protocol, hostname, port } = new URL(peer.http);
  if (protocol !== 'https:') return null;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? HTTPS_PORT : Number(port),
    minVersion: 'TLSv1.3',
    ca,
    cert: tls.certPem,
    key: tls.keyPem,
  };
}

function pemOf(der: Uint8Array): string | null {
  try {
    return new X509Certificate(der).toString();
  } catch {
    return null;
  }
}
