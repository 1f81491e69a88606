import { existsSync } from 'node:fs';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { nativeVerify, useNodeCrypto } from './admit/native-verify.ts';
import { joinIfNeeded, writeHome } from './alliance/engine-folder.ts';
import { Floors } from './alliance/floors.ts';
import { LawWatch } from './alliance/law-watch.ts';
import { MemberDirectory } from './alliance/member-directory.ts';
import { MemberNode, type MemberNodeOptions } from './alliance/member-node.ts';
import { effectsOf, hasOwnKeys } from './alliance/membership-effects.ts';
import { nodeView } from './alliance/node-view.ts';
import { announce } from './alliance/own-announcement.ts';
import { openPeerSide, type PeerSide } from './alliance/peer-side.ts';
import type { Setting } from './alliance/setting.ts';
import { LedgerBackend } from './backend.ts';
import type { GatewayConfig } from './config.ts';
import { dataFolder } from './data-folder.ts';
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
import { faultTolerance } from './fault-tolerance.ts';
import { FilingDesk } from './filing/filing-desk.ts';
import { readFounding } from './founding-file.ts';
import type { GatewayOptions, RunningGateway } from './gateway.ts';
import { peerOfCard, readInvitation } from './invitation-file.ts';
import { loadEngineKeys, loadMemberKeys, promoteKeys } from './keys.ts';
import { executabilityFault } from './law/executability.ts';
import { Books } from './ledger/books.ts';
import type { CommittedBlock } from './ledger/cometbft/comet-ledger.ts';
import { findEngine } from './ledger/cometbft/engine-binary.ts';
import { engineHome } from './ledger/cometbft/engine-home.ts';
import { engineAddress, publicBytes } from './ledger/cometbft/engine-keys.ts';
import { keyOf, type LedgerState } from './ledger/state.ts';
import { MemberVoice } from './member-voice.ts';
import { MembershipDesk } from './membership-desk.ts';
import { keepExamining, openLawDesk } from './open-law-desk.ts';
import { EquivocationEvidence } from './peers/equivocation-evidence.ts';
import { loadMemberTls, renewMemberTls } from './peers/member-tls.ts';
import { PeerClient } from './peers/peer-client.ts';
import { readsOf } from './reads/reads.ts';
import { EvidenceBuilder } from './receipts/evidence-builder.ts';
import { Registrar } from './registrar.ts';
import { openDatabase } from './store/database.ts';
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
const OLD_LOG_KEY =
  'no receipts are given: the member has a new log key; bring keys/log.pem of its node here and start again';

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
  const invitation = existsSync(folder.invitation) ? readInvitation(folder.invitation) : null;
  const db = openDatabase(folder.ledger);
  undo.unshift(() => db.close());
  const tls = loadMemberTls(folder.tls);
  let books: Books | null = null;
  const self = config.member.iss;
  const { name, kind = 'participant' } = config.member;
  const directory = new MemberDirectory({
    self,
    own: {
      door: { iss: self, name, kind, ca: tls.caDer },
      node: settings.node,
      gateways: settings.gateways,
    },
    membership: () => books?.state.membership ?? null,
    known: invitation?.peers ?? founding.cards.map(peerOfCard),
  });
  const client = new PeerClient({ tls, directory });
  undo.unshift(() => client.close());
  const place = { config, settings, options, folder, founding, invitation, home: home.value, db };
  await joinIfNeeded({ ...place, binary: found.value, directory, client });
  books = new Books(db);
  const { state } = books;
  const isActive = (kid: Uint8Array) => isActiveKey(state, kid);
  promoteKeys(folder.keys, isActive);
  return {
    config,
    settings,
    options,
    nowMs: options.nowMs ?? Date.now,
    folder,
    founding,
    invitation,
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
  const restart = new Wish();
  let peers: PeerSide | null = null;
  let watch: LawWatch | null = null;
  foundIfNew(setting);
  const signers = loadMemberKeys(folder.keys, (kid) => isActiveKey(books.state, kid));
  if (settings.node && !isActiveKey(books.state, signers.log.kid)) log.error(OLD_LOG_KEY);
  const node = nodeOf(setting, {
    signers,
    link,
    local,
    onMembership: (block, of) => {
      peers?.refresh(block);
      react(block, { node: of, restart, iss: config.member.iss });
    },
    onStatements: () => {
      peers?.onBlock();
      watch?.wake();
    },
  });
  undo.unshift(() => node.close());
  const broker = await openBroker(config, handlersOf(node.pipeline, local, log));
  link.broker = broker;
  undo.unshift(() => broker.close());
  const mqttUrl = publicMqttUrl(config, broker.port);
  const voice = voiceOf(node);
  const backend = backendOf(setting, { node, voice, local, link, mqttUrl, undo });
  watch = openWatch(setting, { voice, undo });
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
  options.signal?.addEventListener('abort', () => floors.close());
  if (options.signal?.aborted) floors.close();
  await writeHome(setting, { node, floors });
  const http = await openHttp(config, { backend, folder, nowMs, log });
  undo.unshift(() => http.close());
  await node.start();
  void floors.watch(node.pipeline.anchorage.floor, () => node.pipeline.committed());
  // Where the member is reached is told by the process that votes.
  if (settings.node === null) void keepAnnounced(setting, node);
  return {
    ledgerId: toHex(backend.ledgerId()),
    origin,
    httpUrl: http.url,
    mqttUrl,
    peerUrl: `https://${settings.peerHost}:${side.door.port}`,
    fault: faultTolerance(node.membership()).words,
    restartWanted: restart.made,
    close: () => unwind(undo),
  };
}

function nodeOf(
  setting: Setting,
  parts: Pick<MemberNodeOptions, 'signers' | 'link' | 'onStatements'> & {
    local: LocalStore;
    onMembership: (block: CommittedBlock, node: MemberNode) => void;
  },
): MemberNode {
  const { config, settings, options, nowMs, folder, books, db, directory, client } = setting;
  const { signers, link, local, onMembership, onStatements } = parts;
  const node: MemberNode = new MemberNode({
    db,
    books,
    iss: config.member.iss,
    cosignerName: config.cosignerName,
    signers,
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
    log: options.log,
    nowMs,
    onKeys: (keys) => endRevoked(keys, { state: books.state, local, link }),
    onMembership: (block) => onMembership(block, node),
    onStatements,
    onFatal: options.onFatal,
  });
  return node;
}

/** What a further gateway sees, its member's node sees as well, and signs. */
function openWatch(
  { settings, books, options }: Setting,
  { voice, undo }: { voice: MemberVoice; undo: (() => unknown)[] },
): LawWatch | null {
  if (settings.node !== null) return null;
  const { store } = books;
  const watch = new LawWatch({ store, state: () => books.state, voice, log: options.log });
  undo.unshift(() => watch.close());
  return watch;
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

/** Something wished for once. */
class Wish {
  make: (why: string) => void = () => {};
  readonly made = new Promise<string>((resolve) => {
    this.make = resolve;
  });
}

/** Own keys that changed are used after a restart; who left is to be cut off. */
function react(
  block: CommittedBlock,
  { node, restart, iss }: { node: MemberNode; restart: Wish; iss: string },
): void {
  const effects = effectsOf(block);
  if (effects.some((effect) => hasOwnKeys(effect, iss))) restart.make('own keys have changed');
  // An engine stays connected to one that left until it is started anew; not all at one time.
  const someLeft = effects.some(({ kind }) => kind === 'exit' || kind === 'expel');
  const place = [...node.membership().members.keys()].indexOf(iss);
  if (someLeft) setTimeout(() => void node.chain.restartEngine(), (1 + place) * STAGGER_MS).unref();
}

/** The own member's: dated by the chain, told of by the block that brings it. */
function voiceOf(node: MemberNode): MemberVoice {
  return new MemberVoice({
    ledger: node.ledger,
    iss: node.pipeline.iss,
    signer: () => node.pipeline.signers.member,
    nowMs: () => node.chain.clock.presentMs(),
    onChanged: () => {},
  });
}

function backendOf(
  setting: Setting,
  parts: {
    node: MemberNode;
    voice: MemberVoice;
    local: LocalStore;
    link: BrokerLink;
    mqttUrl: string;
    undo: (() => unknown)[];
  },
): LedgerBackend {
  const { node, voice, local, mqttUrl } = parts;
  const { ledger, pipeline } = node;
  const { nowMs } = setting;
  const { store } = ledger;
  const state = () => ledger.state;
  const registrar = new Registrar({
    ledger,
    local,
    signer: pipeline.signers.member,
    iss: pipeline.iss,
    nowMs,
    // The chain's: a wrong clock here must not spoil what is signed.
    presentMs: () => node.chain.clock.presentMs(),
    isFurther: setting.settings.node !== null,
    mqttUrl,
    native: nativeVerify,
    // Told by the block that brings them, whoever's gateway it came through.
    onChanged: () => {},
  });
  const { proofs, anchor } = pipeline;
  const evidence = new EvidenceBuilder({ store, state, proofs, anchored: () => anchor.newest });
  const alliance = new MembershipDesk({
    voice,
    native: nativeVerify,
    node: () => nodeView(node, setting.settings),
    ruleFault: executabilityFault,
  });
  const reads = { store, state, nowMs };
  const { folder, tls, settings, options } = setting;
  const expiring = () => [{ role: 'certificate of the members’ door', notAfterMs: tls.notAfterMs }];
  const clockOffsetMs = () => node.chain.clock.offsetMs();
  const { desk: law, examiner } = openLawDesk({ voice, reads, folder, expiring, clockOffsetMs });
  // A further gateway's member reports through its node.
  if (settings.node === null) parts.undo.unshift(keepExamining(examiner, options.log));
  return new LedgerBackend({
    ledger,
    pipeline,
    reads: readsOf(reads),
    writes: registrar,
    alliance,
    law,
    filing: new FilingDesk({ reads, self: pipeline.iss, origin: () => pipeline.origin }),
    evidence: (leafIndex) => evidence.build(leafIndex),
    nowMs: () => node.chain.clock.presentMs(),
    onGovernance: () => {},
  });
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
