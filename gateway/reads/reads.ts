import type { Backend } from '../http/backend.ts';
import { completeness } from './completeness.ts';
import { deviceView, deviceViews } from './devices.ts';
import type { ReadContext } from './read-context.ts';
import { readings } from './readings.ts';

/** The reading side of the HTTP interface over one ledger. */
export function readsOf(
  context: ReadContext,
): Pick<Backend, 'devices' | 'device' | 'completeness' | 'readings'> {
  return {
    devices: () => deviceViews(context),
    device: (urn) => deviceView(context, urn),
    completeness: (urn) => completeness(context, urn),
    readings: (query) => readings(context, query),
  };
}
