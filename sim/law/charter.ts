import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberPlace } from '../alliance/member-place.ts';

export const PROFILE = 'pharma-gdp';
export const RULE = 'pharma-cold-2-8';

/** What the four put into their charter: kinds, a condition, a profile, who supervises. */
export function writeLaw(folder: string, regulator: MemberPlace): string {
  const file = join(folder, 'law.json');
  const law = {
    memberKinds: ['participant', 'regulator', 'auditor'],
    conditions: [
      {
        id: 'wholesale-licence',
        on: 'entry',
        kind: 'participant',
        requirement: 'licence',
        text: 'A licence to distribute medicinal products (Directive 2001/83/EC, Article 77)',
        attestedBy: 'regulator',
      },
    ],
    profiles: [PROFILE],
    deadlock: 'What holds goes on holding until all have signed something else.',
    supervisors: [
      {
        member: regulator.iss,
        sectors: [],
        powers: [
          ...['approve-rules', 'suspend-device', 'suspend-rule', 'suspend-member'],
          ...['annotate', 'inspect'],
        ],
      },
    ],
    laboratories: [],
    examinationDays: 30,
  };
  writeFileSync(file, JSON.stringify(law, null, 2));
  return file;
}

/** The person who answers for the ledger. */
export const ANSWERS = [
  ...['--responsible', 'Prof. L. Example', '--organisation', 'mill'],
  ...['--contact', 'mailto:ledger@mill.invalid'],
];

/** The person who answers for the profile's rules. */
export const RESPONSIBLE = [
  ...['--name', 'Dr. R. Example', '--organisation', 'mill'],
  ...['--contact', 'mailto:responsible@mill.invalid'],
];

/** The official who orders. */
export const OFFICIAL = [
  ...['--name', 'I. Inspector', '--organisation', 'authority, inspectorate'],
  ...['--contact', 'mailto:inspector@authority.invalid'],
];
