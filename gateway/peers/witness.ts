// C2SP tlog-witness v1.0.0, add-checkpoint and monitoring: this member as a witness of its ledger.
import { equal, fromBase64, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import {
  isLogKeyOf,
  parseCheckpointBody,
  parseDecimal,
} from '@truegrain/device-sdk/formats/checkpoint.js';
import { EMPTY_ROOT, HASH_BYTES, verifyConsistency } from '@truegrain/device-sdk/formats/merkle.js';
import {
  formatSignatureLine,
  type Note,
  type NoteSignature,
  parseNote,
  verifyNote,
} from '@truegrain/device-sdk/formats/note.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Cosigner } from '../anchor/cosigner.ts';
import type { OwnLog } from '../anchor/own-log.ts';

/** "The client MUST NOT send more than 63 consistency proof lines." */
const PROOF_LINES_MAX = 63;
const OWN_NODE_WAIT_MS = 2_000;
const RETRY_AFTER_S = 1;

export interface WitnessAnswer {
  status: 200 | 400 | 403 | 404 | 409 | 422 | 503;
  contentType: 'text/plain; charset=utf-8' | 'text/x.tlog.size';
  body: string;
  retryAfterS?: number;
}

export interface WitnessOptions {
  origin: string;
  cosigner: Cosigner;
  log: OwnLog;
  /** For a tree of that size; its `log` lines are the keys trusted for this origin. */
  policy: (size: number) => Policy;
  native?: NativeVerify | undefined;
  /** How long a request waits for this member's own node to commit as many leaves. */
  ownNodeWaitMs?: number;
  /** A checkpoint that was just cosigned, with all lines it came with: others' are of use too. */
  onCosigned?: (
    tree: { size: number; root: Uint8Array },
    signatures: readonly NoteSignature[],
    body: string,
  ) => void;
  /** Signed by a member's log key, with another root than the own node's: proof of two histories. */
  onContradiction?: (noteText: string) => void;
}

interface Request {
  old: number;
  proof: Uint8Array[];
  noteText: string;
  note: Note;
  origin: string;
  size: number;
  root: Uint8Array;
}

/**
 * Cosigns for the other members what its own node has come to as well, and nothing else: the
 * consistency proof is checked because the protocol says so, the root because it is the point.
 */
export class Witness {
  readonly #options: WitnessOptions;
  readonly #originHash: string;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#originHash = toHex(sha256(utf8(options.origin)));
  }

  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const parsed = parseRequest(body);
    if (!parsed.ok) return answer(400, parsed.detail);
    const request = parsed.value;
    if (request.origin !== this.#options.origin) return answer(404, 'unknown origin');
    const logLines = this.#trustedLines(request);
    if (!logLines.ok) return answer(403, logLines.detail);
    if (request.old > request.size) return answer(400, 'the old size is above the new one');
    const early = this.#judge(request);
    if (early) return early;
    const { log, ownNodeWaitMs = OWN_NODE_WAIT_MS } = this.#options;
    if (!(await log.whenSize(request.size, ownNodeWaitMs))) {
      return later(`this member's node is at ${log.size()}`);
    }
    // Keys may have been retired by the leaves waited for, and others asked meanwhile.
    const lines = this.#trustedLines(request);
    if (!lines.ok) return answer(403, lines.detail);
    return this.#judge(request) ?? this.#cosign(request, lines.value);
  }

  /** The newest cosigned checkpoint, where the hash is of this origin and there is one. */
  checkpoint(originHash: string): string | null {
    return originHash === this.#originHash ? this.#options.cosigner.note() : null;
  }

  /** The lines of trusted log keys; one that fails makes the whole note bad. */
  #trustedLines({ note, origin, size }: Request): Result<string[]> {
    const { policy, native } = this.#options;
    const keys = policy(size).logs.flatMap(({ key }) => (isLogKeyOf(key, origin) ? [key] : []));
    const verified = verifyNote(note, keys, native);
    if (!verified.ok) return verified;
    const lines = note.signatures.filter(({ name, keyId }) =>
      verified.value.verified.some((key) => key.name === name && equal(key.keyId, keyId)),
    );
    return ok(lines.map(formatSignatureLine));
  }

  /** What is wrong with the request as things stand now; null where it can be cosigned. */
  #judge(request: Request): WitnessAnswer | null {
    const { old, size, root, proof, noteText } = request;
    const { cosigner, log, onContradiction } = this.#options;
    const own = size <= log.size() ? log.root(size) : null;
    if (own && !equal(own, root) && size > 0) onContradiction?.(noteText);
    const at = cosigner.size();
    if (old !== at) return conflict(at);
    if (size === 0 && !equal(root, EMPTY_ROOT)) return answer(422, 'not the root of an empty tree');
    if (old === 0 && proof.length > 0) return answer(422, 'a proof from the empty tree');
    if (old > 0 && old <= log.size()) {
      const root1 = log.root(old);
      if (old === size && !equal(root, root1)) return answer(422, 'another root at this size');
      const claim = { size1: old, size2: size, root1, root2: root, path: proof };
      if (!verifyConsistency(claim)) return answer(422, 'the consistency proof does not verify');
    }
    return own && !equal(own, root) ? answer(422, "not the root of this member's own node") : null;
  }

  /** From the check of the size to the durable state no other request runs: both are one call. */
  #cosign(request: Request, logLines: readonly string[]): WitnessAnswer {
    const { size, root, note } = request;
    const signed = this.#options.cosigner.cosign({ size, root, logLines });
    if (signed.ok) {
      this.#options.onCosigned?.({ size, root }, note.signatures, note.text);
      return answer(200, signed.value.trimEnd());
    }
    switch (signed.code) {
      case 'smaller_than_signed':
        return conflict(this.#options.cosigner.size());
      case 'not_own_root':
        return answer(422, signed.detail);
      case 'not_ready':
      case 'beyond_own_log':
        return later(signed.detail);
    }
  }
}

function answer(status: WitnessAnswer['status'], text: string): WitnessAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function conflict(size: number): WitnessAnswer {
  return { status: 409, contentType: 'text/x.tlog.size', body: `${size}\n` };
}

function later(why: string): WitnessAnswer {
  return { ...answer(503, why), retryAfterS: RETRY_AFTER_S };
}

function parseRequest(body: string): Result<Request> {
  const split = body.indexOf('\n\n');
  if (split < 0) return fail('note_malformed', 'no empty line before the checkpoint');
  const [first = '', ...lines] = body.slice(0, split).split('\n');
  const old = first.startsWith('old ') ? parseDecimal(first.slice('old '.length)) : null;
  if (old === null) return fail('proof_malformed', 'the first line is not an old size');
  if (lines.length > PROOF_LINES_MAX) return fail('proof_malformed', 'more than 63 proof lines');
  const proof = lines.map((line) => fromBase64(line));
  if (!proof.every((hash): hash is Uint8Array => hash?.length === HASH_BYTES)) {
    return fail('proof_malformed', 'a proof line is not a hash in base64');
  }
  const noteText = body.slice(split + 2);
  const note = parseNote(noteText);
  if (!note.ok) return note;
  const tree = treeOf(note.value.text);
  return tree.ok ? ok({ old, proof, noteText, note: note.value, ...tree.value }) : tree;
}

/** A wrong root of the empty tree is no bad syntax here: the protocol has its own answer, 422. */
function treeOf(text: string): Result<{ origin: string; size: number; root: Uint8Array }> {
  const [, origin, encoded] = /^([^\n]+)\n0\n([^\n]+)\n/.exec(text) ?? [];
  const root = encoded === undefined ? null : fromBase64(encoded);
  if (origin !== undefined && root?.length === HASH_BYTES) return ok({ origin, size: 0, root });
  return parseCheckpointBody(text);
}
