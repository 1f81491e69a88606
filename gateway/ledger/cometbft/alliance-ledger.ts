import { encodeLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { AppliedGovernance, GovernanceRefusal } from '../apply-governance.ts';
import type { Ledger } from '../ledger.ts';
import type { LedgerStore } from '../ledger-store.ts';
import type { LedgerState } from '../state.ts';
import type { CometLedger } from './comet-ledger.ts';
import type { Courier, Delivered } from './courier.ts';

/** How long a caller waits for the chain; what is on its way then may still arrive. */
const ANSWER_WITHIN_MS = 20_000;

/** The ledger of an alliance as the rest of the gateway uses it: reads at once, writes by consensus. */
export class AllianceLedger implements Ledger {
  readonly #comet: CometLedger;
  readonly #courier: Courier;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ comet, courier }: { comet: CometLedger; courier: Courier }) {
    this.#comet = comet;
    this.#courier = courier;
  }

  get store(): LedgerStore {
    return this.#comet.store;
  }

  get state(): LedgerState {
    return this.#comet.state;
  }

  root(): Uint8Array {
    return this.#comet.root();
  }

  govern(
    next: (state: LedgerState) => Statement,
  ): Promise<Result<AppliedGovernance, GovernanceRefusal>> {
    let isAwaited = true;
    const turn = this.#last.then(async () => {
      // The caller has gone: signing now would surprise it later.
      if (!isAwaited) return PENDING;
      const delivered = await this.#deliver(next);
      // Before the first block a wrong wall clock is all a node has; the refusal came after one.
      const isMisdated = !delivered.ok && delivered.code === 'log_time' && isAwaited;
      return resultOf(isMisdated ? await this.#deliver(next) : delivered);
    });
    this.#last = turn.catch(() => {});
    let timer: NodeJS.Timeout | null = null;
    const patience = new Promise<typeof PENDING>((resolve) => {
      timer = setTimeout(() => {
        isAwaited = false;
        resolve(PENDING);
      }, ANSWER_WITHIN_MS);
      timer.unref();
    });
    return Promise.race([turn, patience]).finally(() => {
      if (timer) clearTimeout(timer);
    });
  }

  #deliver(next: (state: LedgerState) => Statement): Promise<Delivered> {
    const { entry } = next(this.state);
    return this.#courier.deliver(encodeLedgerTx({ kind: 'governance', entry }));
  }
}

const PENDING = fail<GovernanceRefusal>('pending', 'the chain has not taken it yet; it still may');

function resultOf(delivered: Delivered): Result<AppliedGovernance, GovernanceRefusal> {
  if (!delivered.ok) return fail(delivered.code as GovernanceRefusal, delivered.detail);
  const { applied } = delivered;
  if (applied.kind === 'batch') throw new Error('a batch where governance was sent');
  return ok(applied);
}
