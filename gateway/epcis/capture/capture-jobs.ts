import { randomUUID } from 'node:crypto';
import type { CaptureJob, ErrorBehaviour, PageAsk } from '../../http/epcis-backend.ts';
import type { Db, Query } from '../../store/database.ts';
import type { RuleBreach } from '../event.ts';
import type { Json } from '../json.ts';

/** Finished jobs that can still be asked for. */
const FINISHED_KEPT_MAX = 10_000;

interface Row {
  readonly no: number;
  readonly id: string;
  readonly createdMs: number;
  readonly finishedMs: number | null;
  readonly behaviour: ErrorBehaviour;
  readonly errors: string;
}

export interface OpenJob {
  readonly captureId: string;
  readonly behaviour: ErrorBehaviour;
  readonly document: Json;
}

/**
 * Documents between 202 and the log. A crash leaves the row with its document: the next start goes on
 * with it, and what of it is in the log already is found there.
 */
export class CaptureJobs {
  readonly #insert: Query;
  readonly #finish: Query;
  readonly #byId: Query;
  readonly #page: Query;
  readonly #open: Query;
  readonly #prune: Query;

  constructor(db: Db) {
    const columns = `no, id, created_ms AS createdMs, finished_ms AS finishedMs, behaviour, errors`;
    this.#insert = db.prepare(
      `INSERT INTO capture_job(id, created_ms, behaviour, errors, document)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#finish = db.prepare(
      'UPDATE capture_job SET finished_ms = ?, errors = ?, document = NULL WHERE id = ?',
    );
    this.#byId = db.prepare(`SELECT ${columns} FROM capture_job WHERE id = ?`);
    this.#page = db.prepare(
      `SELECT ${columns} FROM capture_job WHERE no < ? ORDER BY no DESC LIMIT ?`,
    );
    this.#open = db.prepare(
      `SELECT id AS captureId, behaviour, document FROM capture_job
       WHERE finished_ms IS NULL ORDER BY no`,
    );
    this.#prune = db.prepare(
      `DELETE FROM capture_job WHERE finished_ms IS NOT NULL
       AND no <= (SELECT max(no) FROM capture_job) - ?`,
    );
  }

  /** On disk when it returns: a 202 is a promise. */
  open(document: unknown, behaviour: ErrorBehaviour, createdMs: number): CaptureJob {
    const id = randomUUID();
    this.#insert.run(id, createdMs, behaviour, '[]', JSON.stringify(document));
    const opened = this.find(id);
    if (!opened) throw new Error('a job that was just written is gone');
    return opened;
  }

  finish(captureId: string, errors: readonly RuleBreach[], finishedMs: number): void {
    this.#finish.run(finishedMs, JSON.stringify(errors), captureId);
    this.#prune.run(FINISHED_KEPT_MAX);
  }

  find(captureId: string): CaptureJob | null {
    const row = this.#byId.get(captureId) as Row | undefined;
    return row ? jobOf(row) : null;
  }

  /** Newest first; `after` is the number of the last one of the page before. */
  page({ limit, after }: PageAsk): { jobs: CaptureJob[]; next: string | null } {
    const before = after === null ? Number.MAX_SAFE_INTEGER : Number(after);
    const rows = this.#page.all(Number.isSafeInteger(before) ? before : 0, limit + 1) as Row[];
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const next = rows.length > limit && last ? String(last.no) : null;
    return { jobs: shown.map(jobOf), next };
  }

  /** Oldest first. */
  unfinished(): OpenJob[] {
    const rows = this.#open.all() as (Omit<OpenJob, 'document'> & { document: string })[];
    return rows.map((row) => ({ ...row, document: JSON.parse(row.document) as Json }));
  }
}

function jobOf({ id, createdMs, finishedMs, behaviour, errors }: Row): CaptureJob {
  const found = JSON.parse(errors) as RuleBreach[];
  const success = finishedMs !== null && found.length === 0;
  return { captureId: id, createdMs, finishedMs, success, behaviour, errors: found };
}
