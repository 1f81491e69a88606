import type { MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import { type LawTerms, POWERS } from '@truegrain/device-sdk/formats/law-terms.js';
import { isSupervisory } from '@truegrain/device-sdk/formats/supervision.js';

/** What a charter says of its law where its founders write nothing: it stands in leaf 0 all the same. */
const DEFAULT_LAW: LawTerms = {
  memberKinds: ['participant', 'regulator', 'self-regulatory', 'auditor'],
  conditions: [],
  profiles: [],
  deadlock:
    'Where the members do not agree, what holds goes on holding: no rule, member or term changes ' +
    'without the signatures that this charter asks for. A member that does not want to go on so ' +
    'gives notice and leaves.',
  supervisors: [],
  laboratories: [],
  examinationDays: 30,
};

/** Regulators and self-regulatory founders supervise all sectors, with every power. */
export function defaultLaw(
  founders: readonly { readonly iss: string; readonly kind: MemberKind }[],
): LawTerms {
  const supervisors = founders
    .filter(({ kind }) => isSupervisory(kind))
    .map(({ iss }) => ({ member: iss, sectors: [], powers: [...POWERS] }));
  return { ...DEFAULT_LAW, supervisors };
}
