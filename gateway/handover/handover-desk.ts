import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Outcome } from '../http/backend.ts';
import type {
  HandoverBackend,
  HandoverHalfView,
  HandoversQuery,
  HandoverView,
} from '../http/handover-backend.ts';
import type { HandoverHalf } from './handover-half.ts';
import type { HandoverIndex } from './handover-index.ts';
import { handoversIn, stateOf } from './handovers.ts';
import type { Handover } from './match-halves.ts';

export interface HandoverDeskParts {
  readonly index: HandoverIndex;
  readonly entryAt: (leafIndex: number) => Uint8Array | null;
  readonly nowMs: () => number;
}

/** Hand-overs as HTTP asks for them. */
export class HandoverDesk implements HandoverBackend {
  readonly #parts: HandoverDeskParts;

  constructor(parts: HandoverDeskParts) {
    this.#parts = parts;
  }

  handovers(
    query: HandoversQuery,
  ): Outcome<{ handovers: readonly HandoverView[]; next: string | null }> {
    const { item = null, cursor: after = null, ...rest } = query;
    const page = handoversIn(this.#parts.index, { ...rest, item, after });
    if (page === null) {
      return { ok: false, code: 'bad_cursor', detail: 'the cursor is not one of ours' };
    }
    const handovers = page.handovers.map((handover) => this.#view(handover));
    return { ok: true, value: { handovers, next: page.next } };
  }

  #view(handover: Handover): HandoverView {
    const { item, timeMs, giver, receiver, differences } = handover;
    const state = stateOf(handover, this.#parts.nowMs());
    return {
      item,
      timeMs,
      state,
      agrees: state === 'agreed',
      giver: giver && this.#half(giver),
      receiver: receiver && this.#half(receiver),
      differences,
    };
  }

  #half({ device, timeMs, leafIndex, said }: HandoverHalf): HandoverHalfView {
    const entry = this.#parts.entryAt(leafIndex);
    const statement = entry ? parseStatement(entry) : null;
    if (!statement?.ok) throw new Error(`leaf ${leafIndex}: ${statement?.code ?? 'missing'}`);
    return { device, timeMs, leafIndex, statementId: toHex(statement.value.id), ...said };
  }
}
