import type { Logger } from 'pino';
import { ConfigError } from '../config-section.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AggregationFold } from './aggregation-fold.ts';
import { type CaptureEvents, Derivation } from './derivation.ts';
import type { EventSetting, EventsConfig } from './derive-config.ts';
import { DerivedRows } from './derived-rows.ts';
import { Links } from './event-body.ts';
import { ObservationFold } from './observation-fold.ts';
import type { PackFold } from './pack-fold.ts';
import { SensorFold } from './sensor-fold.ts';
import { unfitness } from './setting-fit.ts';
import { SettingLine } from './setting-line.ts';
import { PackSource } from './source-pack.ts';
import { TransformationFold } from './transformation-fold.ts';
import { WatchedPacks } from './watched-packs.ts';

export interface DerivationParts {
  config: EventsConfig;
  ledger: Ledger;
  capture: CaptureEvents;
  log: Pick<Logger, 'error'>;
}

/**
 * Derivation of one gateway, at work at once: what an earlier run left goes on. Throws ConfigError
 * where a setting asks of a registered device what it does not have.
 */
export function openDerivation({ config, ledger, capture, log }: DerivationParts): Derivation {
  const { store } = ledger;
  const state = () => ledger.state;
  const { settings } = config;
  for (const setting of settings) {
    const device = state().devices.get(setting.device);
    const why = device ? unfitness(setting, device) : null;
    if (why !== null) throw new ConfigError(`events: ${setting.name}: ${setting.device} ${why}`);
  }
  const rows = new DerivedRows(store.db);
  const source = new PackSource({ store, state });
  const links = new Links(config.publicUrl);
  const lines = new Map(
    settings.map((setting) => {
      const point = rows.point(setting.name) ?? begin(rows, setting, state().size);
      const newFold = () => foldOf(setting, { links, ledger });
      return [setting.name, new SettingLine({ newFold, source, point })] as const;
    }),
  );
  const packs = new WatchedPacks(store.db, { state, settings });
  return new Derivation({ lines, rows, packs, state, capture, log });
}

/** On disk before the first pack: a crash must not move where it began. */
function begin(rows: DerivedRows, { name, fromLeaf }: EventSetting, size: number) {
  const from = fromLeaf ?? size;
  const point = { fromLeaf: from, doneLeaf: from - 1 };
  rows.advance(new Map([[name, point]]), []);
  return point;
}

function foldOf(
  setting: EventSetting,
  { links, ledger }: { links: Links; ledger: Ledger },
): PackFold {
  switch (setting.kind) {
    case 'sensor': {
      const registered = (name: string) =>
        ledger.state.devices.get(setting.device)?.sensors.find((one) => one.name === name) ?? null;
      return new SensorFold(setting, { links, registered });
    }
    case 'observation':
      return new ObservationFold(setting, links);
    case 'aggregation':
      return new AggregationFold(setting, links);
    case 'transformation':
      return new TransformationFold(setting, links);
  }
}
