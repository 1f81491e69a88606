import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { EpcisOutcome } from '../../http/epcis-backend.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ReadEvent } from '../event.ts';
import type { CaptureKey } from './capture-key.ts';
import { identityOf } from './captured-content.ts';
import type { EventWriter, Submit, WrittenEvent } from './event-writer.ts';

/** An event's place in the log, or why the ledger refused it. */
export type Landed = { readonly leafIndex: number } | { readonly code: string };

export interface EventLandingOptions {
  readonly ledger: Pick<Ledger, 'store'>;
  readonly key: CaptureKey;
  readonly writer: EventWriter;
  readonly submit: Submit;
  /** Set while admission can make nothing durable. */
  readonly trouble: () => string | null;
}

/** Signs events and brings them into the log; in an alliance it waits for their block. */
export class EventLanding {
  readonly #options: EventLandingOptions;
  /** Statements that wait for their block, by id. */
  readonly #awaited = new Map<string, { id: Uint8Array; land: (landed: Landed) => void }>();

  constructor(options: EventLandingOptions) {
    this.#options = options;
  }

  /**
   * Each event's place in the log, or why it has none. One call at a time: statements are numbered.
   * `busy`: the disk is full or the chain does not move, and nothing was signed.
   */
  async land(events: readonly ReadEvent[]): Promise<EpcisOutcome<Landed[]>> {
    if (events.length === 0) return { ok: true, value: [] };
    if (this.#options.trouble() !== null) return BUSY;
    const ready = await this.#options.key.ready();
    if (!ready.ok) return { ...ready, breaches: [] };
    const { writer } = this.#options;
    const pending = writer.pending(ready.value);
    const fresh = events.filter((event) => !pending.has(identityOf(event)));
    const written = writer.write(ready.value, fresh);
    const landing = new Map(fresh.map((event, i) => [event, written[i]]));
    const landings = events.map((event) => {
      const one = landing.get(event);
      const id = one?.id ?? pending.get(identityOf(event));
      if (!id) throw new Error(`${event.eventId} was neither signed nor waits`);
      return new Promise<Landed>((land) => {
        if (one) this.#submit(one, land);
        else this.#awaited.set(toHex(id), { id, land });
      });
    });
    this.committed();
    return { ok: true, value: await Promise.all(landings) };
  }

  /** After each COMMIT: what waited for its block is in it, or is refused there. */
  committed(): void {
    const { store } = this.#options.ledger;
    for (const [hex, { id, land }] of this.#awaited) {
      const leafIndex = store.leaves.find(id);
      const refusal = leafIndex === null ? store.fold.refusal(id) : null;
      if (leafIndex === null && refusal === null) continue;
      this.#awaited.delete(hex);
      land(leafIndex === null ? { code: refusal?.code ?? 'internal' } : { leafIndex });
    }
  }

  #submit({ id, frame }: WrittenEvent, land: (landed: Landed) => void): void {
    this.#options.submit(frame, (outcome) => {
      if (outcome.kind === 'queued') this.#awaited.set(toHex(id), { id, land });
      else if ('leafIndex' in outcome) land({ leafIndex: outcome.leafIndex });
      else land({ code: outcome.code });
    });
  }
}

const BUSY: EpcisOutcome<never> = {
  ok: false,
  code: 'busy',
  detail: 'nothing can be made durable now',
  breaches: [],
};
