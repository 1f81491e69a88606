// A charter's terms as JSON: all as it is, but for the certificates, which are base64url there.
import { fromBase64Url, toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import type { Laboratory, LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import type { Terms } from '@truegrain/device-sdk/formats/terms.js';

export interface LawTermsJson extends Omit<LawTerms, 'laboratories'> {
  readonly laboratories: readonly { readonly name: string; readonly certificate: string }[];
}

export interface TermsJson extends Omit<Terms, 'law'> {
  readonly law: LawTermsJson | null;
}

export function termsToJson(terms: Terms): TermsJson {
  const { law } = terms;
  if (law === null) return { ...terms, law };
  const laboratories = law.laboratories.map(({ name, certificate }) => {
    return { name, certificate: toBase64Url(certificate) };
  });
  return { ...terms, law: { ...law, laboratories } };
}

/** Null where a certificate is not base64url. */
export function termsOfJson(json: Partial<TermsJson>): Partial<Terms> | null {
  const { law, ...rest } = json;
  if (law === undefined) return rest;
  if (law === null) return { ...rest, law };
  const laboratories: Laboratory[] = [];
  for (const { name, certificate } of law.laboratories) {
    const bytes = fromBase64Url(certificate);
    if (bytes === null) return null;
    laboratories.push({ name, certificate: bytes });
  }
  return { ...rest, law: { ...law, laboratories } };
}
