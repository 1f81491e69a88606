import { setTimeout as pause } from 'node:timers/promises';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Logger } from 'pino';
import { AbciServer } from '../ledger/cometbft/abci-server.ts';
import { Engine } from '../ledger/cometbft/engine.ts';
import type { StateSync } from '../ledger/cometbft/engine-config.ts';
import type { EngineHome } from '../ledger/cometbft/engine-home.ts';
import { EngineRpc } from '../ledger/cometbft/engine-rpc.ts';
import { JoinApp } from '../ledger/cometbft/join-app.ts';
import { type JoinProgress, SnapshotReader } from '../ledger/cometbft/snapshot-reader.ts';
import { extensionOf } from '../peers/equivocation-tiles.ts';
import type { PeerClient } from '../peers/peer-client.ts';
import { openTunnel, type RpcTunnel } from '../peers/rpc-tunnel.ts';
import type { Db } from '../store/database.ts';
import type { MemberDirectory } from './member-directory.ts';
import { PeerHeads } from './peer-heads.ts';

const ASK_EVERY_MS = 2_000;
/** A light client's trust: members that left long ago could sign another chain. */
const TRUST_PERIOD_MS = 7 * 86_400_000;
const PROGRESS_EVERY_MS = 1_000;

export interface JoinOptions {
  db: Db;
  home: EngineHome;
  binary: string;
  client: PeerClient;
  directory: MemberDirectory;
  /** Whose checkpoints count: the charter's founders, or the policy that came with the invitation. */
  policy: Policy;
  log: Logger;
  /** Writes the engine's folder; `sync` says where it gets the ledger. */
  writeHome: (sync: StateSync, height: number) => void;
  onProgress: (progress: JoinProgress) => void;
  /** Ends it: the ledger is then not complete. */
  signal: AbortSignal;
}

/**
 * Whether the ledger has to come as a snapshot: this store has no block, and the others have more
 * than are soon played, or no longer have the first ones. A younger chain may have no snapshot yet;
 * its blocks are played from the founding on. A newcomer waits for somebody to tell; founders may
 * be the first.
 */
export async function mustJoin(
  options: Pick<JoinOptions, 'client' | 'directory' | 'log' | 'signal'> & {
    isFounder: boolean;
    snapshotEveryBlocks: number;
  },
): Promise<boolean> {
  const { isFounder, snapshotEveryBlocks, log, signal } = options;
  const peerHeads = new PeerHeads(options);
  for (let tries = 0; !signal.aborted; tries += 1) {
    const heads = await peerHeads.heads();
    if (heads.length > 0 || isFounder) {
      return heads.some(
        ({ head }) => head.height > 2 * snapshotEveryBlocks || head.earliestHeight > 1,
      );
    }
    if (tries % 5 === 0) log.warn('joining: waits for a member that answers');
    await pause(ASK_EVERY_MS);
  }
  return false;
}

/** Takes the ledger over from the others; resolves when the engine can be started on it. */
export async function joinLedger(options: JoinOptions): Promise<void> {
  const { db, log } = options;
  const trust = await agreeOnTrust(options);
  if (!trust) return;
  const reader = new SnapshotReader({
    db,
    pinned: trust.pinned,
    isBeginning: (tree) => isBeginning(options, { tree, of: trust.pinned }),
    onProgress: throttled(options.onProgress),
    onWrongChunk: (sender, detail) => {
      const member = options.directory.memberOfNode(sender) ?? sender;
      log.warn(
        { member, code: 'wrong_chunk' },
        `${member} sent a wrong part of the ledger: ${detail}`,
      );
    },
  });
  await reader.resume();
  const tunnels = await openTunnels(options, trust.peers);
  try {
    const sync: StateSync = {
      rpcServers: tunnels.map(({ url }) => url),
      trustHeight: trust.height,
      trustHash: trust.hash,
      trustPeriodMs: TRUST_PERIOD_MS,
    };
    options.writeHome(sync, trust.height);
    await runEngine(options, reader);
  } finally {
    await Promise.all(tunnels.map((tunnel) => tunnel.close()));
  }
}

interface Trust {
  height: number;
  hash: string;
  peers: string[];
  pinned: { size: number; root: Uint8Array };
}

/** A header that more members tell alike than may lie, and a checkpoint with a quorum under it. */
async function agreeOnTrust(options: JoinOptions): Promise<Trust | null> {
  const { directory, policy, log } = options;
  const heads = new PeerHeads(options);
  for (let tries = 0; !options.signal.aborted; tries += 1) {
    const seen = await heads.heads();
    const liars = Math.floor((directory.peers().length - 1) / 3);
    const height = Math.min(...seen.map(({ head }) => head.height));
    const enough = seen.length > liars && seen.length >= 1 && Number.isFinite(height);
    const hash = enough ? await heads.agreedHash(height, liars + 1) : null;
    const pinned = await heads.cosigned(policy);
    if (hash && pinned) {
      return { height, hash, pinned, peers: seen.map(({ peer }) => peer.iss) };
    }
    if (tries % 5 === 0) {
      const block = hash ? `agree on block ${height}` : `of which ${liars + 1} must tell one block`;
      const tree = pinned ? `a cosigned tree of ${pinned.size}` : 'no checkpoint with a quorum';
      log.warn(`joining: waits; ${seen.length} members answer, ${block}, and show ${tree}`);
    }
    await pause(ASK_EVERY_MS);
  }
  return null;
}

/** By the tiles of any member: they need no trust, the proof leads to the cosigned root. */
async function isBeginning(
  { client, directory }: JoinOptions,
  trees: { tree: Trust['pinned']; of: Trust['pinned'] },
): Promise<boolean> {
  for (const peer of directory.peers()) {
    const extension = await extensionOf({
      own: trees.tree,
      theirs: trees.of,
      fetchTile: async (path) => {
        const answer = await client.request(peer, { method: 'GET', path: `/log/${path}` });
        return answer.ok && answer.status === 200 ? answer.body : null;
      },
    });
    if (extension.kind === 'extends') return true;
    if (extension.kind === 'forked') return false;
  }
  return false;
}

/** The engine's light client compares two servers at least; one member may stand for both. */
async function openTunnels(options: JoinOptions, members: readonly string[]): Promise<RpcTunnel[]> {
  const { client, directory } = options;
  const [first] = members;
  const wanted = members.length === 1 && first !== undefined ? [first, first] : members;
  return Promise.all(
    wanted.map((iss) =>
      openTunnel({
        client,
        peer: () => directory.peers().find((peer) => peer.iss === iss) ?? null,
      }),
    ),
  );
}

async function runEngine(options: JoinOptions, reader: SnapshotReader): Promise<void> {
  const { home, binary, directory, log } = options;
  let failed: (error: Error) => void = () => {};
  let taken: () => void = () => {};
  const isTaken = new Promise<void>((resolve, reject) => {
    taken = resolve;
    failed = reject;
  });
  const application = new JoinApp({
    reader,
    admitsPeer: (nodeId) => directory.admitsNode(nodeId),
    onTaken: taken,
  });
  let engine: Engine | null = null;
  const server = await AbciServer.listen({
    socketPath: home.abciSocket,
    application,
    onFatal: (error) => {
      engine?.applicationFailed(error);
      failed(error);
    },
    onRefused: ({ code, detail }) => failed(new Error(`${code}: ${detail}`)),
  });
  engine = new Engine({
    binary,
    home,
    rpc: new EngineRpc(home.rpcSocket),
    hasWork: () => false,
    activity: () => server.requestsAnswered,
    onLog: ({ level, module, message, fields }) => {
      const line = { engine: module, ...fields };
      if (level === 'error' || level === 'panic') log.warn(line, message);
      else log.debug(line, message);
    },
    onDown: async ({ detail }) => {
      log.warn(`joining: the engine is down and started again: ${detail}`);
      return 'restart';
    },
  });
  try {
    await engine.start();
    await Promise.race([isTaken, aborted(options.signal)]);
  } finally {
    await engine.stop();
    application.leave();
    await server.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function throttled(tell: (progress: JoinProgress) => void): (progress: JoinProgress) => void {
  let lastMs = 0;
  return (progress) => {
    const nowMs = performance.now();
    if (progress.leaves < progress.size && nowMs - lastMs < PROGRESS_EVERY_MS) return;
    lastMs = nowMs;
    tell(progress);
  };
}
