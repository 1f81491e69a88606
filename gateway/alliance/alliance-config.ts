// The section `alliance` of truegrain.json: the member's node among the others.
import { PORT_MAX, type Section } from '../config-section.ts';

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

const PEER_PORT_DEFAULT = 26_680;
const P2P_PORT_DEFAULT = 26_656;
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$/;
const GIB = 1_073_741_824;

export function readAlliance(section: Section): AllianceConfig {
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
