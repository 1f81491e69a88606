import { existsSync } from 'node:fs';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { dataFolder } from '../data-folder.ts';
import { type Db, openDatabase } from '../store/database.ts';
import { openScratch } from '../store/scratch.ts';
import { compareTables } from './compare-tables.ts';
import { type Finding, FindingList } from './findings.ts';
import { checkContents, checkMissing } from './fsck-contents.ts';
import { checkEvents } from './fsck-events.ts';
import { checkNotes, type KeptNote, readCheckpoints, readTips } from './fsck-notes.ts';
import { checkPages } from './fsck-pages.ts';
import { LeafReader } from './leaf-reader.ts';
import { Proofs } from './proofs.ts';
import { Rebuild } from './rebuild.ts';
import { StoredHashes } from './stored-hashes.ts';

export type { Finding } from './findings.ts';

export type FsckPhase = 'pages' | 'tiles' | 'entries' | 'tables' | 'contents';

export interface FsckOptions {
  onProgress?: (progress: { phase: FsckPhase; done: number; total: number }) => void;
  /** False skips device signatures, contents and SQLite's page check. Default true. */
  full?: boolean;
  /** Copies of the signed tip on other disks. */
  tipCopies?: readonly string[];
}

export interface FsckReport {
  /** No finding is an error. */
  ok: boolean;
  file: string;
  ledgerId: string | null;
  origin: string | null;
  size: number;
  /** Root over the entries, lower hex. */
  root: string | null;
  statements: number;
  batches: number;
  governance: number;
  contents: number;
  /** Size of the newest checkpoint this member signed. */
  checkpointSize: number | null;
  full: boolean;
  findings: Finding[];
  /** What can be done, in order. */
  advice: string[];
  seconds: number;
  statementsPerSecond: number;
}

/**
 * Checks a store against itself and against what its keys signed, trusting no table: everything is
 * computed again from the entries. Works beside a running gateway, on one snapshot; never throws on
 * damage.
 */
export function fsck(dataDir: string, options: FsckOptions = {}): FsckReport {
  useNodeCrypto();
  const folder = dataFolder(dataDir);
  const findings = new FindingList();
  const startMs = performance.now();
  const check = new Fsck(folder.ledger, options, findings);
  const tips = readTips([folder.signedTip, ...(options.tipCopies ?? [])], findings);
  if (existsSync(folder.ledger)) {
    findings.guard({ where: folder.ledger, code: 'store_unreadable' }, () => check.run(tips));
  } else {
    findings.add({ code: 'store_missing', where: folder.ledger, text: 'there is no such file' });
  }
  return check.report((performance.now() - startMs) / 1_000);
}

class Fsck {
  readonly #file: string;
  readonly #options: FsckOptions;
  readonly #findings: FindingList;
  readonly #full: boolean;
  #rebuild: Rebuild | null = null;
  #root: string | null = null;
  #contents = 0;
  #checkpointSize: number | null = null;

  constructor(file: string, options: FsckOptions, findings: FindingList) {
    this.#file = file;
    this.#options = options;
    this.#findings = findings;
    this.#full = options.full ?? true;
  }

  run(tips: readonly KeptNote[]): void {
    const db = openDatabase(this.#file, { readonly: true });
    const scratch = openScratch();
    try {
      // One snapshot, whatever a running gateway commits meanwhile.
      db.exec('BEGIN');
      scratch.exec('BEGIN');
      this.#check({ db, scratch, tips });
    } finally {
      db.close();
      scratch.close();
    }
  }

  report(seconds: number): FsckReport {
    const { statements = 0, batches = 0, governance = 0 } = this.#rebuild ?? {};
    const { ledgerId = null, charter = null } = this.#rebuild?.replay.state ?? {};
    const findings = this.#findings.all();
    return {
      ok: findings.every(({ severity }) => severity !== 'error'),
      file: this.#file,
      ledgerId: ledgerId && toHex(ledgerId),
      origin: charter && ledgerId && `${charter.ledgerName}/${toHex(ledgerId)}`,
      size: this.#rebuild?.tree.size ?? 0,
      root: this.#root,
      statements,
      batches,
      governance,
      contents: this.#contents,
      checkpointSize: this.#checkpointSize,
      full: this.#full,
      findings,
      advice: adviceOn(findings),
      seconds,
      statementsPerSecond: Math.round(statements / Math.max(seconds, 0.001)),
    };
  }

  #check({ db, scratch, tips }: { db: Db; scratch: Db; tips: readonly KeptNote[] }): void {
    const findings = this.#findings;
    if (this.#full) {
      this.#progress('pages', 0, 1);
      checkPages(db, findings);
    }
    const checkpoints = readCheckpoints(db, findings);
    if (checkpoints.length > 0 && tips.length === 0) {
      const text = "no signed tip is left: nothing would notice an older store in this one's place";
      findings.add({ code: 'signed_tip_lost', where: this.#file, severity: 'warning', text });
    }
    const notes = [...tips, ...checkpoints];
    this.#checkpointSize = notes.reduce<number | null>(
      (size, { checkpoint }) => Math.max(size ?? 0, checkpoint.size),
      null,
    );
    const reader = new LeafReader(db);
    const entryAt = (leafIndex: number) => reader.entry(leafIndex);
    const rebuild = new Rebuild(scratch, { entryAt, checksSignatures: this.#full });
    this.#rebuild = rebuild;
    const stored = this.#readTiles(db, notes);
    this.#replay(reader, stored);
    this.#root = toHex(rebuild.tree.root());
    const proofs = new Proofs((level, index) => rebuild.store.tiles.get(level, index));
    const { state, haltedAt } = rebuild.replay;
    const { size } = rebuild.tree;
    const log = { state, size, rootAt: (at: number) => proofs.root(at) };
    findings.guard({ where: 'table leaf' }, () => checkNotes(notes, log, findings));
    if (haltedAt !== null) {
      const text = `derived tables and contents were not checked: the state is unknown from leaf ${haltedAt} on`;
      findings.add({ code: 'not_checked', where: this.#file, severity: 'note', text });
      return;
    }
    this.#progress('tables', 0, 1);
    compareTables({ stored: db, rebuilt: scratch }, findings);
    if (!this.#full) return;
    const beside = { stored: db, rebuilt: scratch, entryAt, erased: state.erased };
    const total = rebuild.statements;
    this.#contents = checkContents(beside, findings, (n) => this.#progress('contents', n, total));
    checkMissing(beside, findings);
    checkEvents({ stored: db, rebuilt: rebuild.store, entryAt }, findings);
  }

  #readTiles(db: Db, notes: readonly KeptNote[]): StoredHashes {
    this.#progress('tiles', 0, 1);
    const sizes = notes.map(({ checkpoint }) => checkpoint.size);
    const stored = new StoredHashes(db, Math.max(0, ...sizes));
    stored.vouch(notes.map(({ checkpoint }) => checkpoint));
    return stored;
  }

  #replay(reader: LeafReader, stored: StoredHashes): void {
    const rebuild = this.#rebuild;
    if (!rebuild) return;
    const expected = this.#checkpointSize ?? 0;
    const total = Math.max(expected, reader.size() ?? 0);
    for (const { leafIndex, entry, why } of reader.leaves(this.#expected(reader, stored))) {
      const hash = this.#hashOf({ leafIndex, entry }, stored);
      const replayed = rebuild.push(entry, hash);
      this.#progress('entries', leafIndex, total);
      if (replayed.kind !== 'fault') continue;
      const { code, detail } = replayed.fault;
      this.#leafFinding(leafIndex, code, `${why ?? detail}`);
    }
    const open = rebuild.end();
    if (open) this.#leafFinding(open.leafIndex, open.code, open.detail);
  }

  /** What the tree goes on with where the entry is unreadable, or is not the one that was signed for. */
  #hashOf(
    { leafIndex, entry }: { leafIndex: number; entry: Uint8Array | null },
    stored: StoredHashes,
  ): Uint8Array | undefined {
    const known = stored.at(leafIndex);
    if (!entry) return known ?? undefined;
    if (!known || leafIndex >= stored.vouchedSize) return undefined;
    const own = leafHash(entry);
    if (equal(known, own)) return own;
    this.#leafFinding(
      leafIndex,
      'entry_damaged',
      'is not the entry a signed checkpoint commits to',
    );
    return known;
  }

  /** Without rows lost from the end this is the table's own size. */
  #expected(reader: LeafReader, stored: StoredHashes): number {
    const size = reader.size();
    return size === null ? Math.max(this.#checkpointSize ?? 0, stored.count) : size;
  }

  #leafFinding(leafIndex: number, code: string, text: string): void {
    this.#findings.add({ code, where: 'table leaf', leafIndex, text });
  }

  #progress(phase: FsckPhase, done: number, total: number): void {
    if (done % PROGRESS_EVERY === 0) this.#options.onProgress?.({ phase, done, total });
  }
}

const PROGRESS_EVERY = 256;

function adviceOn(findings: readonly Finding[]): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return [];
  const isAbout = (...codes: string[]) => errors.some(({ code }) => codes.includes(code));
  const lost = errors.some(({ where }) => where === 'table leaf' || where === 'database pages');
  const advice: string[] = [];
  if (lost || isAbout('store_unreadable', 'store_missing')) {
    advice.push(
      'Entries are damaged or lost; no other table holds them. Keep this folder as it is and ' +
        'restore the newest backup (`truegrain restore`), or bring the entries back from a copy of the log.',
    );
  }
  if (isAbout('store_older'))
    advice.push('Nothing was checked. Start the gateway once, then check again.');
  if (isAbout('behind_signed_tip', 'forked_from_signed_tip')) {
    advice.push(
      'The signed tip knows more than the store. Do not delete it: signing a second history is ' +
        'what everybody who holds a checkpoint could prove.',
    );
  }
  if (errors.some(({ where }) => where === 'table content')) {
    advice.push(
      'Contents can be had from a backup or from their owner; receipts and proofs stand.',
    );
  }
  const hasAll = !lost && !isAbout('behind_signed_tip', 'forked_from_signed_tip');
  if (hasAll && errors.some(({ canBeRebuilt }) => canBeRebuilt)) {
    advice.push(
      'Stop the gateway and run `truegrain reindex`: it rebuilds those tables from the entries.',
    );
  }
  return advice;
}
