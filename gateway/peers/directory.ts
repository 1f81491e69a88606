/** One other member, as its newest endpoint statement says. */
export interface Peer {
  readonly iss: string;
  /** For people; findings name a member in words. */
  readonly name: string;
  readonly kind: string;
  /** `https://host:port` of its peer door. */
  readonly http: string;
  /** Its own CA certificate, DER: the one thing its TLS certificates are held against. */
  readonly ca: Uint8Array;
}

/**
 * Who the members are now, by the ledger's state. No two of them announce the same CA certificate:
 * the fold refuses an endpoint whose `ca` is another member's, as who calls is told by it.
 */
export interface PeerDirectory {
  self(): string;
  /** All current members but oneself that have announced an endpoint. */
  peers(): readonly Peer[];
  /** Doors of the own member's other gateways: under its `iss`, held against its own CA. */
  own(): readonly Peer[];
}
