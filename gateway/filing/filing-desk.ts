import type { FilingBackend, FilingSheet } from '../http/filing-backend.ts';
import { statementAt } from '../reads/breaches.ts';
import type { ReadContext } from '../reads/read-context.ts';
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

  constructor(options: FilingDeskOptions) {
    this.#options = options;
  }

  sheet(sinceLeaf: number | null): FilingSheet | null {
    const { reads, self, origin } = this.#options;
    const { membership, ledgerId, size, logTimeMs } = reads.state();
    if (!membership || !ledgerId) return null;
    const { fold } = reads.store;
    const announced = fold.leavesOfKinds(['endpoint'], size).map((leafIndex) => {
      return { leafIndex, iss: statementAt(reads, leafIndex)?.iss ?? '' };
    });
    const timeOf = (leafIndex: number) => {
      const [leaf] = fold.governanceFrom(leafIndex, 1);
      return leaf?.leafIndex === leafIndex ? leaf.logTimeMs : null;
    };
    const place = { membership, ledgerId, size, logTimeMs, self, origin: origin() };
    return filingSheet({ ...place, announced, timeOf }, sinceLeaf);
  }
}
