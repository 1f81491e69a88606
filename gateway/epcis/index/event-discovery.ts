import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { DiscoveryTree, PageAsk, ValuePage } from '../../http/epcis-backend.ts';
import type { Db, Query } from '../../store/database.ts';
import { CLASS_ROLE } from '../event-role.ts';
import { bareVocabulary, vocabularyUri } from '../gs1/cbv-vocabulary.ts';
import { textValue } from './fact-values.ts';
import { readPageToken, writePageToken } from './page-token.ts';

/** Term that a tree lists the values of; null: the things themselves. */
const TERMS: Readonly<Record<DiscoveryTree, string | null>> = {
  eventTypes: 'eventType',
  epcs: null,
  bizSteps: 'bizStep',
  bizLocations: 'bizLocation',
  readPoints: 'readPoint',
  dispositions: 'disposition',
};
const CHUNK_MIN = 32;

/** `(name, value)` and `word` are the order of the indexes: no query sorts. */
export const DISCOVERY_SQL = {
  values: `SELECT value FROM event_phrase p WHERE name = ? AND value > ?
    ORDER BY value LIMIT ?`,
  words: 'SELECT no, word FROM event_word WHERE word > ? ORDER BY word LIMIT ?',
  role: 'SELECT role FROM event_item WHERE item = ? LIMIT 1',
  phrase: 'SELECT no FROM event_phrase WHERE name = ? AND value = ?',
  word: 'SELECT no FROM event_word WHERE word = ?',
} as const;

/** What captured events say at all: the six trees of the REST interface. */
export class EventDiscovery {
  readonly #queries: Record<keyof typeof DISCOVERY_SQL, Query>;

  constructor(db: Db) {
    this.#queries = {
      values: db.prepare(DISCOVERY_SQL.values).pluck(),
      words: db.prepare(DISCOVERY_SQL.words),
      role: db.prepare(DISCOVERY_SQL.role).pluck(),
      phrase: db.prepare(DISCOVERY_SQL.phrase).pluck(),
      word: db.prepare(DISCOVERY_SQL.word).pluck(),
    };
  }

  /** In the order of their canonical URIs; words of CBV are bare, as in events. */
  discover(tree: DiscoveryTree, { limit, after }: PageAsk): Result<ValuePage, 'epcis_page_token'> {
    const position = after === null ? null : readPageToken(after, tree);
    const [start = ''] = position?.at ?? [];
    if ((after !== null && position === null) || typeof start !== 'string') {
      return fail('epcis_page_token', `this token is of no page of ${tree}`);
    }
    const found = this.#values(tree, start, limit + 1);
    const values = found.slice(0, limit);
    const last = values.at(-1);
    const given = (position?.given ?? 0) + values.length;
    const isMore = found.length > limit && last !== undefined;
    const next = isMore ? writePageToken({ order: 'text', at: [last], given }, tree) : null;
    return ok({ values: values.map((value) => shown(tree, value)), next });
  }

  /** Whether any event says this; in any spelling. */
  knows(tree: DiscoveryTree, value: string): boolean {
    const term = TERMS[tree];
    const text = wordOf(tree, value);
    if (term !== null) return this.#queries.phrase.get(term, text) !== undefined;
    const no = this.#queries.word.get(text) as number | undefined;
    return no !== undefined && this.#isThing(no);
  }

  #values(tree: DiscoveryTree, start: string, limit: number): string[] {
    const term = TERMS[tree];
    if (term !== null) return this.#queries.values.all(term, start, limit) as string[];
    const found: string[] = [];
    let after = start;
    for (;;) {
      const chunk = Math.max(CHUNK_MIN, limit);
      const words = this.#queries.words.all(after, chunk) as { no: number; word: string }[];
      for (const { no, word } of words) {
        if (this.#isThing(no)) found.push(word);
        if (found.length === limit) return found;
      }
      const last = words.at(-1);
      if (!last || words.length < chunk) return found;
      after = last.word;
    }
  }

  /** Classes are no EPCs; a URI is one or the other in every event. */
  #isThing(no: number): boolean {
    const role = this.#queries.role.get(no) as number | undefined;
    return role !== undefined && role < CLASS_ROLE;
  }
}

function wordOf(tree: DiscoveryTree, value: string): string {
  const uri =
    tree === 'bizSteps'
      ? vocabularyUri('bizStep', value)
      : tree === 'dispositions'
        ? vocabularyUri('disposition', value)
        : value;
  return textValue(uri);
}

function shown(tree: DiscoveryTree, value: string): string {
  if (tree === 'bizSteps') return bareVocabulary('bizStep', value);
  return tree === 'dispositions' ? bareVocabulary('disposition', value) : value;
}
