import type { PackOwners } from '../reads/pack-walk.ts';
import { deviceKeysOf, type ReadContext } from '../reads/read-context.ts';
import type { SensorSeries } from '../store/sensor-series.ts';

/** One sensor's readings: by a device under all its keys, or of one subject by whatever device. */
export interface Source {
  readonly series: SensorSeries;
  readonly device: string;
  /** Only packs of this subject; null for all of the key's. */
  readonly subjectNo: number | null;
}

/** In the order of registration, sensors in that of the registration. */
export function sourcesOfDevice({ store, state }: ReadContext, device: string): Source[] {
  const { sensors } = state().devices.get(device) ?? { sensors: [] };
  const place = (name: string) => sensors.findIndex((sensor) => sensor.name === name);
  return deviceKeysOf(state(), device)
    .flatMap(({ no }) => store.sensorSpans.series.ofKey(no))
    .sort((a, b) => place(a.sensor) - place(b.sensor) || a.no - b.no)
    .map((series) => ({ series, device, subjectNo: null }));
}

export function sourcesOfSubject({ store, state }: ReadContext, subjectNo: number): Source[] {
  const { keys } = state();
  return store.sensorSpans.series.ofSubject(subjectNo).map((series) => {
    return { series, device: keys[series.keyNo]?.iss ?? '', subjectNo };
  });
}

/** Where the packs of these sources are found. */
export function ownersOf(sources: readonly Source[]): PackOwners {
  const subjects = new Set(sources.flatMap(({ subjectNo }) => subjectNo ?? []));
  if (subjects.size > 0) return { scope: 'subject', nos: [...subjects] };
  return { scope: 'key', nos: [...new Set(sources.map(({ series }) => series.keyNo))] };
}
