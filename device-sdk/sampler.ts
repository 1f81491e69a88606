/**
 * Asks one sensor at its interval. Ticks that were missed (a slow bus, a stopped process) are not
 * made up for: two samples at one moment would be one measurement told twice.
 *
 * @module sampler
 */
import type { Clock } from './clock.ts';
import type { SensorSetting } from './sensor-factory.ts';
import type { Measurement } from './sensors/sensor.ts';

export interface SamplerOptions {
  readonly clock: Clock;
  readonly onSample: (
    measurements: readonly Measurement[],
    how: { prefix: string; monotonicMs: number },
  ) => void;
  /** The driver threw instead of giving a fault: its readings are faults, and a person is told. */
  readonly onSensorError: (sensor: string, error: unknown) => void;
}

/** Runs until the signal aborts. */
export async function sampleForever(
  { sensor, prefix, intervalMs, quantities }: SensorSetting,
  options: SamplerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, onSample, onSensorError } = options;
  const startMs = clock.monotonicMs();
  while (!signal.aborted) {
    let measurements: readonly Measurement[];
    try {
      ({ measurements } = await sensor.sample(signal));
    } catch (error) {
      if (signal.aborted) return;
      onSensorError(sensor.name, error);
      measurements = quantities.map((name) => ({ name, fault: 'unreadable' as const }));
    }
    const nowMs = clock.monotonicMs();
    onSample(measurements, { prefix, monotonicMs: nowMs });
    const nextMs = startMs + (Math.floor((nowMs - startMs) / intervalMs) + 1) * intervalMs;
    try {
      await clock.sleep(nextMs - nowMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}
