import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { nativeVerify } from '../admit/native-verify.ts';
import { LedgerStore, leafHashesOf } from '../ledger/ledger-store.ts';
import { Replay, type Replayed, type ReplayFault } from '../ledger/replay.ts';
import type { History } from '../ledger/state.ts';
import type { Db } from '../store/database.ts';
import { Tree } from './tree.ts';

/**
 * Builds tree and tables from entries alone, by the code that built them the first time. `reindex`
 * keeps what comes out; `fsck` compares it with what the store has.
 */
export class Rebuild {
  readonly store: LedgerStore;
  readonly tree = new Tree();
  readonly replay: Replay;
  statements = 0;
  batches = 0;
  governance = 0;
  /** Hashes of leaves whose block is not applied yet, or never will be. */
  #open: Uint8Array[] = [];

  /** `db` has empty fold tables; `entryAt` reads any entry pushed so far. */
  constructor(
    db: Db,
    options: {
      entryAt: (leafIndex: number) => Uint8Array | null;
      checksSignatures?: boolean;
    },
  ) {
    this.store = new LedgerStore(db);
    const history: History = {
      find: (keyNo, seq) =>
        this.store.packs.leavesOf(keyNo, seq).flatMap((leafIndex) => {
          const entry = options.entryAt(leafIndex);
          const parsed = entry ? parseStatement(entry) : null;
          if (!parsed?.ok) return [];
          return [{ id: parsed.value.id, prev: parsed.value.prev, leafIndex }];
        }),
    };
    this.replay = new Replay({
      history,
      native: nativeVerify,
      checksSignatures: options.checksSignatures ?? true,
    });
  }

  /** `hash` stands in for an entry that is unreadable or known to be wrong: the tree goes on. */
  push(entry: Uint8Array | null, hash?: Uint8Array): Replayed {
    const replayed = this.replay.push(entry);
    const own = hash ?? (entry ? leafHash(entry) : null);
    if (own) this.#open.push(own);
    if (replayed.kind === 'applied') this.#write(replayed);
    else if (this.replay.haltedAt !== null) this.#appendOpen();
    return replayed;
  }

  end(): ReplayFault | null {
    const fault = this.replay.end();
    this.#appendOpen();
    return fault;
  }

  #write({ applied }: Replayed & { kind: 'applied' }): void {
    this.#open = [];
    for (const hash of leafHashesOf(applied)) this.tree.append(hash);
    if (applied.kind === 'batch') {
      this.batches += 1;
      this.statements += applied.statements.length;
      this.store.writeBatch(applied);
    } else {
      this.governance += 1;
      this.store.writeGovernance(applied);
    }
    this.store.writeTiles(this.tree);
  }

  #appendOpen(): void {
    for (const hash of this.#open) this.tree.append(hash);
    this.#open = [];
    this.store.writeTiles(this.tree);
  }
}
