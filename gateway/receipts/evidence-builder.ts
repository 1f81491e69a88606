import { type Batch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { type EvidenceLeaf, encodeEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import { inclusionPath, leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Anchored } from '../anchor/anchor.ts';
import type { GovernanceKind } from '../ledger/apply-governance.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Proofs } from '../log/proofs.ts';

/**
 * Evidence files (SPEC §8): everything somebody without access needs to check one statement. All
 * paths lead to one root, that of the newest checkpoint.
 */
export class EvidenceBuilder {
  readonly #store: LedgerStore;
  readonly #state: () => LedgerState;
  readonly #proofs: Proofs;
  readonly #anchored: () => Anchored | null;

  constructor(parts: {
    store: LedgerStore;
    state: () => LedgerState;
    proofs: Proofs;
    anchored: () => Anchored | null;
  }) {
    this.#store = parts.store;
    this.#state = parts.state;
    this.#proofs = parts.proofs;
    this.#anchored = parts.anchored;
  }

  /** Null for a leaf that is not there, or that (or whose batch) no checkpoint covers yet. */
  build(leafIndex: number): Uint8Array | null {
    const anchored = this.#anchored();
    if (!anchored || leafIndex >= anchored.size) return null;
    const { size, note } = anchored;
    const row = this.#store.packs.row(leafIndex);
    if (row && row.batchLeaf >= size) return null;
    const wanted = new Set(this.#constitution(size));
    if (row) {
      const device = this.#state().keys[row.keyNo]?.iss ?? '';
      this.#addAbout(wanted, [device, this.#store.packs.subjectText(row.subjectNo)], size);
      wanted.add(row.batchLeaf);
    } else this.#addAbout(wanted, [this.#subjectOf(leafIndex)], size);
    wanted.delete(leafIndex);
    return encodeEvidence({
      checkpoint: note,
      statement: this.#leaf(leafIndex, size),
      content: this.#store.leaves.content(leafIndex),
      supporting: [...wanted].sort((a, b) => a - b).map((index) => this.#leaf(index, size)),
      inBatch: row ? this.#inBatch(leafIndex, row.batchLeaf) : null,
      batchLeaf: row?.batchLeaf ?? null,
    });
  }

  /** Registrations, bindings, certificates, tags, seals: what stands under the name of a thing. */
  #addAbout(wanted: Set<number>, names: readonly string[], size: number): void {
    for (const name of names) {
      for (const leaf of this.#store.deviceLeaves.governanceOf(name, size)) wanted.add(leaf);
    }
  }

  #subjectOf(leafIndex: number): string {
    const statement = parseStatement(this.#entry(leafIndex));
    return statement.ok ? statement.value.sub : '';
  }

  /** Charter, acceptances and every later change of members, keys and terms: who may sign what. */
  #constitution(size: number): number[] {
    return this.#store.fold.leavesOfKinds(CONSTITUTION, size);
  }

  #leaf(index: number, size: number): EvidenceLeaf {
    return { index, entry: this.#entry(index), path: this.#proofs.inclusion(index, size) };
  }

  #entry(index: number): Uint8Array {
    const entry = this.#store.leaves.entry(index);
    if (!entry) throw new Error(`leaf ${index} is missing`);
    return entry;
  }

  /** The batch's own tree stands over the statements right before it. */
  #inBatch(leafIndex: number, batchLeaf: number): { index: number; path: Uint8Array[] } {
    const first = this.#firstOf(batchLeaf);
    const hashes = this.#store.leaves.entries(first, batchLeaf).map(leafHash);
    return { index: leafIndex - first, path: inclusionPath(hashes, leafIndex - first) };
  }

  #firstOf(batchLeaf: number): number {
    const batch = batchAt(this.#entry(batchLeaf));
    if (!batch) throw new Error(`leaf ${batchLeaf} is no batch`);
    return batchLeaf - batch.count;
  }
}

/** Where members are reached and who may read what changes nobody's word. */
const CONSTITUTION: readonly GovernanceKind[] = [
  'charter',
  'acceptance',
  'proposal',
  'answer',
  'exception',
  'departure',
  // What a supervisor ordered, and what a member's coming in rested on.
  'order',
  'credential',
];

function batchAt(entry: Uint8Array): Batch | null {
  const statement = parseStatement(entry);
  const batch = statement.ok ? parseBatch(statement.value.payloadBytes) : null;
  return batch?.ok ? batch.value : null;
}
