import type { NamedQuery, PageAsk } from '../../http/epcis-backend.ts';
import type { Db, Query } from '../../store/database.ts';
import type { JsonObject } from '../json.ts';

/** Unreserved characters of a URL: a name is a part of a path and of a file's name. */
export const QUERY_NAME = /^[A-Za-z0-9][\w.~-]{0,127}$/;
/** The queries that EPCIS names itself. */
export const RESERVED_NAMES: readonly string[] = ['SimpleEventQuery', 'SimpleMasterDataQuery'];

interface Row {
  readonly name: string;
  readonly query: string;
}

/** Named queries as they are kept: by name, each the JSON that its client gave. */
export class NamedQueries {
  readonly #page: Query;
  readonly #get: Query;
  readonly #add: Query;
  readonly #remove: Query;

  constructor(db: Db) {
    const columns = 'SELECT name, query FROM named_query';
    this.#page = db.prepare(`${columns} WHERE name > ? ORDER BY name LIMIT ?`);
    this.#get = db.prepare(`${columns} WHERE name = ?`);
    this.#add = db.prepare('INSERT OR IGNORE INTO named_query VALUES (?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM named_query WHERE name = ?');
  }

  list({ limit, after }: PageAsk): { queries: readonly NamedQuery[]; next: string | null } {
    const rows = this.#page.all(after ?? '', limit + 1) as Row[];
    const queries = rows.slice(0, limit).map(queryOf);
    return { queries, next: rows.length > limit ? (queries.at(-1)?.name ?? null) : null };
  }

  get(name: string): NamedQuery | null {
    const row = this.#get.get(name) as Row | undefined;
    return row ? queryOf(row) : null;
  }

  /** False where the name is taken. */
  add({ name, query }: NamedQuery, createdMs: number): boolean {
    return this.#add.run(name, JSON.stringify(query), createdMs).changes === 1;
  }

  remove(name: string): boolean {
    return this.#remove.run(name).changes === 1;
  }
}

const queryOf = ({ name, query }: Row): NamedQuery => ({
  name,
  query: JSON.parse(query) as JsonObject,
});
