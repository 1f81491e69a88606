// config.toml of CometBFT v0.38.26 (config/toml.go), every key said: no default of the engine's is
// relied on. Times and sizes are those measured with four members.

/** @module engine-config */
import { ENGINE_VERSION } from './engine-binary.ts';

export interface EnginePeer {
  /** 40 lower hex. */
  readonly nodeId: string;
  /** host:port */
  readonly address: string;
}

export interface StateSync {
  /** Two or more, http://host:port; the light client compares them. */
  readonly rpcServers: readonly string[];
  readonly trustHeight: number;
  /** Of the header at that height, hex. */
  readonly trustHash: string;
  readonly trustPeriodMs: number;
}

export interface EngineSettings {
  /** For people; shown to the other members' engines. */
  readonly moniker: string;
  /** host:port the other members' engines connect to. */
  readonly p2pListen: string;
  readonly peers: readonly EnginePeer[];
  /** All members on one machine, each under the address of the others. For trials only. */
  readonly loopback?: boolean;
  readonly logLevel?: 'error' | 'info';
  /** Starts from a snapshot of the others where this home has no block yet. */
  readonly stateSync?: StateSync;
  /** host:port of the engine's own metrics. */
  readonly metricsListen?: string;
}

/** A batch of 512 KiB of statements, its own statement and what encloses them, with room. */
export const TX_BYTES_MAX = 1_114_112;

/** A transaction in base64 inside a JSON-RPC request. */
const RPC_BODY_BYTES_MAX = 4_194_304;

const ID = /^[0-9a-f]{40}$/;
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$/;

/**
 * `<id>@host:port` of each peer, as in the configuration and in `dial_peers`. One of another form is
 * left out: what one member says of itself must not keep the engines of the others from starting.
 */
export function peerAddresses(peers: readonly EnginePeer[]): string[] {
  return peers
    .filter(({ nodeId, address }) => ID.test(nodeId) && HOST_PORT.test(address))
    .map(({ nodeId, address }) => `${nodeId}@${address}`);
}

export function configToml(
  settings: EngineSettings,
  sockets: { abciSocket: string; rpcSocket: string },
): string {
  return [
    base(settings, sockets.abciSocket),
    rpc(sockets.rpcSocket),
    p2p(settings),
    MEMPOOL,
    stateSync(settings.stateSync),
    CONSENSUS,
    rest(settings.metricsListen),
  ].join('\n');
}

function base({ moniker, logLevel = 'error' }: EngineSettings, abciSocket: string): string {
  return `version = "${ENGINE_VERSION}"
proxy_app = ${text(`unix://${abciSocket}`)}
moniker = ${text(moniker)}
db_backend = "goleveldb"
db_dir = "data"
log_level = ${text(logLevel)}
log_format = "json"
genesis_file = "config/genesis.json"
priv_validator_key_file = "config/priv_validator_key.json"
priv_validator_state_file = "data/priv_validator_state.json"
priv_validator_laddr = ""
node_key_file = "config/node_key.json"
abci = "socket"
# The application is asked about each peer (dispatch.ts): only members are let in.
filter_peers = true
event_bus_buffer_capacity = 0
`;
}

function rpc(socket: string): string {
  return `[rpc]
# In a folder of mode 0700. "unsafe" is dial_peers, which peering.ts needs.
laddr = ${text(`unix://${socket}`)}
cors_allowed_origins = []
cors_allowed_methods = []
cors_allowed_headers = []
grpc_laddr = ""
grpc_max_open_connections = 1
unsafe = true
max_open_connections = 100
max_subscription_clients = 1
max_subscriptions_per_client = 1
experimental_subscription_buffer_size = 200
experimental_websocket_write_buffer_size = 200
experimental_close_on_slow_client = true
timeout_broadcast_tx_commit = "10s"
max_request_batch_size = 1
max_body_bytes = ${RPC_BODY_BYTES_MAX}
max_header_bytes = 65536
tls_cert_file = ""
tls_key_file = ""
pprof_laddr = ""
`;
}

function p2p({ p2pListen, peers, loopback = false }: EngineSettings): string {
  return `[p2p]
laddr = ${text(`tcp://${p2pListen}`)}
external_address = ""
seeds = ""
persistent_peers = ${text(peerAddresses(peers).join(','))}
addr_book_file = "config/addrbook.json"
addr_book_strict = ${!loopback}
max_num_inbound_peers = 100
max_num_outbound_peers = 100
unconditional_peer_ids = ""
persistent_peers_max_dial_period = "0s"
flush_throttle_timeout = "10ms"
# A receiver caps packets by its own value: the same on all members.
max_packet_msg_payload_size = 65536
send_rate = 104857600
recv_rate = 104857600
# Nobody learns of a member from another one's engine: the log says who is one.
pex = false
seed_mode = false
private_peer_ids = ""
allow_duplicate_ip = ${loopback}
handshake_timeout = "20s"
dial_timeout = "3s"
`;
}

const MEMPOOL = `[mempool]
type = "flood"
# After each block: what no longer applies leaves the mempool.
recheck = true
recheck_timeout = "1s"
broadcast = true
wal_dir = ""
size = 20000
max_txs_bytes = 268435456
cache_size = 50000
keep-invalid-txs-in-cache = false
max_tx_bytes = ${TX_BYTES_MAX}
max_batch_bytes = 0
experimental_max_gossip_connections_to_persistent_peers = 0
experimental_max_gossip_connections_to_non_persistent_peers = 0
`;

function stateSync(sync: StateSync | undefined): string {
  const { rpcServers = [], trustHeight = 0, trustHash = '', trustPeriodMs = 0 } = sync ?? {};
  return `[statesync]
enable = ${sync !== undefined}
rpc_servers = ${text(rpcServers.join(','))}
trust_height = ${trustHeight}
trust_hash = ${text(trustHash)}
trust_period = "${trustPeriodMs}ms"
discovery_time = "5s"
temp_dir = ""
chunk_request_timeout = "10s"
chunk_fetchers = "4"
max_snapshot_chunks = 100000

[blocksync]
version = "v0"
`;
}

const CONSENSUS = `[consensus]
wal_file = "data/cs.wal/wal"
# A block of full batches of every member is on its way for a second on a busy machine; a round
# that ends before it has come has to send another one.
timeout_propose = "2s"
timeout_propose_delta = "1s"
timeout_prevote = "1s"
timeout_prevote_delta = "500ms"
timeout_precommit = "1s"
timeout_precommit_delta = "500ms"
timeout_commit = "100ms"
# Would refuse every restart within that many blocks; the floor of priv_validator_state.json
# (engine-home.ts) guards a wiped member instead.
double_sign_check_height = 0
skip_timeout_commit = false
# And no interval: an idle alliance makes no block, and its app hash does not move.
create_empty_blocks = false
create_empty_blocks_interval = "0s"
peer_gossip_sleep_duration = "10ms"
peer_query_maj23_sleep_duration = "2s"
block_time_tolerance = "1m0s"
`;

/** Only the last block's results are kept: what the handshake needs after a crash. */
function rest(metricsListen: string | undefined): string {
  return `[storage]
discard_abci_responses = true

[tx_index]
indexer = "null"
psql-conn = ""

[instrumentation]
prometheus = ${metricsListen !== undefined}
prometheus_listen_addr = ${text(metricsListen ?? '')}
max_open_connections = 3
namespace = "cometbft"
`;
}

/** A JSON string is a TOML basic string. */
function text(value: string): string {
  return JSON.stringify(value);
}
