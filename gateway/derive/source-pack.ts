import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { rulesFor } from '@truegrain/device-sdk/formats/law-state.js';
import { MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { type PackRecord, parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';

/** A pack of the log, as events are made of it. Times are absolute, whatever clock the device had. */
export interface SourcePack {
  readonly leafIndex: number;
  /** Statement id in lower hex. */
  readonly id: string;
  readonly device: string;
  readonly subject: string;
  readonly records: readonly PackRecord[];
  /** What its device was held to at its leaf, and which of it the pack broke by its gateway's word. */
  readonly rules: readonly Rule[];
  readonly broken: ReadonlySet<string>;
}

/** `awaited`: its content may still be on its way from the member that holds it. */
export type Found = SourcePack | 'notice' | 'erased' | 'sealed' | 'awaited';

/** How long, by the log's time, a content may take before its pack is passed over. */
export const CONTENT_WAIT_MS = 600_000;

/** Packs by their place in the log. */
export class PackSource {
  readonly #store: LedgerStore;
  readonly #state: () => LedgerState;

  constructor({ store, state }: { store: LedgerStore; state: () => LedgerState }) {
    this.#store = store;
    this.#state = state;
  }

  at(leafIndex: number): Found {
    const { leaves, packs } = this.#store;
    const statement = this.#statement(leafIndex);
    const { payload, id, iss, sub } = statement;
    if (payload.kind !== 'hash' || payload.preimageType !== MEDIA_SENML_CBOR) return 'notice';
    const content = leaves.content(leafIndex);
    if (content === null) return this.#without(leafIndex, toHex(id));
    const pack = parsePack(content);
    if (!pack.ok) throw new Error(`content of leaf ${leafIndex}: ${pack.code}`);
    const { records, relative } = pack.value;
    // The device had no clock: the batch that admitted the pack says when it was closed.
    const originMs = relative ? (packs.row(leafIndex)?.firstMs ?? 0) : 0;
    return {
      leafIndex,
      id: toHex(id),
      device: iss,
      subject: sub,
      records: relative
        ? records.map((one) => ({ ...one, timeMs: originMs + one.timeMs }))
        : records,
      ...this.#law(leafIndex, statement),
    };
  }

  #without(leafIndex: number, id: string): Found {
    const state = this.#state();
    if (state.erased.has(id)) return 'erased';
    const logTimeMs = this.#store.logTimeOf(leafIndex) ?? 0;
    return state.logTimeMs - logTimeMs < CONTENT_WAIT_MS ? 'awaited' : 'sealed';
  }

  #law(leafIndex: number, { id, iss }: Statement): Pick<SourcePack, 'rules' | 'broken'> {
    const law = this.#state().membership?.law;
    if (!law || law.rules.size === 0) return { rules: [], broken: NONE };
    const rules = rulesFor(law, iss, leafIndex).map(({ rule }) => rule);
    const rulings = this.#store.fold.rulingsOf(id);
    const broken = new Set(rulings.map(({ rule, version }) => ruleKey({ id: rule, version })));
    return { rules, broken };
  }

  #statement(leafIndex: number): Statement {
    const entry = this.#store.leaves.entry(leafIndex);
    const parsed = entry ? parseStatement(entry) : null;
    if (!parsed?.ok) throw new Error(`leaf ${leafIndex}: ${parsed?.code ?? 'missing'}`);
    return parsed.value;
  }
}

const NONE: ReadonlySet<string> = new Set();
