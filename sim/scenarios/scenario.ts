import type { Instrument, Reading } from '../instrument.ts';
import { packsOf, type Stage } from '../stage.ts';
import type { World } from '../world.ts';

export interface Scenario {
  readonly about: string;
  /** How far before now its virtual time begins. */
  readonly hours: number;
  /** True where it ends and restarts the gateway, which must then be its own. */
  readonly endsGateway?: boolean;
  run(stage: Stage): Promise<void>;
}

/** Packs of one instrument one after the other, each taking its share of the world's time. */
export function sampler(world: World, instrument: Instrument): () => Reading[] {
  const packs = (function* () {
    for (;;) {
      const fromMs = world.clock.nowMs();
      const toMs = fromMs + instrument.intervalMs * 10;
      yield* packsOf(instrument, { fromMs, toMs });
      void world.clock.sleep(toMs - fromMs);
    }
  })();
  return () => {
    const { value } = packs.next();
    if (!value) throw new Error(`${instrument.name} measures nothing`);
    return value;
  };
}
