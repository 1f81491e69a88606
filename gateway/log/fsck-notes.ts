import { readFileSync } from 'node:fs';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CheckpointBody,
  parseCheckpointBody,
} from '@truegrain/device-sdk/formats/checkpoint.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { nativeVerify } from '../admit/native-verify.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Db } from '../store/database.ts';
import type { FindingList } from './findings.ts';

/** One checkpoint this member signed, and where it was found. */
export interface KeptNote {
  where: string;
  text: string;
  checkpoint: CheckpointBody;
  isTip: boolean;
}

/** The signed tip and its copies. Read before the store: it is never ahead of it then. */
export function readTips(files: readonly string[], findings: FindingList): KeptNote[] {
  return files.flatMap((where, i) => {
    try {
      const note = noteOf(where, readFileSync(where, 'utf8'), { findings, isTip: true });
      return note ? [note] : [];
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== 'ENOENT') findings.add({ code: 'signed_tip', where, text: message });
      else if (i > 0) {
        const text = 'this copy is missing: is its disk mounted?';
        findings.add({ code: 'tip_copy', where, severity: 'warning', text });
      }
      return [];
    }
  });
}

export function readCheckpoints(db: Db, findings: FindingList): KeptNote[] {
  const where = 'table checkpoint';
  const notes: KeptNote[] = [];
  findings.guard({ where, canBeRebuilt: true }, () => {
    const rows = db.prepare('SELECT size, note FROM checkpoint ORDER BY size').all();
    for (const { size, note: text } of rows as { size: number; note: string }[]) {
      const note = noteOf(where, String(text), { findings, isTip: false });
      if (note && note.checkpoint.size === size) notes.push(note);
      else if (note) {
        findings.add({ code: 'checkpoint', where, text: `row ${size} holds another size` });
      }
    }
  });
  return notes;
}

function noteOf(
  where: string,
  text: string,
  { findings, isTip }: { findings: FindingList; isTip: boolean },
): KeptNote | null {
  const note = parseNote(text);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  if (body.ok) return { where, text, checkpoint: body.value, isTip };
  const help = isTip ? '; take it from one of its copies, or from anyone who holds it' : '';
  findings.add({ code: 'checkpoint', where, text: `not a checkpoint: ${body.code}${help}` });
  return null;
}

/** Size, root, origin and signatures of every note against the tree of the entries. */
export function checkNotes(
  notes: readonly KeptNote[],
  log: { state: LedgerState; size: number; rootAt: (size: number) => Uint8Array },
  findings: FindingList,
): void {
  for (const note of notes) {
    const { where, checkpoint, isTip } = note;
    if (checkpoint.size > log.size) {
      const text =
        `this member signed a log of ${checkpoint.size} entries, the store has ${log.size}: entries ` +
        'are lost, or an older store was put in place; it signs nothing until they are back';
      findings.add({ code: isTip ? 'behind_signed_tip' : 'checkpoint_ahead', where, text });
      continue;
    }
    if (!equal(log.rootAt(checkpoint.size), checkpoint.root)) {
      const text = `root ${toHex(checkpoint.root)} at size ${checkpoint.size} is not the entries' root`;
      findings.add({ code: isTip ? 'forked_from_signed_tip' : 'checkpoint_root', where, text });
    }
    checkSignatures(note, log.state, findings);
  }
}

function checkSignatures(
  { where, text, checkpoint, isTip }: KeptNote,
  state: LedgerState,
  findings: FindingList,
) {
  const { membership, ledgerId } = state;
  if (!membership || !ledgerId) return;
  const origin = `${membership.ledgerName}/${toHex(ledgerId)}`;
  if (checkpoint.origin !== origin) {
    findings.add({
      code: 'checkpoint_origin',
      where,
      text: `of another log: ${checkpoint.origin}`,
    });
    return;
  }
  // By the keys that vouched for its size: an older checkpoint keeps its retired ones.
  const policy = policyOfMembership(membership, origin, { size: checkpoint.size });
  const verdict = evaluatePolicy(policy, text, nativeVerify);
  if (verdict.ok && verdict.value.satisfied) return;
  // The tip is written before the others are asked: it says what this member signed, no more.
  if (isTip && verdict.ok && verdict.value.logs.length > 0) return;
  const why = verdict.ok ? 'log signature or cosignatures are missing' : verdict.detail;
  findings.add({
    code: 'checkpoint_signature',
    where,
    text: `checkpoint of size ${checkpoint.size}: ${why}`,
  });
}
