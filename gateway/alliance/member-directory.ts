import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership.js';
import type { InvitedPeer } from '../invitation-file.ts';
import type { EnginePeer } from '../ledger/cometbft/engine-config.ts';
import type { Peer, PeerDirectory } from '../peers/directory.ts';

/**
 * Where the members are reached now: as each has announced in the log, else as the invitation says,
 * or the card it brought to the founding. Who is a member, the log alone says.
 */
export class MemberDirectory implements PeerDirectory {
  readonly #self: string;
  readonly #membership: () => Membership | null;
  readonly #known: readonly InvitedPeer[];

  constructor(options: {
    self: string;
    membership: () => Membership | null;
    known: readonly InvitedPeer[];
  }) {
    this.#self = options.self;
    this.#membership = options.membership;
    this.#known = options.known;
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

  enginePeers(): EnginePeer[] {
    return this.#others().flatMap(({ iss }) => {
      const { p2p, nodeId } = this.endpointOf(iss) ?? {};
      return p2p && nodeId ? [{ nodeId: toHex(nodeId), address: p2p }] : [];
    });
  }

  admitsNode(nodeId: string): boolean {
    return this.enginePeers().some((peer) => peer.nodeId === nodeId);
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
