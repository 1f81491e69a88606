// An embedded broker for one test, with everything its handlers saw.
import type { Broker, ConnectionRefusal } from '../../gateway/ingest/broker.ts';
import { type EmbeddedOptions, openEmbeddedBroker } from '../../gateway/ingest/embedded-broker.ts';

export interface SeenFrame {
  device: string;
  payload: Uint8Array;
  done: () => void;
}

export interface Embedded {
  broker: Broker;
  frames: SeenFrame[];
  refusals: (readonly [ConnectionRefusal, string | null])[];
  subscribed: string[];
  /** Resolves when the condition holds; looked at again after every call of a handler. */
  until(condition: () => boolean): Promise<void>;
}

/** Every device's password is `secret`. */
export async function openEmbedded(
  options: Omit<Partial<EmbeddedOptions>, 'handlers'> = {},
): Promise<Embedded> {
  const frames: SeenFrame[] = [];
  const refusals: (readonly [ConnectionRefusal, string | null])[] = [];
  const subscribed: string[] = [];
  let waiting: (() => void)[] = [];
  const notify = () => {
    const wake = waiting;
    waiting = [];
    for (const one of wake) one();
  };
  const opened = await openEmbeddedBroker({
    port: 0,
    ...options,
    handlers: {
      authenticate: (_clientId, username, password) =>
        Buffer.from(password).toString() === 'secret' ? { device: username } : null,
      onFrame(device, payload, done) {
        frames.push({ device, payload: Uint8Array.from(payload), done });
        notify();
      },
      onSubscribed(device) {
        subscribed.push(device);
        notify();
      },
      onRefusedConnection(reason, device) {
        refusals.push([reason, device]);
        notify();
      },
    },
  });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.detail}`);
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { broker: opened.value, frames, refusals, subscribed, until };
}
