import { RULED_SCHEMA } from './ruled-packs.ts';
import { SERIES_SCHEMA } from './sensor-series.ts';
import { SPAN_SCHEMA } from './sensor-spans.ts';
import { LOOKUP_SCHEMA } from './trace-tables.ts';
import { WANTED_SCHEMA } from './wanted.ts';

/**
 * The tables of a ledger's store, by version. `leaf` and `content` are what was received; every
 * other table of the first group is a fold over `leaf` and can be dropped (`truegrain reindex`);
 * the last group is this gateway's own business and never leaves it.
 */
export const SCHEMA_VERSION = 4;

/** Tables computed from the entries: dropped and rebuilt by `reindex`. */
export const FOLD_TABLES = [
  'tile',
  'statement_ref',
  'pack',
  'subject',
  'ledger_key',
  'device',
  'stream',
  'refusal',
  'ruling',
  'governance',
  'device_leaf',
  'notice_leaf',
  'erased',
  'ruled_pack',
  'subject_alias',
] as const;

/** Tables computed from contents and their entries: gone with a content that is erased. */
export const CONTENT_TABLES = [
  'event',
  'event_term',
  'event_number',
  'event_item',
  'event_ref',
  'event_phrase',
  'event_word',
  'handover_half',
  'sensor_series',
  'sensor_subject',
  'sensor_open',
  'sensor_span',
] as const;

/** Packs as long as this are rare; a query by time looks back this far for all others. */
export const WIDE_PACK_MS = 300_000;
/** Packs to be found by another time than their first: long ones, and those without a clock. */
export const WIDE_PACK = `(last_ms - first_ms > ${WIDE_PACK_MS} OR grade & 4)`;
/** Statements before which numbers were missing when they came. */
export const GAP_EDGE = '(grade & 8)';

export const FOLD_SCHEMA = `
CREATE TABLE IF NOT EXISTS tile(
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY(level, idx)) WITHOUT ROWID;
-- First 48 bits of the statement id: the entry itself settles a collision.
CREATE TABLE IF NOT EXISTS statement_ref(
  id48 INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(id48, leaf_index)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject(no INTEGER PRIMARY KEY, sub TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS pack(
  leaf_index INTEGER PRIMARY KEY, key_no INTEGER NOT NULL, seq INTEGER NOT NULL,
  subject_no INTEGER NOT NULL,
  -- Log time of the batch where the device had no clock (quality 0).
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  grade INTEGER NOT NULL, batch_leaf INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS pack_seq ON pack(key_no, seq);
CREATE INDEX IF NOT EXISTS pack_time ON pack(key_no, first_ms);
CREATE INDEX IF NOT EXISTS pack_subject ON pack(subject_no, first_ms);
CREATE INDEX IF NOT EXISTS pack_when ON pack(first_ms);
-- Partial: an ordinary pack costs a comparison here and no write.
CREATE INDEX IF NOT EXISTS pack_time_wide ON pack(key_no, first_ms) WHERE ${WIDE_PACK};
CREATE INDEX IF NOT EXISTS pack_subject_wide ON pack(subject_no, first_ms) WHERE ${WIDE_PACK};
CREATE INDEX IF NOT EXISTS pack_when_wide ON pack(first_ms) WHERE ${WIDE_PACK};
CREATE INDEX IF NOT EXISTS pack_gap ON pack(key_no, seq) WHERE ${GAP_EDGE};
CREATE TABLE IF NOT EXISTS ledger_key(no INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS device(device TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream(
  key_no INTEGER PRIMARY KEY, max_seq INTEGER NOT NULL, tip_id BLOB NOT NULL,
  missing INTEGER NOT NULL, forked INTEGER NOT NULL, log_time_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refusal(
  id BLOB PRIMARY KEY, code TEXT NOT NULL, batch_leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS governance(
  leaf_index INTEGER PRIMARY KEY, kind TEXT NOT NULL, id BLOB NOT NULL, log_time_ms INTEGER NOT NULL);
-- Registrations, rotations and revocations by device; boot and gap records by key.
CREATE TABLE IF NOT EXISTS device_leaf(
  device TEXT NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(device, leaf_index)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice_leaf(
  key_no INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(key_no, leaf_index)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased(id BLOB PRIMARY KEY, erasure_leaf INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * Which rule a statement broke; it may be in the log or refused. Two gateways may refuse one frame
 * before either's batch is in the log: each of their rulings is kept.
 */
const LAW_SCHEMA = `
CREATE TABLE IF NOT EXISTS ruling(
  id BLOB NOT NULL, rule TEXT NOT NULL, version INTEGER NOT NULL, batch_leaf INTEGER NOT NULL,
  PRIMARY KEY(id, rule, version, batch_leaf)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ruling_batch ON ruling(batch_leaf);
`;

/** Alliance mode: what was promised and is not in a block, and the block the store is at. */
const ALLIANCE_SCHEMA = `
CREATE TABLE IF NOT EXISTS inbox(
  no INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, device TEXT, frame BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS block(
  one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL, app_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot_point(
  height INTEGER PRIMARY KEY, size INTEGER NOT NULL, app_hash BLOB NOT NULL);
${WANTED_SCHEMA}`;

/**
 * Captured EPCIS events, found by what they say. Written with the content that holds them and gone
 * with it (`erase`); computed from entries and contents together, so `reindex` builds them last.
 */
const EVENT_SCHEMA = `
-- The things that events are about (canonical URIs); gone with the last event that names them.
CREATE TABLE IF NOT EXISTS event_word(no INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
-- What events say: (eventType, ObjectEvent), (bizStep, …), (EXISTS, sensorElementList).
CREATE TABLE IF NOT EXISTS event_phrase(
  no INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL, UNIQUE(name, value));
CREATE TABLE IF NOT EXISTS event(
  leaf_index INTEGER PRIMARY KEY, event_ms INTEGER NOT NULL, record_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS event_by_time ON event(event_ms, leaf_index);
CREATE INDEX IF NOT EXISTS event_by_record ON event(record_ms, leaf_index);
CREATE TABLE IF NOT EXISTS event_ref(
  event_id TEXT NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(event_id, leaf_index)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_term(
  phrase INTEGER NOT NULL, event_ms INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(phrase, event_ms, leaf_index)) WITHOUT ROWID;
-- What an event says in numbers, in base units, and in times (ms); the phrase has no value.
CREATE TABLE IF NOT EXISTS event_number(
  phrase INTEGER NOT NULL, value REAL NOT NULL, event_ms INTEGER NOT NULL,
  leaf_index INTEGER NOT NULL,
  PRIMARY KEY(phrase, value, event_ms, leaf_index)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_number_leaf ON event_number(leaf_index, phrase, value);
-- The things it is about, and the part that each plays (epcis/event-role.ts).
CREATE TABLE IF NOT EXISTS event_item(
  item INTEGER NOT NULL, event_ms INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  role INTEGER NOT NULL, quantity REAL, uom TEXT,
  PRIMARY KEY(item, event_ms, leaf_index, role)) WITHOUT ROWID;
-- The other things of an event that one of them leads to.
CREATE INDEX IF NOT EXISTS event_item_leaf ON event_item(leaf_index);
-- This gateway's own: documents on their way into the log. The text goes when the job is done.
CREATE TABLE IF NOT EXISTS capture_job(
  no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL,
  finished_ms INTEGER, behaviour TEXT NOT NULL, errors TEXT NOT NULL, document TEXT);
`;

/** Halves of hand-overs (handover/), found by thing and by time; written and erased as the events are. */
const HANDOVER_SCHEMA = `
CREATE TABLE IF NOT EXISTS handover_half(
  item TEXT NOT NULL, time_ms INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  -- Its place among the halves of its pack.
  part INTEGER NOT NULL, device TEXT NOT NULL, said TEXT NOT NULL,
  PRIMARY KEY(item, time_ms, leaf_index, part)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS handover_half_when ON handover_half(time_ms, leaf_index, part);
CREATE INDEX IF NOT EXISTS handover_half_leaf ON handover_half(leaf_index);
`;

/** Standing questions of this gateway's clients: its own business, kept through `reindex`. */
const STANDING_SCHEMA = `
CREATE TABLE IF NOT EXISTS named_query(
  name TEXT PRIMARY KEY, query TEXT NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;
-- The last event that the subscriber has taken: what comes after it is still to be delivered.
CREATE TABLE IF NOT EXISTS subscription(
  id TEXT PRIMARY KEY, query_name TEXT NOT NULL, terms TEXT NOT NULL,
  created_ms INTEGER NOT NULL, notified_ms INTEGER,
  record_ms INTEGER NOT NULL, leaf_index INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subscription_query ON subscription(query_name, id);
`;

/** This gateway's own: up to where each address of the configuration has taken what was found. */
const FINDING_SCHEMA = `
CREATE TABLE IF NOT EXISTS finding_webhook(
  url TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;
`;

/** What trace, conditions and charts read instead of contents. */
const TRACE_SCHEMA = `${LOOKUP_SCHEMA}${RULED_SCHEMA}${SERIES_SCHEMA}${SPAN_SCHEMA}`;

/** This gateway's own: how far packs have become events, and the events that are on their way. */
const DERIVE_SCHEMA = `
CREATE TABLE IF NOT EXISTS derive_point(
  setting TEXT PRIMARY KEY, from_leaf INTEGER NOT NULL, done_leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS derived_event(
  no INTEGER PRIMARY KEY AUTOINCREMENT, setting TEXT NOT NULL, event TEXT NOT NULL);
`;

/** The packs of a store from before all this have no sums and no aliases yet (ledger/catch-up.ts). */
const CATCH_UP_SCHEMA = `
CREATE TABLE IF NOT EXISTS catch_up(what TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO catch_up SELECT 'lookups' WHERE EXISTS (SELECT 1 FROM pack);
`;

const PROVENANCE_SCHEMA = [
  EVENT_SCHEMA,
  HANDOVER_SCHEMA,
  STANDING_SCHEMA,
  TRACE_SCHEMA,
  DERIVE_SCHEMA,
  FINDING_SCHEMA,
  CATCH_UP_SCHEMA,
].join('');

const SOLO_SCHEMA = `
CREATE TABLE IF NOT EXISTS leaf(leaf_index INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS content(leaf_index INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
${FOLD_SCHEMA}
CREATE TABLE IF NOT EXISTS checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refused_frame(
  id BLOB PRIMARY KEY, device TEXT NOT NULL, seq INTEGER, code TEXT NOT NULL,
  received_ms INTEGER NOT NULL, frame BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credential(
  device TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS enrolment(
  token_hash BLOB PRIMARY KEY, device TEXT NOT NULL, spec TEXT NOT NULL,
  expires_ms INTEGER NOT NULL, used_ms INTEGER) WITHOUT ROWID;
`;

/** Statements that bring a store of version n to n + 1, in order; each runs in one transaction. */
export const MIGRATIONS: readonly string[] = [
  SOLO_SCHEMA,
  ALLIANCE_SCHEMA,
  LAW_SCHEMA,
  PROVENANCE_SCHEMA,
];

export const SCHEMA = MIGRATIONS.join('');
