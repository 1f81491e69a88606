import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { type FsckReport, fsck } from '../../../gateway/log/fsck.ts';
import {
  copyFolder,
  discard,
  flipInRow,
  livedInLedger,
  stop,
  tamper,
} from '../../support/lived-in-ledger.ts';

let sound = '';
let size = 0;
let copies = 0;
beforeAll(async () => {
  const rig = await livedInLedger();
  expect(fsck(rig.root)).toMatchObject({ ok: true, findings: [] });
  size = rig.ledger.state.size;
  sound = stop(rig);
});
afterAll(() => discard(sound));

/** A copy that `damage` has changed, as fsck sees it. */
function afterwards(damage: (folder: ReturnType<typeof dataFolder>) => void): FsckReport {
  const folder = dataFolder(copyFolder(sound, `${sound}-${copies++}`));
  damage(folder);
  try {
    return fsck(folder.root);
  } finally {
    discard(folder.root);
  }
}

const changed = (sql: string, ...values: unknown[]) =>
  afterwards(({ ledger }) => tamper(ledger, sql, ...values));
const codes = ({ findings }: FsckReport) => findings.map(({ code }) => code);
const flip = (...place: Parameters<typeof flipInRow>[1]) =>
  afterwards(({ ledger }) => flipInRow(ledger, place));

describe('a sound store', () => {
  test('has no finding, and is counted', () => {
    const report = fsck(sound);
    expect(report).toMatchObject({ ok: true, findings: [], advice: [], size, full: true });
    expect(report).toMatchObject({ statements: 12, contents: 11, checkpointSize: size });
    expect(report.statementsPerSecond).toBeGreaterThan(0);
    expect(fsck(sound, { full: false })).toMatchObject({ ok: true, root: report.root });
  });

  test('is checked on one snapshot while its gateway commits', async () => {
    const rig = await livedInLedger({ batches: 1 });
    const device = await rig.enrol('other');
    let before = 0;
    const report = fsck(rig.root, {
      onProgress: ({ phase }) => {
        if (phase !== 'entries' || before > 0) return;
        before = rig.ledger.state.size;
        rig.commit(rig.temperatures(device, rig.nowMs - 20_000, [4]));
        rig.anchor();
      },
    });
    expect(before).toBeGreaterThan(0);
    expect(report).toMatchObject({ findings: [], size: before });
    discard(stop(rig));
  });
});

describe('entries', () => {
  test('an entry with another byte is told from a tile with one', () => {
    const report = flip('leaf', 'entry', 'leaf_index = 8');
    expect(report.findings[0]).toMatchObject({
      code: 'entry_damaged',
      where: 'table leaf',
      leafIndex: 8,
      canBeRebuilt: false,
    });
    expect(report.root).toBe(fsck(sound).root);
    expect(codes(report)).toContain('not_checked');
    expect(report.advice.join()).toMatch(/restore the newest backup/);
  });

  test('a missing row', () => {
    const report = changed('DELETE FROM leaf WHERE leaf_index = 9');
    expect(report.findings[0]).toMatchObject({ code: 'unreadable', leafIndex: 9 });
    expect(report.findings[0]?.text).toMatch(/row is missing/);
  });

  test('rows cut off the end are missed by the signed tip', () => {
    const report = changed('DELETE FROM leaf WHERE leaf_index >= ?', size - 4);
    expect(codes(report)).toContain('behind_signed_tip');
    expect(codes(report)).toContain('checkpoint_ahead');
    expect(report.advice.join()).toMatch(/Do not delete it/);
  });

  test('a batch without its batch statement', () => {
    const report = changed('DELETE FROM leaf WHERE leaf_index >= 9');
    expect(codes(report)).toContain('open_batch');
  });

  test('a row number gone wrong does not count for ever', () => {
    const report = changed('UPDATE leaf SET leaf_index = ? WHERE leaf_index = 3', 2 ** 50);
    expect(report.findings[0]).toMatchObject({ code: 'unreadable', leafIndex: 3 });
  });

  test('no entries, or no file', () => {
    expect(codes(changed('DELETE FROM leaf'))).toContain('behind_signed_tip');
    const none = afterwards(({ ledger }) => rmSync(ledger));
    expect(none.findings).toMatchObject([{ code: 'store_missing' }]);
    expect(none.findings[0]?.where).toMatch(/ledger\.db$/);
  });
});

describe('derived tables', () => {
  test.each([
    ['tile', 'UPDATE tile SET hashes = zeroblob(32)'],
    ['tile', 'DELETE FROM tile'],
    ['tile', 'INSERT INTO tile VALUES (3, 0, zeroblob(32))'],
    ['statement_ref', 'DELETE FROM statement_ref WHERE leaf_index = 6'],
    ['pack', 'UPDATE pack SET grade = grade + 65536 WHERE leaf_index = 8'],
    ['pack', 'UPDATE pack SET subject_no = 0'],
    ['subject', `UPDATE subject SET sub = 'https://other.example' WHERE no = 1`],
    ['ledger_key', `UPDATE ledger_key SET record = replace(record, 'revoked', 'active')`],
    ['device', `UPDATE device SET record = replace(record, '600', '60')`],
    ['stream', 'UPDATE stream SET missing = 1'],
    ['stream', 'UPDATE stream SET max_seq = 1.5'],
    ['refusal', `UPDATE refusal SET code = 'clock'`],
    ['governance', 'DELETE FROM governance WHERE leaf_index = 1'],
    ['device_leaf', 'DELETE FROM device_leaf'],
    ['notice_leaf', 'DELETE FROM notice_leaf'],
    ['erased', 'DELETE FROM erased'],
  ])('%s: %s', (table, sql) => {
    const report = changed(sql);
    expect(report.ok).toBe(false);
    for (const finding of report.findings) {
      expect(finding).toMatchObject({ where: `table ${table}`, canBeRebuilt: true });
    }
    expect(report.advice).toHaveLength(1);
    expect(report.advice[0]).toMatch(/truegrain reindex/);
  });

  test('of many findings of a kind a few are kept and the rest counted', () => {
    const report = changed(
      `WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
       INSERT INTO statement_ref SELECT i, i FROM n`,
    );
    expect(report.findings).toHaveLength(21);
    expect(report.findings.at(-1)?.text).toBe('and 30 more of this kind');
  });
});

describe('contents', () => {
  test('another byte, an orphan, one that was erased, one that is gone', () => {
    const damaged = flip('content', 'bytes', 'leaf_index = 8');
    expect(damaged.findings).toMatchObject([
      { code: 'content_damaged', leafIndex: 8, canBeRebuilt: false },
    ]);
    const orphan = changed(`INSERT INTO content VALUES (0, x'00')`);
    expect(orphan.findings).toMatchObject([{ code: 'content_orphan', leafIndex: 0 }]);
    const kept = changed(
      `INSERT INTO content SELECT leaf_index, x'00' FROM pack
       WHERE leaf_index NOT IN (SELECT leaf_index FROM content)`,
    );
    expect(kept.findings).toMatchObject([{ code: 'erased_content' }]);
    const gone = changed('DELETE FROM content WHERE leaf_index = 8');
    expect(gone).toMatchObject({ ok: true, findings: [{ code: 'content_missing' }] });
  });
});

describe('what was signed', () => {
  const noteOf = (folder: string) => readFileSync(join(folder, 'signed-tip'), 'utf8');

  test('a damaged signed tip is named, and is not rebuilt', () => {
    const report = afterwards(({ signedTip }) => writeFileSync(signedTip, 'no note'));
    expect(report.findings).toMatchObject([
      { code: 'checkpoint', canBeRebuilt: false },
      { code: 'signed_tip_lost', severity: 'warning' },
    ]);
    expect(report.findings[0]?.where).toMatch(/signed-tip$/);
  });

  test('a signed tip that is gone is missed; so is a copy', () => {
    const report = afterwards(({ signedTip }) => rmSync(signedTip));
    expect(report).toMatchObject({ ok: true, findings: [{ code: 'signed_tip_lost' }] });
    const copied = fsck(sound, { tipCopies: ['/nowhere/signed-tip'] });
    expect(copied).toMatchObject({ ok: true, findings: [{ code: 'tip_copy' }] });
  });

  test('a note that others signed, or that says another root', () => {
    const note = noteOf(sound);
    const [origin = '', count = '', root = ''] = note.split('\n');
    const other = `${root[0] === 'A' ? 'B' : 'A'}${root.slice(1)}`;
    const forged = afterwards(({ signedTip }) =>
      writeFileSync(signedTip, note.replace(root, other)),
    );
    expect(codes(forged)).toEqual(['forked_from_signed_tip', 'checkpoint_signature']);
    const ahead = afterwards(({ signedTip }) =>
      writeFileSync(signedTip, note.replace(`\n${count}\n`, `\n${size + 5}\n`)),
    );
    expect(codes(ahead)).toContain('behind_signed_tip');
    const foreign = afterwards(({ signedTip }) =>
      writeFileSync(signedTip, note.replace(origin, `other.example/${'0'.repeat(64)}`)),
    );
    expect(codes(foreign)).toEqual(['checkpoint_origin']);
  });

  test('a checkpoint row with a broken signature', () => {
    const report = changed(
      `UPDATE checkpoint SET note = replace(note, '— ', '— x') WHERE size < ?`,
      size,
    );
    expect(new Set(codes(report))).toEqual(new Set(['checkpoint_signature']));
    expect(report.findings[0]?.where).toBe('table checkpoint');
  });
});
