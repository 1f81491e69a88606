import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership.js';
import type { InvitedPeer } from '../invitation-file.ts';
import type { EnginePeer } from '../ledger/cometbft/engine-config.ts';
import type { Peer, PeerDirectory } from '../peers/directory.ts';
import type { OwnGateway, OwnNode } from './alliance-config.ts';

/** This member's own processes, by its configuration: the log knows the voting node alone. */
export interface OwnDoors {
  /** What all of them show. */
  readonly door: Omit<Peer, 'http'>;
  readonly node: OwnNode | null;
  readonly gateways: readonly OwnGateway[];
}

/**
 * Where the members are reached now: as each has announced in the log, else as the invitation says,
 * or the card it brought to the founding. Who is a member, the log alone says.
 */
export class MemberDirectory implements PeerDirectory {
  readonly #self: string;
  readonly #membership: () => Membership | null;
  readonly #known: readonly InvitedPeer[];
  readonly #own: OwnDoors | null;

  constructor(options: {
    self: string;
    own?: OwnDoors;
    membership: () => Membership | null;
    known: readonly InvitedPeer[];
  }) {
    this.#self = options.self;
    this.#membership = options.membership;
    this.#known = options.known;
    this.#own = options.own ?? null;
  }

  self(): string {
    return this.#self;
  }

  peers(): Peer[] {
    return this.#others().flatMap(({ iss, name, kind }) => {
      const endpoint = this.endpointOf(iss);
      return endpoint ? [{ iss, name, kind, http: endpoint.http, ca: endpoint.ca }] : [];
    });
  }

  own(): Peer[] {
    if (!this.#own) return [];
    const { door, node, gateways } = this.#own;
    return [...(node ? [node] : []), ...gateways].map(({ http }) => ({ ...door, http }));
  }

  /** Whom to ask for cosignatures: a further gateway has no voice, and asks its own node too. */
  cosigners(): Peer[] {
    return this.#own?.node ? [...this.peers(), ...this.own()] : this.peers();
  }

  /** A further gateway hears of blocks from its own node alone: the others do not know it. */
  enginePeers(): EnginePeer[] {
    const node = this.#own?.node;
    if (node) return [{ nodeId: node.nodeId, address: node.p2p }];
    return this.#others().flatMap(({ iss }) => {
      const { p2p, nodeId } = this.endpointOf(iss) ?? {};
      return p2p && nodeId ? [{ nodeId: toHex(nodeId), address: p2p }] : [];
    });
  }

  admitsNode(nodeId: string): boolean {
    const own = this.#own?.gateways ?? [];
    return [...this.enginePeers(), ...own].some((peer) => peer.nodeId === nodeId);
  }

  /** The member whose engine this is. */
  memberOfNode(nodeId: string): string | null {
    const found = this.#others().find(({ iss }) => {
      const id = this.endpointOf(iss)?.nodeId;
      return id ? toHex(id) === nodeId : false;
    });
    return found?.iss ?? null;
  }

  endpointOf(iss: string): Endpoint | null {
    const known = this.#known.find((peer) => peer.iss === iss);
    return this.#membership()?.members.get(iss)?.endpoint ?? known?.endpoint ?? null;
  }

  /** A newcomer that has no log yet knows those who invited it. */
  #others(): { iss: string; name: string; kind: string }[] {
    const membership = this.#membership();
    const members = membership ? [...membership.members.values()] : this.#known;
    return members.filter(({ iss }) => iss !== this.#self);
  }
}
