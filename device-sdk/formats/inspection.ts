// SPEC.md §10.12: a supervisor opens sealed contents under the charter's grant; no use without a leaf.

/** @module inspection */
import { isDeviceUrn } from './device-urn.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';
import type { Result } from './result.ts';

export interface Inspection {
  readonly logTimeMs: number;
  /** Device URN, which is also the statement's `sub`. */
  readonly device: string;
  /** Contents of its leaves from this one on, before `untilLeaf`. */
  readonly fromLeaf: number;
  readonly untilLeaf: number;
  readonly legalBasis: string;
  /** The person who reads. */
  readonly official: Responsible;
}

export function encodeInspection(inspection: Inspection): Uint8Array {
  return encodePayload(inspection.logTimeMs, [
    ['device', inspection.device],
    ['fromLeaf', inspection.fromLeaf],
    ['untilLeaf', inspection.untilLeaf],
    ['legalBasis', inspection.legalBasis],
    ['official', responsibleMap(inspection.official)],
  ]);
}

export function parseInspection(bytes: Uint8Array): Result<Inspection> {
  const opened = openPayload(bytes, 'inspection');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  const fromLeaf = fields.uint('fromLeaf');
  return fields.finish({
    logTimeMs,
    device,
    fromLeaf,
    untilLeaf: fields.uint('untilLeaf', { min: fromLeaf + 1 }),
    legalBasis: fields.text('legalBasis', { max: 512 }),
    official: readResponsible(fields.map('official')),
  });
}
