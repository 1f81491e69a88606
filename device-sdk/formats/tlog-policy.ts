// C2SP tlog-policy: which logs and witnesses are trusted, and how many witnesses must have cosigned.
/**
 * A policy is an auditor's whole trust input. It says when a checkpoint is valid: signed by any
 * one of the listed logs and cosigned as the quorum asks. Names of witnesses and groups mean
 * something inside the file only; keys decide.
 *
 * @module tlog-policy
 */
import { equal } from './bytes.ts';
import {
  type CheckpointBody,
  isLogKeyOf,
  parseCheckpointBody,
  parseDecimal,
} from './checkpoint.ts';
import { cosignerKey, formatVkey, type NoteKey, parseNote, parseVkey, verifyNote } from './note.ts';
import { fail, ok, type Refused, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';

export const POLICY_CHARS_MAX = 262_144;
/** Logs, witnesses and groups, each; the spec asks for 32 at least. */
export const POLICY_LINES_MAX = 1024;
/** The predefined quorum that asks for no cosignature. */
export const NO_QUORUM = 'none';

export interface PolicyLog {
  /** Type 0x01; the key name is the log's origin. */
  key: NoteKey;
  url: string | null;
}

export interface PolicyWitness {
  name: string;
  /** Type 0x04, recomputed where the file has the vkey as 0x01. */
  key: NoteKey;
  url: string | null;
}

export interface PolicyGroup {
  name: string;
  threshold: number | 'any' | 'all';
  /** Witnesses and groups defined on earlier lines. */
  members: string[];
}

export interface Policy {
  logs: PolicyLog[];
  witnesses: PolicyWitness[];
  groups: PolicyGroup[];
  /** A witness, a group, or `none`. */
  quorum: string;
}

interface Draft extends Omit<Policy, 'quorum'> {
  quorum: string | null;
  /** Witness and group names share one namespace. */
  defined: Set<string>;
  /** "Each defined name can be listed as a group member at most once." */
  grouped: Set<string>;
}

/** ASCII controls (Cc) but tab and newline; beyond ASCII all is opaque and never normalized. */
const NOT_IN_POLICY = /[^\P{Cc}\t\n\u0080-\u009f]|\p{Surrogate}/u;

export function parsePolicy(text: string): Result<Policy> {
  if (text.length > POLICY_CHARS_MAX) return fail('policy_too_large', `${text.length} characters`);
  if (NOT_IN_POLICY.test(text)) return fail('policy_malformed', 'control character or bad Unicode');
  if (!text.endsWith('\n')) return fail('policy_malformed', 'no newline at the end');
  const draft: Draft = {
    logs: [],
    witnesses: [],
    groups: [],
    quorum: null,
    defined: new Set([NO_QUORUM]),
    grouped: new Set([NO_QUORUM]),
  };
  for (const [i, line] of text.slice(0, -1).split('\n').entries()) {
    const [keyword, ...items] = line.split(/[ \t]+/).filter((item) => item !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const fault = readLine(draft, keyword, items);
    if (fault !== null) return fail(fault.code, `line ${i + 1}: ${fault.detail}`);
  }
  const { logs, witnesses, groups, quorum } = draft;
  if (quorum === null) return fail('policy_malformed', 'no quorum line');
  return ok({ logs, witnesses, groups, quorum });
}

function readLine(draft: Draft, keyword: string, items: string[]): Refused | null {
  switch (keyword) {
    case 'log':
      return readLog(draft, items);
    case 'witness':
      return readWitness(draft, items);
    case 'group':
      return readGroup(draft, items);
    case 'quorum':
      return readQuorum(draft, items);
    default:
      return fail('policy_malformed', `unknown keyword ${keyword.slice(0, 20)}`);
  }
}

function readLog(draft: Draft, [vkey, url, ...rest]: string[]): Refused | null {
  if (vkey === undefined || rest.length > 0) return fail('policy_malformed', 'log <vkey> [<url>]');
  const key = parseVkey(vkey);
  if (!key.ok) return key;
  if (key.value.type !== 1) return fail('note_key_type', 'a log signs with type 0x01');
  if (isListed(draft.logs, key.value)) return fail('policy_duplicate', 'log key listed before');
  if (draft.logs.length === POLICY_LINES_MAX) return fail('policy_too_large', 'logs');
  draft.logs.push({ key: key.value, url: url ?? null });
  return null;
}

function readWitness(draft: Draft, [name, vkey, url, ...rest]: string[]): Refused | null {
  if (name === undefined || vkey === undefined || rest.length > 0) {
    return fail('policy_malformed', 'witness <name> <vkey> [<url>]');
  }
  const key = parseVkey(vkey);
  if (!key.ok) return key;
  // One key under two names would be two votes of one witness.
  if (isListed(draft.witnesses, key.value)) {
    return fail('policy_duplicate', 'witness key listed before');
  }
  if (draft.witnesses.length === POLICY_LINES_MAX) return fail('policy_too_large', 'witnesses');
  draft.witnesses.push({ name, key: cosignerKey(key.value), url: url ?? null });
  return define(draft, name);
}

function readGroup(draft: Draft, [name, k, ...members]: string[]): Refused | null {
  if (name === undefined || k === undefined || members.length === 0) {
    return fail('policy_malformed', 'group <name> <k|any|all> <member>...');
  }
  const threshold = k === 'any' || k === 'all' ? k : parseDecimal(k);
  if (threshold === null || threshold === 0 || Number(threshold) > members.length) {
    return fail('policy_malformed', `threshold ${k.slice(0, 20)} of ${members.length}`);
  }
  for (const member of members) {
    if (!draft.defined.has(member)) return fail('policy_name', `${member} is not defined yet`);
    if (draft.grouped.has(member)) return fail('policy_name', `${member} can't be a member here`);
    draft.grouped.add(member);
  }
  if (draft.groups.length === POLICY_LINES_MAX) return fail('policy_too_large', 'groups');
  draft.groups.push({ name, threshold, members });
  return define(draft, name);
}

function readQuorum(draft: Draft, [name, ...rest]: string[]): Refused | null {
  if (name === undefined || rest.length > 0) return fail('policy_malformed', 'quorum <name>');
  if (draft.quorum !== null) return fail('policy_duplicate', 'second quorum line');
  if (!draft.defined.has(name)) return fail('policy_name', `${name} is not defined yet`);
  draft.quorum = name;
  return null;
}

function define(draft: Draft, name: string): Refused | null {
  if (draft.defined.has(name)) return fail('policy_name', `${name} is taken`);
  draft.defined.add(name);
  return null;
}

/** "Duplicate if they wrap the same underlying public key", whatever the name. */
function isListed(lines: readonly { key: NoteKey }[], key: NoteKey): boolean {
  return lines.some((line) => equal(line.key.key, key.key));
}

/** Logs, witnesses, groups, quorum; throws where a strict reader would not take it back. */
export function formatPolicy({ logs, witnesses, groups, quorum }: Policy): string {
  const vkey = ({ name, type, key }: NoteKey) => formatVkey(name, type, key);
  const lines = [
    ...logs.map(({ key, url }) => ['log', vkey(key), url ?? '']),
    ...witnesses.map(({ name, key, url }) => ['witness', name, vkey(key), url ?? '']),
    ...groups.map(({ name, threshold, members }) => ['group', name, threshold, ...members]),
    ['quorum', quorum],
  ];
  const text = lines.map((line) => `${line.join(' ').trimEnd()}\n`).join('');
  const read = parsePolicy(text);
  if (!read.ok) throw new TypeError(`not a policy: ${read.detail}`);
  return text;
}

export interface PolicyVerdict {
  checkpoint: CheckpointBody;
  /** Log lines under whose key the checkpoint is signed, for their own origin. */
  logs: PolicyLog[];
  /** Witness lines that cosigned, each once, with the time they state. */
  witnesses: (PolicyWitness & { timeSeconds: bigint })[];
  quorumMet: boolean;
  /** At least one log and the quorum: the checkpoint is valid under this policy. */
  satisfied: boolean;
}

/**
 * Judges a checkpoint note. A note with a failing signature of a listed key, or without any
 * signature of one, is refused; anything else is a verdict that says what was found. A policy
 * that lists no log is never satisfied here: its user knows the log from elsewhere and checks it.
 */
export function evaluatePolicy(
  policy: Policy,
  noteText: string,
  native?: NativeVerify,
): Result<PolicyVerdict> {
  const note = parseNote(noteText);
  if (!note.ok) return note;
  const checkpoint = parseCheckpointBody(note.value.text);
  if (!checkpoint.ok) return checkpoint;
  const keys = [...policy.logs, ...policy.witnesses].map((line) => line.key);
  const signed = verifyNote(note.value, keys, native);
  if (!signed.ok) return signed;
  const { verified } = signed.value;
  const { origin } = checkpoint.value;
  const logs = policy.logs.filter(
    ({ key }) => isLogKeyOf(key, origin) && verified.some((by) => isSame(by, key)),
  );
  const witnesses = policy.witnesses.flatMap((witness) => {
    const timeSeconds = verified.find((by) => isSame(by, witness.key))?.timeSeconds ?? null;
    return timeSeconds === null ? [] : [{ ...witness, timeSeconds }];
  });
  const quorumMet = isQuorumMet(policy, new Set(witnesses.map(({ name }) => name)));
  const satisfied = logs.length > 0 && quorumMet;
  return ok({ checkpoint: checkpoint.value, logs, witnesses, quorumMet, satisfied });
}

function isSame(a: NoteKey, b: NoteKey): boolean {
  return a.type === b.type && a.name === b.name && equal(a.key, b.key);
}

/** Whether these witnesses, by their names in the policy, make up its quorum. */
export function isQuorumMet(policy: Policy, cosigned: ReadonlySet<string>): boolean {
  if (policy.quorum === NO_QUORUM) return true;
  const names = policy.witnesses.map(({ name }) => name);
  const met = new Set(names.filter((name) => cosigned.has(name)));
  // Groups name earlier lines only, so one pass in file order settles them all.
  for (const { name, threshold, members } of policy.groups) {
    const k = threshold === 'any' ? 1 : threshold === 'all' ? members.length : threshold;
    if (members.filter((member) => met.has(member)).length >= k) met.add(name);
  }
  return met.has(policy.quorum);
}
