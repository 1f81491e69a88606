// C2SP tlog-proof: an inclusion proof and its checkpoint as one text, verifiable offline.

/** @module tlog-proof */
import { fromBase64, toBase64 } from './bytes.ts';
import { parseDecimal } from './checkpoint.ts';
import { HASH_BYTES, verifyInclusion } from './merkle.ts';
import { NOTE_CHARS_MAX, parseNote } from './note.ts';
import { fail, ok, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import { evaluatePolicy, type Policy, type PolicyVerdict } from './tlog-policy.ts';

const HEADER_LINE = 'c2sp.org/tlog-proof@v1';
/** A tree within 2^53 leaves is 53 levels high. */
const PATH_HASHES_MAX = 53;

export interface TlogProof {
  /** Not authenticated by anything: never trust it implicitly. */
  extra: Uint8Array | null;
  index: number;
  /** From the leaf's sibling to the root's child. */
  path: Uint8Array[];
  /** The note, verbatim. */
  checkpoint: string;
}

/** Throws where a strict reader would not take it back. */
export function formatTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const lines = [
    HEADER_LINE,
    ...(extra === null ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...path.map(toBase64),
    '',
    checkpoint,
  ];
  const text = lines.join('\n');
  const read = parseTlogProof(text);
  if (!read.ok) throw new TypeError(`not a tlog-proof: ${read.detail}`);
  return text;
}

export function parseTlogProof(text: string): Result<TlogProof> {
  if (text.length > NOTE_CHARS_MAX) return fail('note_too_large', `${text.length} characters`);
  const split = text.indexOf('\n\n');
  if (split < 0) return fail('proof_malformed', 'no empty line before the checkpoint');
  const [header, ...lines] = text.slice(0, split).split('\n');
  if (header !== HEADER_LINE) return fail('proof_malformed', 'first line');
  let extra: Uint8Array | null = null;
  if (lines[0]?.startsWith('extra ')) {
    extra = fromBase64(lines[0].slice('extra '.length));
    if (extra === null || extra.length === 0) return fail('proof_malformed', 'extra data');
    lines.shift();
  }
  const indexText = /^index (.+)$/.exec(lines.shift() ?? '')?.[1];
  const index = indexText === undefined ? null : parseDecimal(indexText);
  if (index === null) return fail('proof_malformed', 'index line');
  if (lines.length > PATH_HASHES_MAX) return fail('proof_malformed', `${lines.length} hashes`);
  const path: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return fail('proof_malformed', `hash ${path.length + 1}`);
    path.push(hash);
  }
  const checkpoint = text.slice(split + 2);
  const note = parseNote(checkpoint);
  return note.ok ? ok({ extra, index, path, checkpoint }) : note;
}

/**
 * That the leaf stands at the proof's index in a tree which the policy's log signed and its quorum
 * cosigned. Computing the leaf hash from the entry is the caller's part; cosignature times are in
 * the verdict and are not judged.
 */
export function verifyTlogProof(claim: {
  proof: TlogProof;
  leafHash: Uint8Array;
  policy: Policy;
  native?: NativeVerify | undefined;
}): Result<PolicyVerdict & { index: number }> {
  const { proof, leafHash, policy, native } = claim;
  const verdict = evaluatePolicy(policy, proof.checkpoint, native);
  if (!verdict.ok) return verdict;
  const { checkpoint, logs, satisfied } = verdict.value;
  if (!satisfied) {
    return fail('policy_unmet', logs.length === 0 ? 'no listed log signed' : 'quorum not met');
  }
  const { index, path } = proof;
  const { size, root } = checkpoint;
  if (index >= size) return fail('proof_index', `leaf ${index} of ${size}`);
  if (!verifyInclusion({ index, size, leafHash, path, root })) {
    return fail('proof_path', 'the path does not lead from the leaf to the root');
  }
  return ok({ ...verdict.value, index });
}
