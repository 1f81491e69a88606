import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { useNodeCrypto } from './admit/native-verify.ts';
import { keepRenewed } from './alliance/door-certificate.ts';
import { writeHome } from './alliance/engine-folder.ts';
import { Floors } from './alliance/floors.ts';
import { foundIfNew } from './alliance/found-books.ts';
import { LawWatch } from './alliance/law-watch.ts';
import { MemberNode, type MemberNodeOptions } from './alliance/member-node.ts';
import { effectsOf, hasOwnKeys } from './alliance/membership-effects.ts';
import { nodeView } from './alliance/node-view.ts';
import { openSetting } from './alliance/open-setting.ts';
import { keepAnnounced } from './alliance/own-announcement.ts';
import { openPeerSide, type PeerSide } from './alliance/peer-side.ts';
import type { Setting } from './alliance/setting.ts';
import type { LedgerBackend } from './backend.ts';
import type { GatewayConfig } from './config.ts';
import {
  BrokerLink,
  endRevoked,
  handlersOf,
  openBroker,
  openHttp,
  publicMqttUrl,
  unwind,
} from './doors.ts';
import { faultTolerance } from './fault-tolerance.ts';
import type { GatewayOptions, RunningGateway } from './gateway.ts';
import { loadMemberKeys } from './keys.ts';
import type { CommittedBlock } from './ledger/cometbft/comet-ledger.ts';
import { isActiveKey } from './ledger/state.ts';
import { MemberVoice } from './member-voice.ts';
import { type BackendParts, openBackend } from './open-backend.ts';
import { EquivocationEvidence } from './peers/equivocation-evidence.ts';
import { LocalStore } from './store/local.ts';

export interface RunningAlliance extends RunningGateway {
  /** Base URL of the members' door. */
  readonly peerUrl: string;
  /** How many faulty members this alliance stands, in a sentence. */
  readonly fault: string;
  /** Resolves with the reason when this member has to be started again, with keys now in force. */
  readonly restartWanted: Promise<string>;
}

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
    const setting = await openSetting(config, options, undo);
    return await run(setting, undo);
  } catch (error) {
    await unwind(undo);
    throw error;
  }
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
  const backend = backendOf(setting, { node, voice, local, mqttUrl, undo });
  watch = openWatch(setting, { voice, undo });
  const evidence = new EquivocationEvidence(folder.evidence);
  const parts = { node, directory, client, tls, settings, log, backend, nowMs, evidence };
  const side = await openPeerSide(parts);
  peers = side;
  undo.unshift(keepRenewed(setting, side));
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
  if (settings.node === null) void keepAnnounced(setting, voice);
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
  parts: Pick<BackendParts, 'local' | 'mqttUrl' | 'undo' | 'voice'> & { node: MemberNode },
): LedgerBackend {
  const { node, ...rest } = parts;
  const { config, nowMs, folder, tls, settings, options } = setting;
  const { clock } = node.chain;
  return openBackend({
    routes: setting.config.routes,
    ...rest,
    ledger: node.ledger,
    pipeline: node.pipeline,
    folder,
    log: options.log,
    nowMs,
    // The chain's: a wrong clock here must not spoil what is signed.
    presentMs: () => clock.presentMs(),
    // Told by the block that brings them, whoever's gateway it came through.
    onChanged: () => {},
    node: () => nodeView(node, settings),
    waiting: () => node.inbox.frames(),
    isFurther: settings.node !== null,
    ...(config.findingWebhooks && { findingWebhooks: config.findingWebhooks }),
    ...(config.events && { events: config.events }),
    expiring: () => [{ role: 'certificate of the members’ door', notAfterMs: tls.notAfterMs }],
    clockOffsetMs: () => clock.offsetMs(),
    privateWebhooks: setting.config.http.privateWebhooks ?? false,
  });
}
