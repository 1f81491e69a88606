import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Db } from '../store/database.ts';
import { Wanted } from '../store/wanted.ts';
import type { FindingList } from './findings.ts';

interface Log {
  stored: Db;
  rebuilt: Db;
  entryAt: (leafIndex: number) => Uint8Array | null;
  /** Statement ids in hex. */
  erased: ReadonlyMap<string, number>;
}

const WHERE = 'table content';

/** Every kept content against the digest its device signed; returns how many are kept. */
export function checkContents(
  log: Log,
  findings: FindingList,
  onContent: (done: number) => void,
): number {
  let done = 0;
  findings.guard({ where: WHERE }, () => {
    const rows = log.stored.prepare('SELECT leaf_index AS leafIndex, bytes FROM content');
    for (const row of rows.iterate() as Iterable<{ leafIndex: number; bytes: unknown }>) {
      const wrong = contentFault(statementAt(log, row.leafIndex), row.bytes, log.erased);
      if (wrong) findings.add({ ...wrong, where: WHERE, leafIndex: row.leafIndex });
      done += 1;
      onContent(done);
    }
  });
  return done;
}

function contentFault(
  statement: Statement | null,
  bytes: unknown,
  erased: ReadonlyMap<string, number>,
): { code: string; text: string } | null {
  if (statement?.payload.kind !== 'hash') {
    return { code: 'content_orphan', text: 'content without its statement' };
  }
  if (erased.has(toHex(statement.id))) {
    return {
      code: 'erased_content',
      text: 'was erased by a statement in the log and is still kept',
    };
  }
  if (!(bytes instanceof Uint8Array) || !equal(sha256(bytes), statement.payload.digest)) {
    const text =
      'does not have the digest its device signed; the proofs stand, the readings do not';
    return { code: 'content_damaged', text };
  }
  return null;
}

/** Contents that are neither kept, nor erased by a statement, nor known to be with others. */
export function checkMissing(log: Log, findings: FindingList): void {
  findings.guard({ where: WHERE }, () => {
    const wanted = new Wanted(log.stored);
    for (const { owner, count, sealed } of wanted.countByOwner()) {
      const text = `contents of ${owner} are not here: ${sealed} not disclosed to this member, ${count - sealed} on their way`;
      findings.add({ code: 'content_elsewhere', where: WHERE, severity: 'note', text });
    }
    const has = log.stored.prepare('SELECT 1 FROM content WHERE leaf_index = ?').pluck();
    const packs = log.rebuilt.prepare('SELECT leaf_index FROM pack ORDER BY leaf_index').pluck();
    for (const leafIndex of packs.iterate() as Iterable<number>) {
      if (has.get(leafIndex) !== undefined || wanted.has(leafIndex)) continue;
      const statement = statementAt(log, leafIndex);
      if (!statement || log.erased.has(toHex(statement.id))) continue;
      const text = 'content is not kept, and no statement erased it';
      findings.add({ code: 'content_missing', where: WHERE, leafIndex, severity: 'warning', text });
    }
  });
}

function statementAt({ entryAt }: Log, leafIndex: number): Statement | null {
  const entry = entryAt(leafIndex);
  const parsed = entry ? parseStatement(entry) : null;
  return parsed?.ok ? parsed.value : null;
}
