import type { Logger } from 'pino';
import { type CheckEntry, EntryVerifier } from '../admit/entry-verifier.ts';
import { nativeVerify } from '../admit/native-verify.ts';
import type { Books } from '../ledger/books.ts';
import { AbciApp, type Observer } from '../ledger/cometbft/abci-app.ts';
import { AbciServer } from '../ledger/cometbft/abci-server.ts';
import type { TxRefusal } from '../ledger/cometbft/block-draft.ts';
import { ChainClock } from '../ledger/cometbft/chain-clock.ts';
import { CometLedger, type CommittedBlock } from '../ledger/cometbft/comet-ledger.ts';
import { Courier } from '../ledger/cometbft/courier.ts';
import { Engine, type EngineDown } from '../ledger/cometbft/engine.ts';
import type { EnginePeer } from '../ledger/cometbft/engine-config.ts';
import type { EngineHome } from '../ledger/cometbft/engine-home.ts';
import { EngineRpc } from '../ledger/cometbft/engine-rpc.ts';
import { Peering } from '../ledger/cometbft/peering.ts';
import { SnapshotTaker } from '../ledger/cometbft/snapshot-taker.ts';
import type { Applied } from '../ledger/replay.ts';
import { Proofs } from '../log/proofs.ts';
import { BlockRow } from '../store/block-row.ts';

export interface ChainOptions {
  books: Books;
  home: EngineHome;
  binary: string;
  log: Logger;
  nowMs: () => number;
  /** Where other gateways' entries are checked: the threads of this gateway's door. */
  checkEntry: CheckEntry;
  admitsNode: (nodeId: string) => boolean;
  /** Engines to be connected to. */
  peers: () => readonly EnginePeer[];
  observer: Observer;
  onWrite: (applied: readonly Applied[]) => void;
  /** After a COMMIT that failed. */
  onWriteFailed: () => void;
  onBlock: (block: CommittedBlock) => void;
  /** Something waits for a block. */
  hasWork: () => boolean;
  snapshotEveryBlocks: number;
  keepBlocks: number;
  /** The application broke: this process must end and play its blocks again. */
  onFatal: (error: Error) => void;
  /** For an operator, in words. */
  onAlarm: (code: string, text: string) => void;
}

/** This member's node: the ledger under consensus, and the engine that runs beside it. */
export class Chain {
  readonly ledger: CometLedger;
  readonly courier: Courier;
  readonly clock: ChainClock;
  readonly rpc: EngineRpc;
  readonly verifier: EntryVerifier;
  readonly snapshots: SnapshotTaker;
  readonly #options: ChainOptions;
  readonly #app: AbciApp;
  #engine: Engine | null = null;
  #server: AbciServer | null = null;
  #peering: Peering | null = null;
  #height = 0;
  #down: EngineDown | null = null;
  #isBroken = false;

  constructor(options: ChainOptions) {
    const { books, home, nowMs } = options;
    const { db, leaves, tiles } = books.store;
    this.#options = options;
    this.clock = new ChainClock({ nowMs, monotonicMs: () => performance.now() });
    this.rpc = new EngineRpc(home.rpcSocket);
    this.verifier = new EntryVerifier(options.checkEntry);
    const proofs = new Proofs((level, index) => tiles.get(level, index));
    this.snapshots = new SnapshotTaker({
      db,
      leaves,
      subtree: (start, end) => proofs.range(start, end),
      everyBlocks: options.snapshotEveryBlocks,
    });
    this.ledger = new CometLedger({
      books,
      row: new BlockRow(db),
      verifier: this.verifier,
      native: nativeVerify,
      onWrite: (applied, position) => {
        options.onWrite(applied);
        this.snapshots.onCommit(position);
      },
      onBlock: (block) => this.#onBlock(block),
    });
    this.#height = this.ledger.position().height;
    this.courier = new Courier({
      send: (tx) => this.#send(tx),
      check: (tx) => this.ledger.check(tx, this.clock.presentMs()),
      nowMs: () => performance.now(),
    });
    this.#app = new AbciApp({
      ledger: this.ledger,
      taker: this.snapshots,
      admitsPeer: options.admitsNode,
      retainFrom: (height) => this.#retainFrom(height),
      observer: options.observer,
    });
  }

  /** The application listens first: an engine that finds nobody waits three seconds. */
  async start(): Promise<void> {
    const { home, binary, log } = this.#options;
    this.#server = await this.#listen();
    this.#engine = new Engine({
      binary,
      home,
      rpc: this.rpc,
      hasWork: this.#options.hasWork,
      activity: () => this.#server?.requestsAnswered ?? 0,
      onLog: ({ level, module, message, fields }) => {
        const line = { engine: module, ...fields };
        if (level === 'error' || level === 'panic') log.warn(line, message);
        else log.debug(line, message);
      },
      onDown: (down) => this.#onDown(down),
    });
    await this.#engine.start();
    this.#peering = new Peering({
      rpc: this.rpc,
      peers: this.#options.peers,
      lookEveryMs: LOOK_EVERY_MS,
    });
  }

  /** p2p node ids of the engines this one is connected to, as of a few seconds ago. */
  get connected(): ReadonlySet<string> {
    return this.#peering?.connected ?? new Set();
  }

  /** Peers that joined since are dialled; those that left are refused by `admitsNode`. */
  restartEngine(): Promise<void> {
    return this.#engine?.restart() ?? Promise.resolve();
  }

  status(): {
    height: number;
    engine: 'running' | 'down';
    detail: string | null;
    pid: number | null;
  } {
    const pid = this.#engine?.pid ?? null;
    const detail = pid === null ? (this.#down?.detail ?? null) : null;
    return { height: this.#height, engine: pid === null ? 'down' : 'running', detail, pid };
  }

  async close(): Promise<void> {
    this.#peering?.stop();
    this.courier.close();
    await this.#engine?.stop();
    await this.#server?.close();
  }

  #listen(): Promise<AbciServer> {
    return AbciServer.listen({
      socketPath: this.#options.home.abciSocket,
      application: this.#app,
      onFatal: (error) => this.#onBroken(error),
      onRefused: ({ code, detail }) => this.#options.onAlarm(code, detail),
    });
  }

  /** Nothing of the block is kept, the engine plays it again: at once, or after this process's end. */
  #onBroken(error: Error): void {
    this.#isBroken = true;
    this.#options.onWriteFailed();
    if (isDiskTrouble(error)) {
      this.#options.onAlarm('disk', `no block can be written: ${error.message}`);
      this.#engine?.applicationFailed(error);
    } else this.#options.onFatal(error);
  }

  async #onDown(down: EngineDown): Promise<'restart' | 'stay_down'> {
    this.#down = down;
    const { code, detail } = down;
    const isOther = OTHER_LEDGER.has(code);
    const advice = isOther ? '; `truegrain alliance rejoin` takes it from the others' : '';
    this.#options.onAlarm(code, `the engine is down (${code}): ${detail}${advice}`);
    if (this.#isBroken) {
      await this.#server?.close();
      this.#server = await this.#listen();
      this.#isBroken = false;
    }
    // A handler of the engine that is gone may still be at work.
    await this.#server?.idle();
    this.ledger.forgetUndecided();
    // A ledger ahead of its engine by more than a block, or with another hash, heals by no restart.
    return isOther ? 'stay_down' : 'restart';
  }

  async #send(tx: Uint8Array): Promise<TxRefusal | null> {
    const sent = await this.rpc.broadcastTx(tx);
    if (sent.ok || sent.code === 'duplicate') return null;
    return {
      code: sent.code === 'rejected' ? codeOfLog(sent.detail) : sent.code,
      detail: sent.detail,
    };
  }

  #onBlock(block: CommittedBlock): void {
    this.#height = block.height;
    // Old blocks that are played again say nothing of the present; the first has the founding's time.
    if (block.wasJudged && block.height > 1) this.clock.onBlock(block.timeMs);
    this.courier.onBlock(block);
    this.#options.onBlock(block);
  }

  /** What newcomers' light clients and the members' own replay need. */
  #retainFrom(height: number): number {
    const oldest = this.snapshots.oldestHeight() ?? 0;
    return Math.max(0, Math.min(height - this.#options.keepBlocks, oldest - 1));
  }
}

const LOOK_EVERY_MS = 3_000;
const OTHER_LEDGER: ReadonlySet<string> = new Set(['app_ahead', 'app_behind', 'wrong_app_hash']);

/** CheckTx says `code: detail` in its log. */
function codeOfLog(log: string): string {
  return /^([a-z_]+): /.exec(log)?.[1] ?? 'rejected';
}

function isDiskTrouble(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(FULL|IOERR|BUSY)/.test(code);
}
