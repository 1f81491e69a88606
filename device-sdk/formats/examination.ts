// SPEC.md §10.10: a member's report on itself and on what it sees; members' reports are compared.

/** @module examination */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';
import { URI } from './governance.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import type { Result } from './result.ts';

export interface Examination {
  readonly logTimeMs: number;
  /** Tree size that `seen` is about: all that report on one size must have seen the same. */
  readonly size: number;
  readonly seen: Seen;
  readonly own: Own;
}

/** Follows from the log's first `size` leaves, so two honest members cannot differ. */
export interface Seen {
  /** RFC 9162 root at that size. */
  readonly root: Uint8Array;
  readonly devices: number;
  readonly statements: number;
  readonly refusals: number;
  /** Numbers that are missing in streams of devices. */
  readonly missing: number;
  readonly overdueCalibrations: number;
  /** Rulings that say a rule was broken. */
  readonly broken: number;
}

/** What the member alone can say of itself. */
export interface Own {
  /** How far its clock is from the others', ms; null where it could not be measured. */
  readonly clockOffsetMs: number | null;
  /** Roles of own keys and certificates that run out within 30 days, in words. */
  readonly expiring: readonly string[];
  /** Of the last 1,000 checkpoints it anchored, how many each other member had cosigned: `iss` and count. */
  readonly cosigned: readonly { readonly iss: string; readonly count: number }[];
  readonly anchored: number;
  /** Contents it may hold and does not. */
  readonly unheld: number;
}

const SEEN = [
  'devices',
  'statements',
  'refusals',
  'missing',
  'overdueCalibrations',
  'broken',
] as const satisfies readonly (keyof Seen)[];

export function encodeExamination({ logTimeMs, size, seen, own }: Examination): Uint8Array {
  const seenMap: CborMap = new Map<CborKey, CborValue>([['root', seen.root]]);
  for (const key of SEEN) seenMap.set(key, seen[key]);
  const ownMap = new Map<CborKey, CborValue>([
    ['clockOffsetMs', own.clockOffsetMs],
    ['expiring', [...own.expiring]],
    ['cosigned', own.cosigned.map(({ iss, count }) => [iss, count])],
    ['anchored', own.anchored],
    ['unheld', own.unheld],
  ]);
  return encodePayload(logTimeMs, [
    ['size', size],
    ['seen', seenMap],
    ['own', ownMap],
  ]);
}

export function parseExamination(bytes: Uint8Array): Result<Examination> {
  const opened = openPayload(bytes, 'examination');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    size: fields.uint('size', { min: 1 }),
    seen: readSeen(fields.map('seen')),
    own: readOwn(fields.map('own')),
  });
}

function readSeen(fields: Fields): Seen {
  const seen = {
    root: fields.digest('root'),
    devices: fields.uint('devices'),
    statements: fields.uint('statements'),
    refusals: fields.uint('refusals'),
    missing: fields.uint('missing'),
    overdueCalibrations: fields.uint('overdueCalibrations'),
    broken: fields.uint('broken'),
  };
  fields.close();
  return seen;
}

function readOwn(fields: Fields): Own {
  const offset = { min: -86_400_000, max: 86_400_000 };
  const list = fields.list('cosigned', { max: 64 });
  const cosigned = list.map(readCount).filter((one) => one !== null);
  if (cosigned.length < list.length) fields.odd('cosigned', '[iss, count]');
  const own = {
    clockOffsetMs: fields.numberOrNull('clockOffsetMs', offset),
    expiring: fields.texts(
      'expiring',
      { max: 64 },
      (text) => text.length > 0 && text.length <= 256,
    ),
    cosigned,
    anchored: fields.uint('anchored'),
    unheld: fields.uint('unheld'),
  };
  fields.close();
  return own;
}

function readCount(item: CborValue): Own['cosigned'][number] | null {
  if (!Array.isArray(item) || item.length !== 2) return null;
  const [iss, count] = item;
  if (typeof iss !== 'string' || !URI.test(iss)) return null;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return null;
  return { iss, count };
}
