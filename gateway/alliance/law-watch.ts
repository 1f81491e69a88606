import { MEDIA_RULE_FINDING } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import type { Logger } from 'pino';
import { RuleWatch, type WatchFinding } from '../law/rule-watch.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { MemberVoice } from '../member-voice.ts';

/** Work at one time; blocks and frames come first. */
const STEP_MS = 5;
/** Contents of the last block may still be on their way. */
const AGAIN_AFTER_MS = 30_000;

/** After blocks, the rules' verdicts of other members' gateways are computed again and signed where they differ. */
export class LawWatch {
  readonly #watch: RuleWatch;
  readonly #voice: MemberVoice;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: {
    store: LedgerStore;
    state: () => LedgerState;
    voice: MemberVoice;
    log: Logger;
  }) {
    const { store, state, voice, log } = options;
    this.#voice = voice;
    this.#log = log;
    const { iss } = voice;
    this.#watch = new RuleWatch({ store, state, iss, onFinding: (finding) => this.#sign(finding) });
  }

  wake(): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#step(), 0);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #step(): void {
    this.#timer = null;
    let hasMore = false;
    try {
      hasMore = this.#watch.step(STEP_MS);
    } catch (error) {
      // A damaged store: fsck tells where; the gateway's own work does not rest on this.
      this.#log.error({ error: (error as Error).message }, 'verdicts can not be computed again');
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#step(), hasMore ? 0 : AGAIN_AFTER_MS).unref();
  }

  /** A chain that stands still takes it later: it is told again after a restart, for it is not in the log. */
  #sign(finding: WatchFinding): void {
    const { leafIndex, rule, version, text } = finding;
    this.#log.warn({ leafIndex, rule, version }, `a gateway's verdict differs: ${text}`);
    const encode = (logTimeMs: number) => encodeRuleFinding({ ...finding, logTimeMs });
    void this.#voice.say({ contentType: MEDIA_RULE_FINDING, encode }).then((said) => {
      if (!said.ok) this.#log.error({ leafIndex, code: said.code }, 'a finding is not in the log');
    });
  }
}
