import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import {
  distinctOrganisations,
  foundMembership,
  type Membership,
  type MembershipEffect,
  validators,
} from '@truegrain/device-sdk/formats/membership.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { nativeVerify, useNodeCrypto } from './admit/native-verify.ts';
import { Floors } from './alliance/floors.ts';
import { joinLedger, mustJoin } from './alliance/join.ts';
import { MemberDirectory } from './alliance/member-directory.ts';
import { MemberNode } from './alliance/member-node.ts';
import { announce } from './alliance/own-announcement.ts';
import { openPeerSide, type PeerSide } from './alliance/peer-side.ts';
import { answersNeeded } from './anchor/signing-floor.ts';
import { LedgerBackend } from './backend.ts';
import type { AllianceConfig, GatewayConfig } from './config.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import {
  BrokerLink,
  endRevoked,
  handlersOf,
  openBroker,
  openHttp,
  publicMqttUrl,
  StartError,
  unwind,
} from './doors.ts';
import { type Founding, readFounding } from './founding-file.ts';
import type { GatewayOptions, RunningGateway } from './gateway.ts';
import { type EngineKeys, loadEngineKeys, loadMemberKeys } from './keys.ts';
import { Books } from './ledger/books.ts';
import type { CommittedBlock } from './ledger/cometbft/comet-ledger.ts';
import { findEngine } from './ledger/cometbft/engine-binary.ts';
import type { StateSync } from './ledger/cometbft/engine-config.ts';
import {
  type EngineHome,
  engineHome,
  hasVoteState,
  writeEngineHome,
} from './ledger/cometbft/engine-home.ts';
import { engineAddress, publicBytes } from './ledger/cometbft/engine-keys.ts';
import { genesisStateOf } from './ledger/cometbft/genesis-state.ts';
import { keyOf, type LedgerState } from './ledger/state.ts';
import { EquivocationEvidence } from './peers/equivocation-evidence.ts';
import { loadMemberTls, type MemberTls, renewMemberTls } from './peers/member-tls.ts';
import { PeerClient } from './peers/peer-client.ts';
import { readsOf } from './reads/reads.ts';
import { EvidenceBuilder } from './receipts/evidence-builder.ts';
import { Registrar } from './registrar.ts';
import { BlockRow } from './store/block-row.ts';
import { type Db, openDatabase } from './store/database.ts';
import { LocalStore } from './store/local.ts';
import { lockFolder } from './store/lock.ts';

export interface RunningAlliance extends RunningGateway {
  /** Base URL of the members' door. */
  readonly peerUrl: string;
  /** How many faulty members this alliance stands, in a sentence. */
  readonly fault: string;
  /** Resolves with the reason when this member has to be started again, with keys now in force. */
  readonly restartWanted: Promise<string>;
}

const DAY_MS = 86_400_000;
const STAGGER_MS = 5_000;

/** Everything of one start, in the order of need. */
interface Setting {
  config: GatewayConfig;
  settings: AllianceConfig;
  options: GatewayOptions;
  nowMs: () => number;
  folder: DataFolder;
  founding: Founding;
  home: EngineHome;
  binary: string;
  db: Db;
  books: Books;
  keys: EngineKeys;
  tls: MemberTls;
  directory: MemberDirectory;
  client: PeerClient;
}

/** One member of an alliance: engine, node, members' door, broker and HTTP. */
export async function startAlliance(
  config: GatewayConfig,
  options: GatewayOptions,
): Promise<RunningAlliance> {
  useNodeCrypto();
  const undo: (() => unknown)[] = [];
  try {
    const setting = await prepare(config, options, undo);
    return await run(setting, undo);
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

async function prepare(
  config: GatewayConfig,
  options: GatewayOptions,
  undo: (() => unknown)[],
): Promise<Setting> {
  const { alliance: settings } = config;
  if (!settings) throw new StartError('no_ledger', 'the configuration has no section "alliance"');
  const folder = dataFolder(config.data);
  const home = engineHome(folder.engine);
  if (!home.ok) throw new StartError('socket_path', home.detail);
  const found = await findEngine(process.env);
  if (!found.ok) throw new StartError('engine', found.detail);
  const lock = lockFolder(folder.lock);
  undo.unshift(() => lock.release());
  const founding = readFounding(folder.founding);
  const db = openDatabase(folder.ledger);
  undo.unshift(() => db.close());
  const tls = loadMemberTls(folder.tls);
  let books: Books | null = null;
  const self = config.member.iss;
  const directory = new MemberDirectory({
    self,
    membership: () => books?.state.membership ?? null,
    cards: founding.cards,
  });
  const client = new PeerClient({ tls, directory });
  undo.unshift(() => client.close());
  const place = { config, settings, options, folder, founding, home: home.value, db };
  await joinIfNeeded({ ...place, binary: found.value, directory, client });
  books = new Books(db);
  const { state } = books;
  const isActive = (kid: Uint8Array) => isActiveKey(state, kid);
  return {
    config,
    settings,
    options,
    nowMs: options.nowMs ?? Date.now,
    folder,
    founding,
    home: home.value,
    binary: found.value,
    db,
    books,
    keys: loadEngineKeys(folder.keys, isActive),
    tls,
    directory,
    client,
  };
}

async function run(setting: Setting, undo: (() => unknown)[]): Promise<RunningAlliance> {
  const { config, settings, options, nowMs, folder, books, db, directory, client, tls } = setting;
  const { log } = options;
  const link = new BrokerLink();
  const local = new LocalStore(db);
  let wantRestart: (why: string) => void = () => {};
  const restartWanted = new Promise<string>((resolve) => {
    wantRestart = resolve;
  });
  const afterChange = (block: CommittedBlock) => {
    const effects = effectsOf(block);
    const own = config.member.iss;
    if (effects.some((effect) => hasOwnKeys(effect, own))) wantRestart('own keys have changed');
    // An engine stays connected to one that left until it is started anew; not all at one time.
    const someLeft = effects.some(({ kind }) => kind === 'exit' || kind === 'expel');
    const place = [...node.membership().members.keys()].indexOf(own);
    if (someLeft) setTimeout(() => void node.chain.restartEngine(), (1 + place) * STAGGER_MS);
  };
  let peers: PeerSide | null = null;
  foundIfNew(setting);
  const node = new MemberNode({
    db,
    books,
    iss: config.member.iss,
    cosignerName: config.cosignerName,
    signers: loadMemberKeys(folder.keys, (kid) => isActiveKey(books.state, kid)),
    settings,
    ...(config.threads === undefined ? {} : { threads: config.threads }),
    batchLingerMs: config.batchLingerMs,
    anchorIntervalMs: config.anchorIntervalMs,
    tipFiles: [folder.signedTip, ...config.tipCopies],
    home: setting.home,
    binary: setting.binary,
    client,
    directory,
    link,
    log,
    nowMs,
    onKeys: (keys) => endRevoked(keys, { state: books.state, local, link }),
    onMembership: (block) => {
      peers?.refresh();
      afterChange(block);
    },
    onStatements: () => peers?.onBlock(),
    onFatal: options.onFatal,
  });
  undo.unshift(() => node.close());
  const broker = await openBroker(config, handlersOf(node.pipeline, local, log));
  link.broker = broker;
  undo.unshift(() => broker.close());
  const mqttUrl = publicMqttUrl(config, broker.port);
  const backend = backendOf(setting, { node, local, link, mqttUrl });
  const evidence = new EquivocationEvidence(folder.evidence);
  const parts = { node, directory, client, tls, settings, log, backend, nowMs, evidence };
  const side = await openPeerSide(parts);
  peers = side;
  const renewal = setInterval(() => void renewCertificate(setting, side), DAY_MS);
  undo.unshift(() => clearInterval(renewal));
  undo.unshift(() => side.close());
  const { origin } = node.pipeline;
  const floors = new Floors({
    client,
    directory,
    origin,
    onWaiting: (text) => log.warn(text),
  });
  undo.unshift(() => floors.close());
  await writeHome(setting, { node, floors });
  const http = await openHttp(config, { backend, folder, nowMs, log });
  undo.unshift(() => http.close());
  await node.start();
  void floors.watch(node.pipeline.anchorage.floor, () => node.pipeline.committed());
  void keepAnnounced(setting, node);
  return {
    ledgerId: toHex(backend.ledgerId()),
    origin,
    httpUrl: http.url,
    mqttUrl,
    peerUrl: `https://${settings.peerHost}:${side.door.port}`,
    fault: faultWords(node.membership()),
    restartWanted,
    close: () => unwind(undo),
  };
}

/** What the engine starts with, and from what height on this member may vote. */
async function writeHome(
  setting: Setting,
  { node, floors }: { node: MemberNode; floors: Floors },
): Promise<void> {
  const { founding, home, keys } = setting;
  const membership = node.membership();
  const needed = answersNeeded(membership.members.size);
  const voteFloor = hasVoteState(home) ? 0 : await floors.voteFloor(needed);
  if (voteFloor === null) throw new StartError('engine', 'ended while it waited for the others');
  writeEngineHome(home, {
    settings: engineSettings(setting),
    genesis: genesisOf(founding),
    consensusKey: keys.node,
    p2pKey: keys.p2p,
    voteFloor,
  });
}

function engineSettings(
  { config, settings, directory }: Pick<Setting, 'config' | 'settings' | 'directory'>,
  stateSync?: StateSync,
) {
  return {
    moniker: config.member.name,
    p2pListen: `${settings.p2pHost}:${settings.p2pPort}`,
    peers: directory.enginePeers(),
    loopback: settings.loopback,
    ...(stateSync && { stateSync }),
  };
}

/** The same on every member: from the founding file alone. */
function genesisOf({ charter, charterStatement, entries, chainId, genesisTimeMs }: Founding) {
  const founded = foundMembership(charter, charterStatement.id);
  return {
    chainId,
    timeMs: genesisTimeMs,
    validators: validators(founded).map(({ key, iss }) => ({
      publicKey: key.x,
      power: 1,
      name: founded.members.get(iss)?.name ?? iss,
    })),
    appHash: rootOf(entries.map(leafHash)),
    appState: genesisStateOf(entries),
  };
}

/** A store without a block, beside members that have many: the ledger comes as a snapshot. */
async function joinIfNeeded(
  place: Pick<
    Setting,
    'config' | 'settings' | 'options' | 'folder' | 'founding' | 'home' | 'binary' | 'db'
  > &
    Pick<Setting, 'directory' | 'client'>,
): Promise<void> {
  const { config, options, folder, founding, home, db, client, directory } = place;
  if (new BlockRow(db).read()) return;
  const { iss } = config.member;
  const isFounder = founding.charter.founders.some((founder) => founder.iss === iss);
  if (!(await mustJoin({ client, directory, isFounder }))) return;
  const founded = foundMembership(founding.charter, founding.charterStatement.id);
  const origin = `${founding.charter.ledgerName}/${toHex(founding.ledgerId)}`;
  const keys = loadEngineKeys(folder.keys);
  await joinLedger({
    ...place,
    policy: policyOfMembership(founded, origin),
    log: options.log,
    isClosed: () => false,
    onProgress: ({ leaves, size }) => {
      const percent = Math.floor((leaves / size) * 100);
      options.log.info({ leaves, size }, `joining: ${percent} % of ${size} entries`);
    },
    writeHome: (stateSync, height) =>
      writeEngineHome(home, {
        settings: engineSettings(place, stateSync),
        genesis: genesisOf(founding),
        consensusKey: keys.node,
        p2pKey: keys.p2p,
        // It may have voted before its folder was wiped.
        voteFloor: height + 1,
      }),
  });
}

/** A founder's own start: the first leaves are in its hands. A crash inside leaves none of them. */
function foundIfNew({ books, founding }: Setting): void {
  if (books.state.size > 0) return;
  if (founding.awaiting.length > 0) {
    const text = `these founders have not accepted the charter: ${founding.awaiting.join(', ')}`;
    throw new StartError('no_ledger', text);
  }
  const draft = books.draft(nativeVerify);
  for (const [i, entry] of founding.entries.entries()) {
    const statement = parseStatement(entry);
    const applied = statement.ok ? draft.governance(statement.value) : statement;
    if (!applied.ok) {
      throw new StartError('no_ledger', `leaf ${i} of the founding file: ${applied.detail}`);
    }
  }
  books.commit(draft);
}

function backendOf(
  setting: Setting,
  parts: { node: MemberNode; local: LocalStore; link: BrokerLink; mqttUrl: string },
): LedgerBackend {
  const { node, local, mqttUrl } = parts;
  const { ledger, pipeline } = node;
  const { nowMs } = setting;
  const { store } = ledger;
  const state = () => ledger.state;
  const registrar = new Registrar({
    ledger,
    local,
    signer: pipeline.signers.member,
    iss: pipeline.iss,
    // The chain's present: a wrong clock here must not spoil what is signed.
    nowMs: () => node.chain.clock.presentMs(),
    mqttUrl,
    native: nativeVerify,
    // Told by the block that brings them, whoever's gateway it came through.
    onChanged: () => {},
  });
  const { proofs, anchor } = pipeline;
  const evidence = new EvidenceBuilder({ store, state, proofs, anchored: () => anchor.newest });
  return new LedgerBackend({
    ledger,
    pipeline,
    reads: readsOf({ store, state, nowMs }),
    writes: registrar,
    evidence: (leafIndex) => evidence.build(leafIndex),
    nowMs: () => node.chain.clock.presentMs(),
    onGovernance: () => {},
  });
}

function effectsOf({ txs }: CommittedBlock): MembershipEffect[] {
  return txs.flatMap(({ result }) => {
    if (!result.ok || result.applied.kind === 'batch') return [];
    return result.applied.effect ?? [];
  });
}

function hasOwnKeys({ added, ended }: MembershipEffect, iss: string): boolean {
  return [...added, ...ended].some((key) => key.iss === iss);
}

/** Long before it runs out; the CA that the others know stays. */
async function renewCertificate(setting: Setting, side: PeerSide): Promise<void> {
  const { folder, settings, nowMs, options } = setting;
  const hosts = [new URL(settings.advertiseHttp).hostname];
  try {
    const renewed = await renewMemberTls(folder.tls, { hosts, nowMs: nowMs() });
    if (renewed) side.useTls(renewed);
  } catch (error) {
    options.log.error({ error: (error as Error).message }, 'the certificate is not renewed');
  }
}

/** Where this member is reached, told again when the configuration says something new. */
async function keepAnnounced(setting: Setting, node: MemberNode): Promise<void> {
  const { settings, tls, keys, config, options } = setting;
  const endpoint: Endpoint = {
    http: settings.advertiseHttp,
    ca: tls.caDer,
    p2p: settings.advertiseP2p,
    nodeId: engineAddress(publicBytes(keys.p2p)),
    publicUrl: settings.publicUrl,
  };
  const own = {
    endpoint,
    signer: node.pipeline.signers.member,
    iss: config.member.iss,
    timeMs: () => node.chain.clock.presentMs(),
  };
  const announced = await announce(node.ledger, own);
  if (!announced.ok) options.log.warn({ detail: announced.detail }, 'own address is not announced');
}

function isActiveKey(state: LedgerState, kid: Uint8Array): boolean {
  return keyOf(state, kid)?.status === 'active';
}

/** Votes are equal: of n voters, ⌊(n − 1) / 3⌋ may be down or lie. */
export function faultWords(membership: Membership): string {
  const voters = validators(membership).length;
  const distinct = distinctOrganisations(membership).length;
  const tolerated = Math.max(0, Math.floor((voters - 1) / 3));
  const stands = tolerated === 0 ? 'no fault is tolerated' : `${tolerated} may fail or lie`;
  return `${membership.members.size} members, ${distinct} of them evidenced organisations, ${voters} voting: ${stands}`;
}
