import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import type { Checkpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import {
  evaluatePolicy,
  type Policy,
  type PolicyVerdict,
} from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { LedgerSource } from '../conformance/ledger-source.ts';
import type { Alarm, AlarmKind } from './alarm.ts';
import type { Contradiction } from './evidence.ts';
import { extensionShown } from './extension.ts';
import type { Remembered } from './memory.ts';

/** What one look at a log came to. */
export interface Look {
  /** What was shown, whoever signed it; null where nothing was that could be read. */
  readonly shown: Checkpoint | null;
  /** What to remember from now on; the same as before where nothing new can be believed. */
  readonly remembered: Remembered | null;
  readonly alarms: readonly Alarm[];
  /** Both signed notes, where they speak against each other. */
  readonly contradiction: Contradiction | null;
}

export interface LookOptions {
  readonly source: Pick<LedgerSource, 'checkpoint' | 'tile'>;
  readonly policy: Policy;
  readonly remembered: Remembered | null;
  readonly nowMs: number;
  /** A log that shows nothing new for longer than this is stale; null never asks. */
  readonly staleMs: number | null;
  readonly native?: NativeVerify | undefined;
}

/** One look: fetch, verify, compare with what is remembered. It writes nothing. */
export async function look(options: LookOptions): Promise<Look> {
  const { source, policy, remembered, native } = options;
  const note = await source.checkpoint();
  if (!note.seen) return kept(options, null, { kind: 'unreachable', text: note.detail });
  const verdict = evaluatePolicy(policy, note.value, native);
  if (!verdict.ok) return kept(options, null, { kind: 'policy_not_met', text: verdict.detail });
  const { checkpoint, logs } = verdict.value;
  // Without a log key of the policy anybody may have written it: it speaks for or against nobody.
  if (logs.length === 0) {
    const text = `no log key of the policy signed the checkpoint of ${checkpoint.origin}`;
    return kept(options, checkpoint, { kind: 'policy_not_met', text });
  }
  const compared = await compare(options, note.value, checkpoint);
  if (compared !== null) return compared;
  if (!verdict.value.satisfied) {
    return kept(options, checkpoint, { kind: 'policy_not_met', text: quorumWords(verdict.value) });
  }
  if (remembered !== null && remembered.checkpoint.size === checkpoint.size) {
    return kept(options, checkpoint);
  }
  const newer = { note: note.value, checkpoint, seenMs: options.nowMs };
  return { shown: checkpoint, remembered: newer, alarms: [], contradiction: null };
}

/** Null where the shown tree is the remembered one or continues it. The quorum is not asked first:
 * one log key under two histories is enough. */
async function compare(
  options: LookOptions,
  note: string,
  shown: Checkpoint,
): Promise<Look | null> {
  const { remembered, source } = options;
  if (remembered === null) return null;
  const before = remembered.checkpoint;
  const against = (kind: AlarmKind, text: string, consistency: Contradiction['consistency']) => ({
    ...kept(options, shown, { kind, text }),
    contradiction: { kind, words: text, remembered: remembered.note, shown: note, consistency },
  });
  if (before.origin !== shown.origin) {
    const text = `the checkpoint is of ${shown.origin}, what is remembered is of ${before.origin}`;
    return kept(options, shown, { kind: 'other_log', text });
  }
  if (shown.size < before.size) {
    const text = `a tree of size ${shown.size} is shown, one of size ${before.size} was shown before`;
    return against('rolled_back', text, null);
  }
  if (shown.size === before.size) {
    if (equal(shown.root, before.root)) return null;
    return against('inconsistent', `two roots were signed at size ${shown.size}`, null);
  }
  const { extension, missing } = await extensionShown(source, before, shown);
  const sizes = `the tree of size ${shown.size} and the one of size ${before.size}`;
  switch (extension.kind) {
    case 'extends':
      return null;
    case 'forked': {
      const { root1, path } = extension;
      const text = `${sizes} that was signed before are not of one history`;
      return against('inconsistent', text, { root1, path });
    }
    case 'not_its_tiles': {
      const text = `the tiles at size ${shown.size} do not lead to the root that was signed`;
      return kept(options, shown, { kind: 'unproved', text });
    }
    case 'no_tiles': {
      const text = `${sizes} can't be compared: ${missing ?? 'a tile is missing'}`;
      return kept(options, shown, { kind: 'unproved', text });
    }
  }
}

/** Nothing new that can be believed: the memory stays, and grows older. */
function kept(options: LookOptions, shown: Checkpoint | null, alarm?: Alarm): Look {
  const { remembered, nowMs, staleMs } = options;
  const alarms = alarm ? [alarm] : [];
  const silentMs = remembered === null ? 0 : nowMs - remembered.seenMs;
  if (remembered !== null && staleMs !== null && silentMs > staleMs) {
    const since = new Date(remembered.seenMs).toISOString();
    const text = `nothing new since size ${remembered.checkpoint.size}, first seen ${since}`;
    alarms.push({ kind: 'stale', text });
  }
  return { shown, remembered, alarms, contradiction: null };
}

function quorumWords({ checkpoint, witnesses }: PolicyVerdict): string {
  const who = witnesses.map(({ name }) => name).join(', ') || 'nobody in the policy';
  return `the checkpoint of size ${checkpoint.size} lacks the quorum: cosigned by ${who}`;
}
