import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import {
  completeSubtrees,
  encodeEntryBundle,
  encodeTile,
  tileWidth,
} from '@truegrain/device-sdk/formats/tiles.js';
import type { GovernanceLeaf } from '../../../gateway/http/backend.ts';
import { governanceKind } from '../../../gateway/ledger/apply-governance.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import type { SampleLedger } from '../../support/sample-ledger.ts';
import { statementOf, T0_MS } from '../../support/sample-members.ts';
import { noteBy } from './chain-samples.ts';

/** A sample ledger behind the gateway's own HTTP routes. */
export class SampleBackend extends FakeBackend {
  readonly #ledger: SampleLedger;

  constructor(ledger: SampleLedger) {
    super();
    this.#ledger = ledger;
    this.note = noteBy(ledger);
  }

  override origin() {
    return this.#ledger.origin;
  }
  override ledgerId() {
    return new Uint8Array(this.#ledger.ledgerId);
  }
  override tile(level: number, index: number, width: number) {
    if (width > tileWidth({ level, index, size: this.#ledger.size })) return null;
    const hashAt = completeSubtrees(this.#ledger.entries.map(leafHash));
    const at = (i: number) => hashAt(8 * level, index * 256 + i);
    return new Uint8Array(encodeTile(Array.from({ length: width }, (_, i) => at(i))));
  }
  override entryBundle(index: number, width: number): ReturnType<FakeBackend['entryBundle']> {
    if (width > tileWidth({ level: 0, index, size: this.#ledger.size })) return null;
    const entries = this.#ledger.entries.slice(index * 256, index * 256 + width);
    return new Uint8Array(encodeEntryBundle(entries));
  }
  override governance(fromLeaf: number, limit: number): GovernanceLeaf[] {
    return this.#leaves()
      .filter(({ leafIndex }) => leafIndex >= fromLeaf)
      .slice(0, limit);
  }
  override governanceLeaf(id: Uint8Array) {
    return this.#leaves().find((leaf) => equal(leaf.id, id)) ?? null;
  }
  override statement(id: Uint8Array) {
    const leafIndex = this.#ledger.entries.findIndex((entry) => equal(statementOf(entry).id, id));
    const entry = this.#ledger.entries[leafIndex];
    if (entry === undefined) return null;
    const content = new Uint8Array(0);
    return { leafIndex, entry: new Uint8Array(entry), content, erased: false, receivedMs: T0_MS };
  }

  #leaves(): GovernanceLeaf[] {
    return this.#ledger.entries.flatMap((entry, leafIndex) => {
      const parsed = parseStatement(entry);
      const kind = parsed.ok ? governanceKind(parsed.value) : null;
      if (!parsed.ok || kind === null) return [];
      return [{ kind, leafIndex, id: parsed.value.id, logTimeMs: T0_MS }];
    });
  }
}
