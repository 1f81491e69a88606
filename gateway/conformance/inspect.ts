import {
  type CheckpointBody,
  parseCheckpointBody,
} from '@truegrain/device-sdk/formats/checkpoint.js';
import { MEDIA_CHARTER } from '@truegrain/device-sdk/formats/media-types.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { checkTree } from './check-tree.ts';
import { type Folded, foldLedger } from './fold.ts';
import { relationOf } from './history.ts';
import type { LedgerSource, ReadLeaves } from './ledger-source.ts';
import { NoteJudge } from './note-judge.ts';
import { independenceOf } from './organisations.ts';
import { lookAtPeers, type PeerPlace } from './peers.ts';
import { type Seen, seen, unseen } from './seen.ts';
import { TileTree } from './tile-tree.ts';
import { measure } from './timings.ts';
import type { Passage, ShownCheckpoint, Trust, Verdict, View } from './view.ts';

export interface InspectOptions {
  readonly source: LedgerSource;
  readonly trust: Trust;
  readonly native?: NativeVerify | undefined;
  /** More places where the ledger is said to be. */
  readonly peers?: readonly string[];
  /** False leaves the members' own places alone. */
  readonly asksMembers?: boolean;
  /** The note of the last checkpoint of an earlier run. */
  readonly earlier?: string | null;
  /** Opens another place of the same ledger, without any token. */
  readonly open: (url: string) => LedgerSource;
  readonly rounds?: number;
}

/** A checkpoint that parses, whoever signed it. */
interface Shown {
  readonly note: string;
  readonly body: CheckpointBody;
}

/** Looks at a ledger from outside: reads, folds, measures, looks again. It decides nothing. */
export async function inspect(options: InspectOptions): Promise<View> {
  const { source, trust, native } = options;
  const first = await shownBy(source);
  const size = first.seen ? first.value.body.size : 0;
  const leaves: Seen<ReadLeaves> = first.seen ? await source.leaves(size) : first;
  const law = leaves.seen ? lawOf(leaves.value, native) : null;
  const tree = new TileTree(source, size);
  const timings =
    source.timed.length > 0
      ? seen(await measure(source.timed, options.rounds))
      : unseen('not-asked', 'nothing is answered over a network here');
  return {
    source: { kind: source.kind, where: source.where },
    trust,
    checkpoint: first.seen ? seen(judged(first.value, { trust, law, native })) : first,
    leaves,
    tree: await checkTree(tree, first, leaves),
    law,
    independence: law?.ok ? independenceOf(law.value.membership) : null,
    ...(await comparedWith(options, { first, law, tree })),
    timings,
    keys: await source.keys(),
  };
}

async function shownBy(source: LedgerSource): Promise<Seen<Shown>> {
  const text = await source.checkpoint();
  if (!text.seen) return text;
  const note = parseNote(text.value);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  if (!body.ok) return unseen('malformed', `${source.where} shows no checkpoint: ${body.detail}`);
  return seen({ note: text.value, body: body.value });
}

/** Null where leaf 0 is not there or is something else than a charter: a log of another kind. */
function lawOf(read: ReadLeaves, native?: NativeVerify): Folded | null {
  const leaf0 = read.leaves.find(({ leafIndex }) => leafIndex === 0);
  const parsed = leaf0 && parseStatement(leaf0.entry);
  if (!parsed?.ok) return null;
  const { payload } = parsed.value;
  const isCharter = payload.kind === 'inline' && payload.contentType === MEDIA_CHARTER;
  return isCharter ? foldLedger(read, native) : null;
}

function judged(
  { note, body }: Shown,
  by: { trust: Trust; law: Folded | null; native?: NativeVerify | undefined },
): ShownCheckpoint {
  const { trust, law, native } = by;
  const byPolicy = trust.policy && verdictOf(trust.policy, note, native);
  const own = law?.ok ? policyOfMembership(law.value.membership, law.value.origin) : null;
  return { note, body, byPolicy, byLaw: own && verdictOf(own, note, native) };
}

function verdictOf(policy: Policy, note: string, native?: NativeVerify): Verdict {
  const verdict = evaluatePolicy(policy, note, native);
  return verdict.ok ? verdict : { ok: false, detail: verdict.detail };
}

/** The same ledger at other times and in other places. */
async function comparedWith(
  options: InspectOptions,
  given: { first: Seen<Shown>; law: Folded | null; tree: TileTree },
): Promise<Pick<View, 'passages' | 'peers'>> {
  const { source, trust, native, earlier = null, peers = [], open, asksMembers = true } = options;
  const { first, law, tree } = given;
  if (!first.seen) return { passages: [], peers: [] };
  const { body } = first.value;
  const notes = new NoteJudge({ origin: body.origin, trust, law, native });
  const note = await source.checkpoint();
  const last = note.seen ? notes.open(note.value) : note;
  const grown =
    last.seen && last.value.size > body.size ? new TileTree(source, last.value.size) : tree;
  const start = { what: 'the start of this run', size: body.size };
  const end = { what: 'its end', size: last.seen ? last.value.size : 0 };
  const relation = last.seen ? await relationOf(body, last.value, grown) : last;
  const passages: Passage[] = [{ from: start, to: end, relation }];
  if (earlier !== null) {
    const before = notes.open(earlier);
    const from = { what: 'the last run', size: before.seen ? before.value.size : 0 };
    const since = before.seen ? await sinceEarlier(before.value, body, tree) : before;
    passages.push({ from, to: start, relation: since });
  }
  const newest = last.seen && last.value.size > body.size ? last.value : body;
  const own = { body: newest, tree: grown, notes, open, asksMembers };
  return { passages, peers: await lookAtPeers(placesOf(law, peers), own) };
}

/** What was shown once may not be gone: here a smaller tree is a contradiction. */
async function sinceEarlier(
  earlier: CheckpointBody,
  present: CheckpointBody,
  tree: TileTree,
): Promise<Passage['relation']> {
  if (earlier.size > present.size) return seen('contradicts');
  return relationOf(earlier, present, tree);
}

function placesOf(law: Folded | null, named: readonly string[]): PeerPlace[] {
  const members = law?.ok ? [...law.value.membership.members.values()] : [];
  return [
    ...members.map(({ iss, name, endpoint }) => {
      return { member: { iss, name }, url: endpoint?.publicUrl ?? null };
    }),
    ...named.map((url) => ({ member: null, url })),
  ];
}
