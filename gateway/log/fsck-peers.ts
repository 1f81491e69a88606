import { fromUtf8, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import {
  contradictionsBetween,
  contradictionsOf,
  type Equivocation,
  forkBeyond,
  membersOf,
  type OwnView,
  type ReadNote,
  readNote,
  receiptContradiction,
} from '../peers/equivocation.ts';
import { extensionOf } from '../peers/equivocation-tiles.ts';
import { type Finding, FindingList, type Severity } from './findings.ts';

export type PeerFetched =
  | { readonly ok: true; readonly status: number; readonly body: Uint8Array }
  | { readonly ok: false; readonly detail: string };

export interface PeerSource {
  /** `iss` of a member, name of an outside witness, as in the view's signatories. */
  member: string;
  /**
   * A member's door: /log/checkpoint, /log/tile/… and /witness/…; of an outside witness the
   * monitoring prefix: /<origin hash>/checkpoint.
   */
  get: (path: string) => Promise<PeerFetched>;
}

/** A receipt somebody brought, with the entry it is for. */
export interface ShownReceipt {
  member: string;
  logKey: CoseKey;
  receipt: Uint8Array;
  entry: Uint8Array;
}

export interface FsckPeersOptions {
  view: OwnView;
  policy: (size: number) => Policy;
  peers: readonly PeerSource[];
  outside?: readonly PeerSource[];
  receipts?: readonly ShownReceipt[];
  /** Keeps both sides; the file's path, or null where it is known already. */
  keep: (found: Equivocation) => string | null;
}

/**
 * What the other members and the outside witnesses show, against the own store: whose signatures
 * hold, and whether there is one history. A member that can't be reached is a note, one that
 * signed two histories an error under its name.
 */
export async function fsckPeers(options: FsckPeersOptions): Promise<Finding[]> {
  const check = new PeerCheck(options);
  await Promise.all(options.peers.map((peer) => check.member(peer)));
  await Promise.all((options.outside ?? []).map((witness) => check.witness(witness)));
  for (const shown of options.receipts ?? []) check.receipt(shown);
  check.compareAhead();
  return check.findings.all();
}

class PeerCheck {
  readonly findings = new FindingList();
  readonly #options: FsckPeersOptions;
  readonly #view: OwnView;
  readonly #originHash: string;
  /** The own size as it was when the check began: a running gateway goes on. */
  readonly #size: number;
  /** Of trees larger than the own one: nothing but one another to compare them with. */
  readonly #ahead: ReadNote[] = [];
  readonly #known: number[] = [];

  constructor(options: FsckPeersOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#originHash = toHex(sha256(utf8(options.view.origin)));
    this.#size = options.view.log.size();
  }

  async member(peer: PeerSource): Promise<void> {
    const shown = await this.#noteAt(peer, '/log/checkpoint');
    if (shown) this.#checkQuorum(peer, shown);
    const cosigned = await this.#noteAt(peer, `/witness/${this.#originHash}/checkpoint`);
    if (cosigned) this.#checkOwnLine(peer, cosigned);
    const notes = [shown, cosigned].filter((note) => note !== null);
    for (const note of notes) await this.#compare(peer, note);
  }

  async witness(peer: PeerSource): Promise<void> {
    const note = await this.#noteAt(peer, `/${this.#originHash}/checkpoint`);
    if (!note) return;
    this.#checkOwnLine(peer, note);
    await this.#compare(peer, note, { hasTiles: false });
  }

  receipt(shown: ShownReceipt): void {
    const found = receiptContradiction({ ...shown, knownSizes: this.#known }, this.#view);
    if (found) this.#tell([found]);
  }

  /** Two larger trees under one member's keys need no own tree to contradict each other. */
  compareAhead(): void {
    for (const [i, note] of this.#ahead.entries()) {
      for (const other of this.#ahead.slice(i + 1)) {
        this.#tell(contradictionsBetween(note, other, this.#view));
      }
    }
  }

  async #noteAt(peer: PeerSource, path: string): Promise<ReadNote | null> {
    const fetched = await peer.get(path);
    const { member } = peer;
    if (!fetched.ok) {
      this.#add(member, 'peer_unreachable', `can't be asked: ${fetched.detail}`, 'note');
      return null;
    }
    if (fetched.status === 404) {
      this.#add(member, 'peer_empty', `shows nothing at ${path}`, 'note');
      return null;
    }
    const text = fetched.status === 200 ? fromUtf8(fetched.body) : null;
    const note = text === null ? null : readNote(text, this.#view);
    if (!note?.ok) {
      const why = note ? note.detail : `status ${fetched.status}`;
      this.#add(member, 'peer_answer', `shows no checkpoint at ${path}: ${why}`);
      return null;
    }
    return this.#isOfThisLedger(member, note.value) ? note.value : null;
  }

  #isOfThisLedger(member: string, note: ReadNote): boolean {
    const { origin, size } = note.checkpoint;
    if (origin !== this.#view.origin) {
      this.#add(member, 'peer_origin', `shows a checkpoint of another log: ${origin}`);
      return false;
    }
    for (const { member: signer } of note.bad) {
      const text = `shows a line of ${signer} under size ${size} that does not verify`;
      this.#add(member, 'bad_cosignature', text);
    }
    if (note.signedBy.length > 0) return true;
    this.#add(
      member,
      'peer_unsigned',
      `shows a checkpoint of size ${size} that no known key signed`,
    );
    return false;
  }

  #checkQuorum({ member }: PeerSource, { text, checkpoint }: ReadNote): void {
    const { size } = checkpoint;
    const verdict = evaluatePolicy(this.#options.policy(size), text, this.#view.native);
    if (verdict.ok && verdict.value.satisfied) return;
    // Members and keys may have changed in the leaves this store does not have yet.
    const severity = size > this.#size ? 'warning' : 'error';
    const why = verdict.ok ? 'log signature or cosignatures are missing' : verdict.detail;
    this.#add(member, 'peer_quorum', `shows a checkpoint of size ${size}: ${why}`, severity);
  }

  #checkOwnLine({ member }: PeerSource, note: ReadNote): void {
    if (membersOf(note).includes(member)) return;
    const { size } = note.checkpoint;
    const text = `says it cosigned size ${size}, without a line of its own that verifies`;
    this.#add(member, 'witness_line', text);
  }

  async #compare(peer: PeerSource, note: ReadNote, { hasTiles = true } = {}): Promise<void> {
    const { size } = note.checkpoint;
    if (size <= this.#size) {
      this.#known.push(size);
      this.#tell(contradictionsOf(note, this.#view));
      return;
    }
    this.#ahead.push(note);
    if (hasTiles) await this.#extend(peer, note);
    else this.#add(peer.member, 'not_checked', `is at size ${size}, beyond this store`, 'note');
  }

  async #extend({ member, get }: PeerSource, note: ReadNote): Promise<void> {
    const { size, root } = note.checkpoint;
    const own = { size: this.#size, root: this.#view.log.root(this.#size) };
    const fetchTile = async (path: string) => {
      const fetched = await get(`/log/${path}`);
      return fetched.ok && fetched.status === 200 ? fetched.body : null;
    };
    const extension = await extensionOf({ own, theirs: { size, root }, fetchTile });
    switch (extension.kind) {
      case 'extends': {
        const text = `is ${size - own.size} entries ahead, and extends this store`;
        this.#add(member, 'peer_ahead', text, 'note');
        return;
      }
      case 'no_tiles': {
        const text = `gave no tiles for size ${size}: whether it extends this store is not known`;
        this.#add(member, 'not_checked', text, 'note');
        return;
      }
      case 'not_its_tiles': {
        const text = `serves tiles that are not of the tree of size ${size} it shows signed`;
        this.#add(member, 'peer_tiles', text);
        return;
      }
      case 'forked':
        this.#tell(forkBeyond(note, this.#view, { ...extension, size1: own.size }));
    }
  }

  #tell(all: readonly Equivocation[]): void {
    for (const found of all) {
      const file = this.#options.keep(found);
      const kept = file ? `; both sides are kept in ${file}` : '; both sides were kept before';
      this.#add(found.member, 'equivocation', `${found.words}${kept}`);
    }
  }

  #add(where: string, code: string, text: string, severity: Severity = 'error'): void {
    this.findings.add({ code, where, text, severity });
  }
}
