import {
  type CheckpointBody,
  parseCheckpointBody,
} from '@truegrain/device-sdk/formats/checkpoint.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Folded } from './fold.ts';
import { type Seen, seen, unseen } from './seen.ts';
import type { Trust } from './view.ts';

/** A checkpoint of one log, signed by a log key that the policy lists or that the law has for its size. */
export class NoteJudge {
  readonly #origin: string;
  readonly #trust: Trust;
  readonly #law: Folded | null;
  readonly #native: NativeVerify | undefined;

  constructor(given: {
    origin: string;
    trust: Trust;
    law: Folded | null;
    native: NativeVerify | undefined;
  }) {
    this.#origin = given.origin;
    this.#trust = given.trust;
    this.#law = given.law;
    this.#native = given.native;
  }

  /** Its quorum is not asked: for one signature under two histories a log key is enough. */
  open(text: string): Seen<CheckpointBody> {
    const note = parseNote(text);
    const body = note.ok ? parseCheckpointBody(note.value.text) : note;
    if (!body.ok) return unseen('malformed', `shows no checkpoint: ${body.detail}`);
    const { origin, size } = body.value;
    if (origin !== this.#origin) return unseen('malformed', `shows another log, ${origin}`);
    let why = 'no key of this log is known';
    for (const policy of this.#policies(size)) {
      const verdict = evaluatePolicy(policy, text, this.#native);
      if (verdict.ok && verdict.value.logs.length > 0) return seen(body.value);
      why = verdict.ok ? 'no log key of this ledger signed it' : verdict.detail;
    }
    return unseen('malformed', `shows a checkpoint that can’t be relied on: ${why}`);
  }

  #policies(size: number): Policy[] {
    const { policy } = this.#trust;
    const given = policy === null ? [] : [policy];
    if (!this.#law?.ok) return given;
    const { membership, origin } = this.#law.value;
    const present = policyOfMembership(membership, origin);
    return [...given, present, policyOfMembership(membership, origin, { size })];
  }
}
