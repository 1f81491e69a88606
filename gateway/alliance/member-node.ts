import { fromUtf8, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import {
  activeKey,
  type Membership,
  validators,
} from '@truegrain/device-sdk/formats/membership.js';
import { noteKey } from '@truegrain/device-sdk/formats/note.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Logger } from 'pino';
import { Batcher, type Sent } from '../admit/batcher.ts';
import { InboxIntake } from '../admit/inbox-intake.ts';
import { InboxKeeper } from '../admit/inbox-keeper.ts';
import { answersNeeded, type OwnKey } from '../anchor/signing-floor.ts';
import type { WitnessPeer } from '../anchor/witness-client.ts';
import type { BrokerLink } from '../doors.ts';
import type { MemberSigners } from '../keys.ts';
import type { Books } from '../ledger/books.ts';
import { AllianceLedger } from '../ledger/cometbft/alliance-ledger.ts';
import type { CommittedBlock } from '../ledger/cometbft/comet-ledger.ts';
import type { EngineHome } from '../ledger/cometbft/engine-home.ts';
import { BlockIDFlag } from '../ledger/cometbft/proto/tendermint/types/validator_pb.ts';
import type { Facts } from '../ledger/facts.ts';
import type { Applied } from '../ledger/replay.ts';
import type { KeyRecord } from '../ledger/state.ts';
import type { PeerClient } from '../peers/peer-client.ts';
import { Pipeline } from '../pipeline.ts';
import { Standing } from '../standing.ts';
import type { Db } from '../store/database.ts';
import { Inbox } from '../store/inbox.ts';
import type { Wanted } from '../store/wanted.ts';
import type { AllianceConfig } from './alliance-config.ts';
import { Chain } from './chain.ts';
import { isErased, mayHold } from './disclosure.ts';
import type { MemberDirectory } from './member-directory.ts';
import { outsideWitnesses } from './outside-witnesses.ts';
import { signatoriesOf } from './signatories.ts';

const RULE_TROUBLE = 'a rule is in force that can not be judged by here';

export interface MemberNodeOptions {
  db: Db;
  iss: string;
  cosignerName: string;
  signers: MemberSigners;
  settings: AllianceConfig;
  threads?: number;
  batchLingerMs: number;
  anchorIntervalMs: number;
  tipFiles: readonly string[];
  home: EngineHome;
  binary: string;
  client: PeerClient;
  directory: MemberDirectory;
  books: Books;
  link: BrokerLink;
  log: Logger;
  nowMs: () => number;
  /** Devices' keys that a block changed. */
  onKeys: (keys: readonly KeyRecord[]) => void;
  /** Members, their keys or their doors changed. */
  onMembership: (block: CommittedBlock) => void;
  /** Statements came whose contents may be elsewhere. */
  onStatements: () => void;
  onFatal: (error: Error) => void;
}

/**
 * One member of an alliance from a frame to a cosigned checkpoint: inbox → batch → block → COMMIT →
 * anchor → receipt. The parts meet here and nowhere else.
 */
export class MemberNode {
  readonly books: Books;
  readonly chain: Chain;
  readonly ledger: AllianceLedger;
  readonly pipeline: Pipeline;
  readonly standing: Standing;
  readonly inbox: Inbox;
  readonly wanted: Wanted;
  readonly #options: MemberNodeOptions;
  readonly #keeper: InboxKeeper;
  readonly #batcher: Batcher;
  readonly #outside: readonly WitnessPeer[];
  readonly #witnessPeers = new Map<string, WitnessPeer>();
  #intake: InboxIntake | null = null;

  constructor(options: MemberNodeOptions) {
    const { db, books, iss, signers, log, nowMs } = options;
    this.#options = options;
    this.#outside = outsideWitnesses(options.settings.witnesses);
    this.books = books;
    this.inbox = new Inbox(db);
    this.wanted = books.wanted;
    this.standing = new Standing({
      membership: () => this.#membership(),
      nowMs,
      onFinding: ({ name, code, text }) => log.warn({ member: name, code }, `${name} ${text}`),
    });
    this.#keeper = new InboxKeeper({
      store: books.store,
      inbox: this.inbox,
      refused: books.refused,
      wanted: this.wanted,
      mayHold: (facts) => this.#mayHold(facts),
      isErased: (id) => isErased(books.state, id),
      nowMs,
    });
    this.chain = this.#openChain();
    this.ledger = new AllianceLedger({ comet: this.chain.ledger, courier: this.chain.courier });
    this.pipeline = this.#openPipeline();
    this.#batcher = new Batcher({
      ledger: this.ledger,
      inbox: this.inbox,
      gateway: { signer: signers.gateway, iss },
      chainTimeMs: () => this.chain.clock.presentMs(),
      send: (tx, streams): Promise<Sent> => this.chain.courier.deliver(tx, streams),
      recheck: (frame) => this.#door().recheck(frame),
      keepDuplicate: (row, leafIndex) => this.#keeper.keepDuplicate(row, leafIndex),
      settle: (device, outcome) => {
        if (device !== null) this.pipeline.settled(device, outcome);
      },
      onTrouble: (error) => log.error({ error: error.message }, 'no batch can be made'),
      law: this.pipeline.law,
    });
  }

  /** What the last run left in the inbox goes on; then blocks may come. */
  async start(): Promise<void> {
    this.pipeline.start();
    await this.chain.start();
    this.#batcher.wake();
  }

  /** The chain first: what it is answering rests on the threads of the pipeline's door. */
  async close(): Promise<void> {
    this.#batcher.close();
    await this.chain.close();
    await this.pipeline.close();
  }

  /** Members whose votes have to come together for a block. */
  membership(): Membership {
    const membership = this.#membership();
    if (!membership) throw new Error('no charter');
    return membership;
  }

  /** `iss` of the members whose engines this one is connected to. */
  get connected(): ReadonlySet<string> {
    const nodeIds = [...this.chain.connected];
    const members = nodeIds.map((nodeId) => this.#options.directory.memberOfNode(nodeId));
    return new Set(members.filter((iss) => iss !== null));
  }

  #membership(): Membership | null {
    return this.books.state.membership;
  }

  #door(): InboxIntake {
    if (!this.#intake) throw new Error('the door is not open yet');
    return this.#intake;
  }

  #openChain(): Chain {
    const { home, binary, log, nowMs, settings, directory, onFatal, books } = this.#options;
    return new Chain({
      books,
      home,
      binary,
      log,
      nowMs,
      checkEntry: (entry, done) => this.#door().checkEntry(entry, done),
      admitsNode: (nodeId) => directory.admitsNode(nodeId),
      peers: () => directory.enginePeers(),
      observer: {
        onBadProposal: (proposer, refusal) => this.standing.badProposal(proposer, refusal),
        onVotes: ({ height, votes, misbehavior }) => {
          const seen = (votes?.votes ?? []).map(({ validator, blockIdFlag }) => ({
            address: validator?.address ?? new Uint8Array(),
            voted: blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_COMMIT,
          }));
          this.standing.votes(height, seen);
          for (const { validator, height: at } of misbehavior) {
            if (validator) this.standing.votedTwice(validator.address, Number(at));
          }
        },
      },
      onWrite: (applied) => this.#keeper.write(applied),
      onWriteFailed: () => this.#keeper.forget(),
      onBlock: (block) => this.#onBlock(block),
      hasWork: () => this.inbox.count > 0 && this.#isQuorumReached(),
      snapshotEveryBlocks: settings.snapshotEveryBlocks,
      keepBlocks: settings.keepBlocks,
      onFatal,
      onAlarm: (code, text) => log.error({ code }, text),
    });
  }

  #openPipeline(): Pipeline {
    const options = this.#options;
    const { signers, iss, nowMs, log } = options;
    return new Pipeline({
      ledger: this.ledger,
      signers,
      iss,
      cosignerName: options.cosignerName,
      tipFiles: options.tipFiles,
      anchorIntervalMs: options.anchorIntervalMs,
      nowMs,
      downlinks: options.link,
      cosigners: {
        peers: () => this.#cosigners(),
        ownKeys: () => this.#ownKeys(),
        answersNeeded: () => answersNeeded(this.membership().members.size),
        onPeerTrouble: ({ code, member, text }) => {
          if (code !== 'unreachable') this.standing.tell({ iss: member, code, text });
        },
      },
      openAdmission: (hooks) => {
        this.#intake = new InboxIntake({
          ...hooks,
          ledger: this.ledger,
          inbox: this.inbox,
          inboxBytesMax: options.settings.inboxBytesMax,
          lingerMs: options.batchLingerMs,
          ...(options.threads === undefined ? {} : { threads: options.threads }),
          onQueued: (checked) => {
            const { facts } = checked;
            this.#batcher.remember(checked);
            // Its frame's memory is not to be held for the entry alone.
            this.chain.verifier.remember({ ...facts, entry: facts.entry.slice() });
            this.#batcher.wake();
          },
        });
        return this.#intake;
      },
      onTrouble: (error) => log.error({ error: error.message }, 'nothing is accepted'),
      onFailure: options.onFatal,
      onRuleTrouble: (rule, detail) => log.error({ rule: ruleKey(rule), detail }, RULE_TROUBLE),
    });
  }

  #onBlock(block: CommittedBlock): void {
    for (const { device, id, outcome } of this.#keeper.take()) {
      this.#batcher.forget(id);
      if (device !== null) this.pipeline.settled(device, outcome);
    }
    const applied = block.txs.flatMap(({ result }) => (result.ok ? [result.applied] : []));
    const governed = applied.flatMap((one) => (one.kind === 'batch' ? [] : [one]));
    const keys = governed.flatMap((one) => one.keys);
    if (keys.length > 0) {
      this.pipeline.keysChanged(keys);
      this.#options.onKeys(keys);
    }
    if (governed.some(({ effect }) => effect !== null)) this.#options.onMembership(block);
    this.#forgetWindows(applied);
    if (applied.length > 0) this.pipeline.committed();
    if (governed.length < applied.length) this.#options.onStatements();
    this.#batcher.wake();
  }

  /** A device that roams: what another gateway admitted stands between what this one judged. */
  #forgetWindows(applied: readonly Applied[]): void {
    const { state } = this.books;
    const own = toHex(this.#options.signers.gateway.kid);
    for (const one of applied) {
      if (one.kind !== 'batch' || toHex(one.statement.kid) === own) continue;
      for (const { facts } of one.statements) {
        this.pipeline.law.judge.forget(state.keys[facts.keyNo]?.iss ?? '');
      }
    }
  }

  #mayHold(facts: Facts): boolean {
    const { state } = this.books;
    const device = state.keys[facts.keyNo]?.iss ?? '';
    return mayHold(state, { iss: this.#options.iss, device, leafIndex: state.size });
  }

  /** The other members, asked through their doors, and the outside witnesses of the configuration. */
  #cosigners(): WitnessPeer[] {
    const { client, directory } = this.#options;
    const membership = this.membership();
    const members = directory.cosigners().flatMap((peer): WitnessPeer[] => {
      const key = activeKey(membership, peer.iss, 'cosigner');
      const member = membership.members.get(peer.iss);
      if (!key || !member || key.key.kty !== 'OKP') return [];
      const cache = `${toHex(key.kid)} ${peer.http}`;
      const known = this.#witnessPeers.get(cache);
      if (known) return [known];
      const witness: WitnessPeer = {
        name: peer.iss,
        key: noteKey(member.cosignerName, 4, key.key.x),
        addCheckpoint: async (body, signal) => {
          const answer = await client.request(peer, {
            method: 'POST',
            path: '/witness/add-checkpoint',
            body: utf8(body),
            contentType: 'text/plain',
            signal,
          });
          if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
          const contentType = String(answer.headers['content-type'] ?? '');
          return { status: answer.status, contentType, body: fromUtf8(answer.body) ?? '' };
        },
      };
      this.#witnessPeers.set(cache, witness);
      return [witness];
    });
    return [...members, ...this.#outside];
  }

  /** Every key that ever signed checkpoints for this member. */
  #ownKeys(): readonly OwnKey[] {
    const { iss } = this.#options;
    const all = signatoriesOf(this.membership(), this.pipeline.origin);
    return all.find(({ member }) => member === iss)?.keys ?? [];
  }

  /** Members whose engines are connected to this one's; with it, do they make a quorum of votes? */
  #isQuorumReached(): boolean {
    const voters = validators(this.membership());
    const { iss } = this.#options;
    const { connected } = this;
    const here = voters.filter((key) => key.iss === iss || connected.has(key.iss));
    return here.length * 3 > voters.length * 2;
  }
}
