import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { encodeBoot } from '@truegrain/device-sdk/formats/boot.js';
import Database from 'better-sqlite3';
import { SoloRig } from './solo-ledger.ts';

/** A ledger in whose log everything has happened once; `leaves` of it are ordinary batches. */
export async function livedInLedger({ batches = 4 } = {}): Promise<SoloRig> {
  const rig = new SoloRig({ retentionDays: 0 });
  const thermo = await rig.enrol('thermo');
  const probe = await rig.enrol('probe', {}, -7);
  rig.commit(
    rig.boot(
      thermo,
      encodeBoot({
        bootId: new Uint8Array(16).fill(1),
        bootCount: 1,
        prevSeqDurable: 0,
        firstSeq: 1,
        gapReason: null,
        firmware: '1.0.0',
        buildDateS: 1_760_000_000,
        tornBytes: 0,
      }),
    ),
  );
  rig.anchor();
  for (let i = 0; i < batches; i += 1) {
    rig.nowMs += 60_000;
    const at = rig.nowMs - 30_000;
    rig.commit(
      rig.temperatures(thermo, at, [4, 4.1], { sub: `https://id.example/lot/${i % 3}` }),
      rig.temperatures(probe, at, [5, 5.1, 5.2]),
    );
    if (i % 2 === 0) rig.anchor();
  }
  rig.nowMs += 60_000;
  const lost = rig.temperatures(probe, rig.nowMs - 30_000, [6]);
  const after = rig.temperatures(probe, rig.nowMs - 20_000, [6.5]);
  const tooHot = rig.temperatures(thermo, rig.nowMs - 20_000, [99]);
  rig.commit(after, tooHot);
  rig.commit(lost);
  // Two other statements under a number that is taken: one is evidence, one is refused.
  for (const value of [7, 8]) {
    rig.commit(rig.temperatures({ ...probe, seq: 0, prev: null }, rig.nowMs - 10_000, [value]));
  }
  const erased = await rig.registrar.erase([after.id], 'request of the owner', 'test');
  const revoked = await rig.registrar.revoke(probe.urn, null, 'test');
  for (const done of [erased, revoked]) if (!done.ok) throw new Error(done.detail);
  rig.anchor();
  return rig;
}

/** The rig's folder with its database closed, WAL folded in: what a stopped gateway leaves. */
export function stop(rig: SoloRig): string {
  rig.ledger.store.db.close();
  return rig.root;
}

export function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function copyFolder(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  return to;
}

export function overwrite(file: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

export function flipBit(file: string, offset: number, bit = 0): void {
  overwrite(file, offset, Uint8Array.of((readFileSync(file)[offset] ?? 0) ^ (1 << bit)));
}

export function truncate(file: string, fraction: number): void {
  truncateSync(file, Math.floor(statSync(file).size * fraction));
}

/** Every row of every table in the order of its key, as text that can be compared. */
export function dump(file: string, tables?: readonly string[]): Record<string, string[]> {
  const db = new Database(file, { readonly: true });
  const names =
    tables ??
    (db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[]);
  const rows = names.map((name) => {
    const all = db.prepare(`SELECT * FROM ${name}`).raw().all() as unknown[][];
    return [name, all.map((row) => JSON.stringify(row)).sort()] as const;
  });
  db.close();
  return Object.fromEntries(rows);
}

/** Changes a stopped store as no gateway would. */
export function tamper(file: string, sql: string, ...values: unknown[]): void {
  const db = new Database(file);
  db.prepare(sql).run(...values);
  db.close();
}

/** Flips the lowest bit in the middle of one row's bytes. */
export function flipInRow(file: string, [table, column, where]: readonly [string, string, string]) {
  const db = new Database(file);
  const row = db.prepare(`SELECT ${column} FROM ${table} WHERE ${where}`).pluck().get() as Buffer;
  row[row.length >> 1] = (row[row.length >> 1] ?? 0) ^ 1;
  db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(row);
  db.close();
}
