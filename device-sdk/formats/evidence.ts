// SPEC.md §8: the evidence file (`.tgev`), which proves one statement offline.

/**
 * A core deterministic CBOR map:
 *
 *     1: 1                            version
 *     2: checkpoint                   signed note (tlog-checkpoint) with its cosignatures, text
 *     3: [leafIndex, entry, [hash…]]  the statement and its inclusion path at the checkpoint's size
 *     4: content / null               the preimage of the statement's digest, where disclosed
 *     5: [[leafIndex, entry, [hash…]]…]  what it rests on, leaf indexes ascending: charter (leaf 0,
 *                                     unless it is the statement itself), acceptances, every later
 *                                     decision about members and all that governs the device, both
 *                                     up to the checkpoint, the batch
 *     6: [index, [hash…]] / null      position in the batch and path to its batchRoot
 *     7: leafIndex / null             leaf of the batch statement; null where no batch admitted it
 *
 * Every entry is proved at one tree size and that size is the checkpoint's, so the file has nothing
 * that a change would leave unnoticed.
 *
 * @module evidence
 */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { HASH_BYTES } from './merkle.ts';
import { PACK_BYTES_MAX } from './pack.ts';
import { fail, type Result } from './result.ts';
import { ENTRY_BYTES_MAX } from './statement-limits.ts';

export interface EvidenceLeaf {
  readonly index: number;
  /** As the log stores it: tag 18, empty unprotected header. */
  readonly entry: Uint8Array;
  /** RFC 9162 inclusion path at the checkpoint's size, the leaf's sibling first. */
  readonly path: readonly Uint8Array[];
}

export interface Evidence {
  /** The note, verbatim. */
  readonly checkpoint: string;
  readonly statement: EvidenceLeaf;
  readonly content: Uint8Array | null;
  readonly supporting: readonly EvidenceLeaf[];
  /** Position in the batch and path from there to `batchRoot`. */
  readonly inBatch: { readonly index: number; readonly path: readonly Uint8Array[] } | null;
  /** Leaf of the batch statement, which is among `supporting`. */
  readonly batchLeaf: number | null;
}

export const EVIDENCE_VERSION = 1;
export const EVIDENCE_EXTENSION = '.tgev';
export const EVIDENCE_BYTES_MAX = 2_097_152;
/** The whole history of members and of a device: in a tree of a million, 1,700 of them fill the file. */
export const SUPPORTING_MAX = 2_048;
/** Paths of 53 hashes and what is around them. */
const ITEMS_MAX = 131_072;
/** A body of five lines and 100 signatures of Ed25519 keys. */
export const EVIDENCE_NOTE_CHARS_MAX = 65_536;
/** A tree of 2^53 leaves. */
const PATH_MAX = 53;

/** Throws TypeError where `parseEvidence` would refuse the result. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const { checkpoint, statement, content, supporting, inBatch, batchLeaf } = evidence;
  const bytes = encodeCbor(
    new Map<CborKey, CborValue>([
      [1, EVIDENCE_VERSION],
      [2, checkpoint],
      [3, leafArray(statement)],
      [4, content],
      [5, supporting.map(leafArray)],
      [6, inBatch === null ? null : [inBatch.index, [...inBatch.path]]],
      [7, batchLeaf],
    ]),
  );
  const parsed = parseEvidence(bytes);
  if (!parsed.ok) throw new TypeError(`not evidence: ${parsed.code}: ${parsed.detail}`);
  return bytes;
}

function leafArray({ index, entry, path }: EvidenceLeaf): CborValue {
  return [index, entry, [...path]];
}

/** Form only; `verifyEvidence` has the rest. */
export function parseEvidence(bytes: Uint8Array): Result<Evidence> {
  if (bytes.length > EVIDENCE_BYTES_MAX) return fail('evidence_too_large', `${bytes.length} bytes`);
  const opened = openFields(bytes, 'evidence', {
    bytesMax: EVIDENCE_BYTES_MAX,
    itemsMax: ITEMS_MAX,
  });
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version(1, EVIDENCE_VERSION);
  const checkpoint = fields.prose(2, { max: EVIDENCE_NOTE_CHARS_MAX });
  const statement = readLeaf(fields.list(3, { min: 3, max: 3 }));
  const content = fields.isNull(4) ? null : fields.bytes(4, { max: PACK_BYTES_MAX });
  const leaves = fields.list(5, { max: SUPPORTING_MAX }).map(readLeaf);
  const position = fields.isNull(6) ? null : readPosition(fields.list(6, { min: 2, max: 2 }));
  const batchLeaf = fields.isNull(7) ? null : fields.uint(7);
  const supporting = leaves.filter((leaf) => leaf !== null);
  if (statement === null || supporting.length < leaves.length) {
    fields.refuse('evidence_leaf', 'a leaf is [index, entry, path of 32-byte hashes]');
  }
  if (position === 'odd') fields.refuse('evidence_leaf', 'field 6 is [index, path]');
  const inBatch = position === 'odd' ? null : position;
  const own = statement ?? NO_LEAF;
  const evidence = { checkpoint, statement: own, content, supporting, inBatch, batchLeaf };
  const fault = orderFault(evidence);
  if (fault !== null) fields.refuse('evidence_order', fault);
  return fields.finish(evidence);
}

const NO_LEAF: EvidenceLeaf = { index: 0, entry: new Uint8Array(0), path: [] };

function isPath(value: CborValue | undefined): value is Uint8Array[] {
  return (
    Array.isArray(value) &&
    value.length <= PATH_MAX &&
    value.every((hash) => hash instanceof Uint8Array && hash.length === HASH_BYTES)
  );
}

function isIndex(value: CborValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function readLeaf(item: CborValue | readonly CborValue[]): EvidenceLeaf | null {
  if (!Array.isArray(item) || item.length !== 3) return null;
  const [index, entry, path] = item;
  if (!isIndex(index) || !(entry instanceof Uint8Array) || !isPath(path)) return null;
  return entry.length <= ENTRY_BYTES_MAX ? { index, entry, path } : null;
}

function readPosition(item: readonly CborValue[]): Evidence['inBatch'] | 'odd' {
  const [index, path] = item;
  return isIndex(index) && isPath(path) ? { index, path } : 'odd';
}

/** One place for every leaf: two files that say the same must be the same bytes. */
function orderFault({ statement, supporting, inBatch, batchLeaf }: Evidence): string | null {
  let last = -1;
  for (const { index } of supporting) {
    if (index <= last) return 'supporting leaves do not ascend';
    if (index === statement.index) return 'the statement is among the supporting leaves';
    last = index;
  }
  if (statement.index !== 0 && supporting[0]?.index !== 0) return 'the charter, leaf 0, is missing';
  if (batchLeaf === null) return inBatch === null ? null : 'a position in no batch';
  const found = supporting.some(({ index }) => index === batchLeaf);
  return found ? null : `the batch, leaf ${batchLeaf}, is missing`;
}
