import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_RECALL } from '@truegrain/device-sdk/formats/media-types.js';
import { signReport } from '@truegrain/device-sdk/formats/signed-report.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Outcome } from '../http/backend.ts';
import type { RecallBasis, RecallQuery, RecallReport } from '../http/trace-backend.ts';
import { affectedBy } from './recall.ts';
import type { TraceContext } from './trace-context.ts';

/** Who reports, and with which key. */
export interface Reporter {
  readonly iss: string;
  readonly origin: string;
  readonly signer: () => Signer;
}

const NOT_PROVED = [
  'That nothing else is affected: things of which nobody recorded an event are in no graph.',
  'That a thing still is where it was seen last.',
  'That an event is true. Its statement proves who said it, and when.',
];

export function recallReport(
  context: TraceContext,
  query: RecallQuery,
  { iss, origin }: Reporter,
): Outcome<RecallReport> {
  const affected = affectedBy(context, query);
  if (!affected.ok) return affected;
  const { ledgerId, size } = context.state();
  return {
    ok: true,
    value: {
      type: 'recall',
      ledger: { id: ledgerId ? toHex(ledgerId) : '', origin, size },
      by: iss,
      generatedMs: context.nowMs(),
      ...affected.value,
      notProved: NOT_PROVED,
    },
  };
}

export function signedRecall(report: RecallReport, bytes: Uint8Array, by: Reporter): Uint8Array {
  return signReport(by.signer(), {
    contentType: MEDIA_RECALL,
    bytes,
    iss: by.iss,
    sub: subjectOf(report.basis),
    iat: Math.floor(report.generatedMs / 1_000),
  });
}

function subjectOf(basis: RecallBasis): string {
  return basis.kind === 'device' ? basis.device : basis.item;
}
