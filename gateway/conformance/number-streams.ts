import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { KnownLeaf } from '@truegrain/device-sdk/formats/evidence-ledger.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership.js';

/** Each member key numbers its statements from 1 without a gap (SPEC §4): what is not shown is missed. */
export interface NumberStreams {
  /** Numbers that were not shown, with who has signed them. */
  readonly gaps: readonly { readonly iss: string; readonly from: number; readonly to: number }[];
  /** One key, one number, two statements; or a link to another statement than the one before. */
  readonly contradictions: readonly string[];
  readonly shown: number;
}

export function numberStreamsOf(leaves: readonly KnownLeaf[], { keys }: Membership): NumberStreams {
  const gaps: NumberStreams['gaps'][number][] = [];
  const contradictions: string[] = [];
  let shown = 0;
  for (const { iss, kid } of keys.filter(({ role }) => role === 'member')) {
    const own = leaves.filter(({ statement }) => equal(statement.kid, kid));
    shown += own.length;
    let [seq, id] = [0, null as Uint8Array | null];
    for (const { index, statement } of own) {
      const at = `leaf ${index}, number ${statement.seq} of ${iss}`;
      if (statement.seq <= seq) contradictions.push(`${at}: comes after number ${seq}`);
      else if (statement.seq > seq + 1) gaps.push({ iss, from: seq + 1, to: statement.seq - 1 });
      else if (!isLink(statement.prev, id)) contradictions.push(`${at}: continues another history`);
      [seq, id] = [Math.max(seq, statement.seq), statement.id];
    }
  }
  return { gaps, contradictions, shown };
}

function isLink(prev: Uint8Array | null, before: Uint8Array | null): boolean {
  return prev === null || before === null ? prev === before : toHex(prev) === toHex(before);
}
