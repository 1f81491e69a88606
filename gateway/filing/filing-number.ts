import type { Law } from '@truegrain/device-sdk/formats/law-state.js';

/** For the foot of every public page (CAC Order 3: the number is shown); null before a filing. */
export function filingNumberLine({ filings }: Pick<Law, 'filings'>): string | null {
  const inForce = [...filings.values()].filter(({ status }) => status === 'in force');
  if (inForce.length === 0) return null;
  return inForce
    .map(
      ({ number, authority, url }) => `Filed with ${authority}: ${number}${url ? ` (${url})` : ''}`,
    )
    .join('; ');
}
