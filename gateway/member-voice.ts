import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import type { MembershipEffect } from '@truegrain/device-sdk/formats/membership-effect.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Logged, Outcome } from './http/backend.ts';
import type { Ledger } from './ledger/ledger.ts';
import { type GovernanceContents, signGovernance } from './ledger/sign-governance.ts';
import type { KeyRecord, LedgerState } from './ledger/state.ts';

export interface MemberVoiceOptions {
  ledger: Ledger;
  /** The own member. */
  iss: string;
  /** Its member key as it is now: it signs governance and nothing else. */
  signer: () => Signer;
  nowMs: () => number;
  /** After COMMIT; a ledger under consensus tells it from the block instead. */
  onChanged: (keys: readonly KeyRecord[]) => void;
}

export interface Utterance {
  contentType: string;
  encode: (logTimeMs: number, state: LedgerState) => Uint8Array;
  /** What it is about; the ledger itself where it is left out. */
  sub?: string;
}

export interface Spoken extends Logged {
  readonly effect: MembershipEffect | null;
}

/** What one member says in the log about itself, the others and the law: dated, numbered and signed. */
export class MemberVoice {
  readonly #options: MemberVoiceOptions;

  constructor(options: MemberVoiceOptions) {
    this.#options = options;
  }

  get iss(): string {
    return this.#options.iss;
  }

  get state(): LedgerState {
    return this.#options.ledger.state;
  }

  /** Its member key now. */
  get key(): CoseKey {
    return this.#options.signer().key;
  }

  /** What is said now is dated so: log time never runs backwards. */
  presentMs(): number {
    const { ledger, nowMs } = this.#options;
    return Math.max(nowMs(), ledger.state.logTimeMs);
  }

  /** Dated as it is signed: an alliance asks again where the first date was a wrong clock's. */
  async say({ contentType, encode, sub }: Utterance): Promise<Outcome<Spoken>> {
    const { ledger, iss, signer, onChanged } = this.#options;
    const applied = await ledger.govern((state) => {
      const logTimeMs = this.presentMs();
      const contents = { contentType, bytes: encode(logTimeMs, state), logTimeMs };
      const named: GovernanceContents = sub === undefined ? contents : { ...contents, sub };
      return signGovernance(state, { signer: signer(), iss }, named);
    });
    if (!applied.ok) return { ok: false, code: codeOf(applied.code), detail: applied.detail };
    onChanged(applied.value.keys);
    const { leafIndex, effect, statement } = applied.value;
    return { ok: true, value: { leafIndex, id: statement.id, effect } };
  }
}

/** Codes of the chain and of a lost race are for a caller to try again. */
function codeOf(code: string): string {
  if (code === 'seq' || code === 'log_time') return 'conflict';
  return CHAIN_CODES.has(code) ? 'busy' : code;
}

const CHAIN_CODES = new Set(['mempool_full', 'unreachable', 'engine_error', 'rejected']);
