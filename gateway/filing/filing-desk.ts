import { type Filing, parseFiling } from '@truegrain/device-sdk/formats/filing.js';
import type { FilingBackend, FilingSheet } from '../http/filing-backend.ts';
import { statementAt } from '../reads/breaches.ts';
import type { ReadContext } from '../reads/read-context.ts';
import type { GovernanceStatement } from './filing-changes.ts';
import { filingSheet } from './filing-sheet.ts';

export interface FilingDeskOptions {
  readonly reads: ReadContext;
  /** `iss` of the own member. */
  readonly self: string;
  readonly origin: () => string;
}

/** The filing data sheet of one ledger, as its own member would hand it in. */
export class FilingDesk implements FilingBackend {
  readonly #options: FilingDeskOptions;
  /** Leaves never change, and anyone may ask for the sheet: each is parsed once. */
  readonly #statements = new Map<number, GovernanceStatement>();

  constructor(options: FilingDeskOptions) {
    this.#options = options;
  }

  sheet(sinceLeaf: number | null): FilingSheet | null {
    const { reads, self, origin } = this.#options;
    const { membership, ledgerId, size, logTimeMs } = reads.state();
    if (!membership || !ledgerId) return null;
    const { fold } = reads.store;
    const announced = fold.leavesOfKinds(['endpoint'], size).map((leafIndex) => {
      return { leafIndex, iss: this.#statement(leafIndex)?.by ?? '' };
    });
    const filed = fold.leavesOfKinds(['filing'], size).map((leafIndex) => {
      return { ...this.#filing(leafIndex), leafIndex };
    });
    const leafOf = (leafIndex: number) => this.#statement(leafIndex);
    const place = { membership, ledgerId, size, logTimeMs, self, origin: origin() };
    return filingSheet({ ...place, announced, filed, leafOf }, sinceLeaf);
  }

  #statement(leafIndex: number): GovernanceStatement | null {
    const known = this.#statements.get(leafIndex);
    if (known) return known;
    const { reads } = this.#options;
    const [leaf] = reads.store.fold.governanceFrom(leafIndex, 1);
    if (leaf?.leafIndex !== leafIndex) return null;
    const { kind, logTimeMs: timeMs } = leaf;
    const made = { kind, timeMs, by: statementAt(reads, leafIndex)?.iss ?? '' };
    this.#statements.set(leafIndex, made);
    return made;
  }

  #filing(leafIndex: number): Filing {
    const statement = statementAt(this.#options.reads, leafIndex);
    const filing = statement ? parseFiling(statement.payloadBytes) : null;
    if (!filing?.ok) throw new Error(`leaf ${leafIndex}: ${filing?.code ?? 'missing'}`);
    return filing.value;
  }
}
