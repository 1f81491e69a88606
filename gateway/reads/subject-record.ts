import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseClaim } from '@truegrain/device-sdk/formats/claim.js';
import type { OrderRecord } from '@truegrain/device-sdk/formats/law-state.js';
import { MEDIA_CLAIM } from '@truegrain/device-sdk/formats/media-types.js';
import type { BreachView, SubjectRecord } from '../http/law-backend.ts';
import { orderView } from '../law-view.ts';
import { FLAG } from '../ledger/grade.ts';
import { breachesOf, statementAt } from './breaches.ts';
import type { ReadContext } from './read-context.ts';

/** Breaches shown; a record says that there are more by their number in the findings. */
const BREACHES_SHOWN_MAX = 100;
const SCAN_ROWS = 1_000;

/**
 * What the log holds about one thing: facts by what they are worth, what rules it broke, what a
 * supervisor noted, and beside all that what somebody says of it. Null where nobody spoke of it.
 */
export function subjectRecord(context: ReadContext, subject: string): SubjectRecord | null {
  const claims = claimsAbout(context, subject);
  const annotations = annotationsOf(context, subject);
  const { facts, breaches } = factsAbout(context, subject);
  const count = facts.measured + facts.observed + facts.declared;
  if (count + claims.length + annotations.length === 0) return null;
  return {
    subject,
    facts,
    measuredShare: count === 0 ? null : facts.measured / count,
    breaches,
    annotations: annotations.map(orderView),
    claims,
    notProved: NOT_PROVED,
  };
}

const NOT_PROVED = [
  'That the readings are of this thing: the name is what a device’s owner gave it, and the binding grade says how hard it is to move.',
  'That a value is true. A signature says who measured, not that the sensor was right.',
  'Claims: the ledger keeps who said them and when, and vouches for none of it.',
  'What happened between readings, and before the first and after the last one.',
];

function factsAbout(context: ReadContext, subject: string) {
  const { packs, fold } = context.store;
  const facts = { measured: 0, observed: 0, declared: 0 };
  const breaches: BreachView[] = [];
  const no = packs.findSubject(subject);
  let after = { afterMs: Number.MIN_SAFE_INTEGER, afterLeaf: -1 };
  while (no !== null) {
    const beforeMs = Number.MAX_SAFE_INTEGER;
    const rows = packs.scan({
      scope: 'subject',
      no,
      wide: false,
      ...after,
      beforeMs,
      limit: SCAN_ROWS,
    });
    for (const { grade, leafIndex } of rows) {
      facts[factOf(grade)] += 1;
      const statement =
        breaches.length < BREACHES_SHOWN_MAX ? statementAt(context, leafIndex) : null;
      if (statement && fold.rulingsOf(statement.id).length > 0) {
        breaches.push(...breachesOf(context, statement.id));
      }
    }
    const last = rows.at(-1);
    if (rows.length < SCAN_ROWS || !last) break;
    after = { afterMs: last.firstMs, afterLeaf: last.leafIndex };
  }
  return { facts, breaches };
}

/** As `verify` says it of evidence (formats/evidence-batch): a flag caps what the axes would give. */
export function factOf(grade: number): keyof SubjectRecord['facts'] {
  const origin = (grade >> 20) & 15;
  const metrology = (grade >> 12) & 15;
  const doubtful = (grade & (FLAG.fork | FLAG.gapBefore | FLAG.suspect)) !== 0;
  if (doubtful || origin < 2) return 'declared';
  const isSure = (grade & (FLAG.calibrationOverdue | FLAG.untrustedClock)) === 0;
  return metrology >= 2 && isSure ? 'measured' : 'observed';
}

function annotationsOf({ state }: ReadContext, subject: string): OrderRecord[] {
  const orders = state().membership?.law.orders.values() ?? [];
  return [...orders].filter(({ order: { target } }) => {
    return target.kind === 'subject' && target.id === subject;
  });
}

function claimsAbout(context: ReadContext, subject: string): SubjectRecord['claims'] {
  const { store, state } = context;
  return store.deviceLeaves.governanceOf(subject, state().size).flatMap((leafIndex) => {
    const statement = statementAt(context, leafIndex);
    const { payload } = statement ?? {};
    if (!statement || payload?.kind !== 'inline' || payload.contentType !== MEDIA_CLAIM) return [];
    const claim = parseClaim(payload.bytes);
    if (!claim.ok) throw new Error(`claim ${toHex(statement.id)}: ${claim.code}`);
    const { text, speaker } = claim.value;
    return [{ text, speaker, passedOnBy: statement.iss, leafIndex }];
  });
}
