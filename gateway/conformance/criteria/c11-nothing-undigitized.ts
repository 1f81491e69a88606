import { parseClaim } from '@truegrain/device-sdk/formats/claim.js';
import { inlineOf } from '@truegrain/device-sdk/formats/evidence-ledger.js';
import { MEDIA_CLAIM } from '@truegrain/device-sdk/formats/media-types.js';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import { checkFacts } from '../facts.ts';
import type { FoldedLedger } from '../fold.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-11',
  title: 'Nothing is attested that nobody digitized',
  severity: 'fatal',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

const SHOWN_MAX = 20;

function judge({ law, leaves }: View): Finding {
  if (!law?.ok || !leaves.seen) return notSeen(NO_CHARTER);
  const claims = claimsOf(law.value);
  if (!leaves.value.isWhole) {
    const closed = 'statements of devices and their grades: a token opens them';
    return finding(
      'not seen',
      `the facts were not shown; ${claims.length} claims under their speakers’ names were`,
      {
        evidence: claims.slice(0, SHOWN_MAX),
        notSeen: [closed],
      },
    );
  }
  const { facts, faults } = checkFacts(leaves.value.leaves);
  if (faults.length > 0) {
    const summary = `${faults.length} of ${facts} facts are graded above what their origin bears`;
    return finding('failed', summary, { evidence: faults.slice(0, SHOWN_MAX) });
  }
  const summary = `${facts} facts, none graded above what its origin bears; ${claims.length} claims stand beside them under their speakers’ names`;
  return finding('passed', summary, { evidence: claims.slice(0, SHOWN_MAX) });
}

function claimsOf({ statements }: FoldedLedger): string[] {
  return statements.flatMap(({ index, statement }) => {
    const bytes = inlineOf(statement, MEDIA_CLAIM);
    const claim = bytes && parseClaim(bytes);
    if (!claim?.ok) return [];
    const { speaker, text, subject } = claim.value;
    return [`leaf ${index}: ${speaker.name} (${speaker.organisation}) says of ${subject}: ${text}`];
  });
}
