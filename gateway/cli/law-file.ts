import type { LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import { type LawTermsJson, termsOfJson } from '../http/terms-json.ts';
import { readJson } from './json-file.ts';
import { CliError, EXIT } from './terminal.ts';

/** The charter's section on its law, as `truegrain charter show --json` shows it under `terms.law`. */
export function readLawFile(file: string): LawTerms {
  const json = readJson(file) as LawTermsJson;
  const isWhole = typeof json === 'object' && json !== null && Array.isArray(json.laboratories);
  const terms = isWhole ? termsOfJson({ law: json }) : null;
  if (terms?.law) return terms.law;
  throw new CliError(
    EXIT.usage,
    `${file}: laboratories is a list of {name, certificate: base64url}`,
  );
}
