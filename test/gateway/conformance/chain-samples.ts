// Ledgers as a checker meets them: an honest alliance, and what a swindler makes of one.
import { encodeAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { type Endpoint, encodeEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import {
  MEDIA_ANSWER,
  MEDIA_ENDPOINT,
  MEDIA_PROPOSAL,
} from '@truegrain/device-sdk/formats/media-types.js';
import type { Founder } from '@truegrain/device-sdk/formats/member-record.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { type Change, encodeProposal } from '@truegrain/device-sdk/formats/proposal.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import {
  completeSubtrees,
  encodeTile,
  type TileId,
  tileWidth,
} from '@truegrain/device-sdk/formats/tiles.js';
import type { Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { nativeVerify, useNodeCrypto } from '../../../gateway/admit/native-verify.ts';
import { type InspectOptions, inspect } from '../../../gateway/conformance/inspect.ts';
import type { LedgerSource, ReadLeaves } from '../../../gateway/conformance/ledger-source.ts';
import { type ConformanceReport, reportOf } from '../../../gateway/conformance/report.ts';
import { type Seen, seen, unseen } from '../../../gateway/conformance/seen.ts';
import { governanceKind } from '../../../gateway/ledger/apply-governance.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';
import { sampleCharter, sampleMember } from '../../support/sample-members.ts';

useNodeCrypto();

export const FOUR = ['acme', 'bolt', 'cargo', 'duty'] as const;

export interface AllianceWishes {
  readonly names?: readonly string[];
  readonly quorum?: number;
  readonly terms?: Partial<Charter>;
  /** What a founder's record says instead, by name. */
  readonly records?: Readonly<Record<string, Partial<Founder>>>;
  /** What a member announces instead, by name; null for nothing. */
  readonly endpoints?: Readonly<Record<string, Partial<Endpoint> | null>>;
  /** Devices and their facts; without, the ledger holds its law alone. */
  readonly hasFacts?: boolean;
  readonly accepts?: boolean;
}

/** ISO 7064 MOD 97-10 over a name: an LEI that nobody has. */
export function leiOf(name: string): string {
  const stem = toHex(sha256(utf8(name)))
    .toUpperCase()
    .slice(0, 18);
  const digits = [...`${stem}00`].map((one) => Number.parseInt(one, 36)).join('');
  return `${stem}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}`;
}

export function evidenceOf(name: string): Founder['legalId'] {
  return { scheme: 'lei', value: leiOf(name), evidence: sha256(utf8(`licence of ${name}`)) };
}

export function endpointOf(name: string): Endpoint {
  return {
    http: `https://node.${name}.example:8443`,
    ca: sha256(utf8(`authority of ${name}`)),
    p2p: `node.${name}.example:26656`,
    nodeId: sha256(utf8(name)).slice(0, 20),
    publicUrl: `https://ledger.${name}.example`,
  };
}

/** Four evidenced organisations, one of them a regulator; each with a place of its own. */
export function allianceLedger(wishes: AllianceWishes = {}): SampleLedger {
  const { names = FOUR, quorum = 3, terms = {}, records = {}, endpoints = {} } = wishes;
  const { founders } = sampleCharter(
    names.map((name) => sampleMember(name)),
    quorum,
  );
  const ledger = new SampleLedger({
    members: [...names],
    quorum,
    terms: {
      validatorKinds: ['participant', 'regulator'],
      founders: founders.map((founder, i) => ({
        ...founder,
        legalId: evidenceOf(founder.name),
        kind: i === names.length - 1 ? 'regulator' : 'participant',
        ...records[founder.name],
      })),
      ...terms,
    },
  });
  if (wishes.accepts ?? true) ledger.accept();
  for (const [i, name] of names.entries()) {
    const changes = endpoints[name];
    if (changes === null) continue;
    announce(ledger, i, { ...endpointOf(name), ...changes });
  }
  if (wishes.hasFacts ?? true) {
    const device = ledger.device('1');
    ledger.register(device);
    ledger.batch([ledger.readings(device, [4.1, 4.2]), ledger.readings(device, [4.3])]);
  }
  return ledger;
}

export function announce(ledger: SampleLedger, by: number, endpoint: Endpoint): number {
  const bytes = encodeEndpoint({ logTimeMs: ledger.tick(), ...endpoint });
  return ledger.govern(MEDIA_ENDPOINT, bytes, undefined, by);
}

/** A proposal of member `by`, and the word of all those in `approvers`. */
export function decide(
  ledger: SampleLedger,
  given: { by: number; change: Change; epoch: number; approvers: readonly number[] },
): void {
  const { by, change, epoch, approvers } = given;
  const proposal = { logTimeMs: ledger.tick(), epoch, reason: 'agreed', change };
  const leaf = ledger.govern(MEDIA_PROPOSAL, encodeProposal(proposal), undefined, by);
  const parsed = parseStatement(ledger.entries[leaf]!);
  if (!parsed.ok) throw new Error(parsed.code);
  for (const approver of approvers) {
    const fields = { answer: 'approve' as const, reason: '', textDigest: null };
    const answer = { ...fields, logTimeMs: ledger.tick(), proposalId: parsed.value.id };
    ledger.govern(MEDIA_ANSWER, encodeAnswer(answer), undefined, approver);
  }
}

/** Signed by the log key of one member and cosigned by those named, over entries of one's choice. */
export function noteBy(
  ledger: SampleLedger,
  options: { by?: number; cosigners?: readonly string[]; entries?: readonly Uint8Array[] } = {},
): string {
  const { by = 0, cosigners, entries = ledger.entries } = options;
  const root = rootOf(entries.map(leafHash));
  const checkpoint = { origin: ledger.origin, size: entries.length, root };
  const lines = ledger.members
    .filter(({ name }) => cosigners?.includes(name) ?? true)
    .map(({ cosignerName: name, cosigner: signer }) =>
      cosign(formatCheckpointBody(checkpoint), { name, signer, timeSeconds: 1_793_600_000 }),
    );
  return signCheckpoint({ checkpoint, signer: ledger.members[by]!.log }) + lines.join('');
}

export interface MemoryWishes {
  /** Notes in the order in which they are asked for; the last one again and again. */
  readonly notes?: readonly string[];
  readonly entries?: readonly Uint8Array[];
  /** Every entry, as to the holder of a token. Default: the public's share. */
  readonly isOpen?: boolean;
  readonly hidden?: (leafIndex: number) => boolean;
  readonly tile?: (tile: TileId, bytes: Uint8Array) => Seen<Uint8Array>;
}

/** Kinds that a gateway shows to everybody; the rest names devices and things. */
const PUBLIC: ReadonlySet<string | null> = new Set([
  'charter',
  'acceptance',
  'proposal',
  'answer',
  'exception',
  'departure',
  'endpoint',
  'order',
  'filing',
]);

/** A ledger in memory as a source: a gateway without its HTTP. */
export class MemorySource implements LedgerSource {
  readonly kind = 'gateway';
  readonly where: string;
  readonly timed = [];
  readonly #notes: string[];
  readonly #entries: readonly Uint8Array[];
  readonly #wishes: MemoryWishes;

  constructor(ledger: SampleLedger, wishes: MemoryWishes = {}, where = 'memory') {
    this.#entries = wishes.entries ?? ledger.entries;
    this.#notes = [...(wishes.notes ?? [noteBy(ledger, { entries: this.#entries })])];
    this.#wishes = wishes;
    this.where = where;
  }

  async checkpoint() {
    const [note = ''] = this.#notes;
    if (this.#notes.length > 1) this.#notes.shift();
    return note === '' ? unseen('unreachable', 'nobody answers') : seen(note);
  }

  async tile(tile: TileId) {
    const bytes = tileOf(this.#entries, tile);
    if (bytes === null) return unseen('absent', 'no such tile');
    return this.#wishes.tile?.(tile, bytes) ?? seen(bytes);
  }

  async leaves(size: number): Promise<Seen<ReadLeaves>> {
    const { isOpen = false, hidden = () => false } = this.#wishes;
    const all = this.#entries.slice(0, size).map((entry, leafIndex) => ({ leafIndex, entry }));
    const shown = all.filter(({ leafIndex, entry }) => {
      if (hidden(leafIndex)) return false;
      const parsed = parseStatement(entry);
      if (isOpen || !parsed.ok) return true;
      const kind = governanceKind(parsed.value);
      return PUBLIC.has(kind);
    });
    return seen({ leaves: shown, isWhole: isOpen && shown.length === all.length });
  }

  async keys() {
    return seen([]);
  }

  close() {}
}

export function tileOf(
  entries: readonly Uint8Array[],
  { level, index, width }: TileId,
): Uint8Array | null {
  if (level === 'entries') return null;
  if (width > tileWidth({ level, index, size: entries.length })) return null;
  const hashAt = completeSubtrees(entries.map(leafHash));
  return encodeTile(Array.from({ length: width }, (_, i) => hashAt(8 * level, index * 256 + i)));
}

/** The places of the members, by public URL; others answer nothing. */
export type Places = Readonly<Record<string, LedgerSource>>;

export function placesOf(ledger: SampleLedger): Places {
  const all = ledger.members.map(({ name }, by) => {
    const url = endpointOf(name).publicUrl ?? '';
    return [url, new MemorySource(ledger, { notes: [noteBy(ledger, { by })] }, url)] as const;
  });
  return Object.fromEntries(all);
}

export async function judge(
  ledger: SampleLedger,
  options: Partial<InspectOptions> & {
    memory?: MemoryWishes;
    places?: Places;
    policy?: Policy;
  } = {},
): Promise<ConformanceReport> {
  const { memory, places = placesOf(ledger), policy = ledger.policy, ...given } = options;
  const view = await inspect({
    source: new MemorySource(ledger, memory),
    trust: { policy, ledgerId: null },
    native: nativeVerify,
    open: (url) => places[url] ?? new MemorySource(ledger, { notes: [''] }, url),
    ...given,
  });
  return reportOf(view, new Date(0));
}

export function outcomeOf(report: ConformanceReport, id: string): string {
  const found = report.criteria.find((one) => one.id === id);
  return found === undefined ? `no ${id}` : `${found.outcome}: ${found.summary}`;
}
