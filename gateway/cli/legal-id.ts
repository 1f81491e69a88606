import { createHash } from 'node:crypto';
import type { LegalId } from '@truegrain/device-sdk/formats/member-record.js';
import { readInput } from './alliance-files.ts';
import { CliError, EXIT } from './terminal.ts';

export interface LegalIdOptions {
  lei?: string;
  uscc?: string;
  evidence?: string;
}

/** A typo in a legal id would stand in the log for ever: both schemes have check digits. */
export function legalIdOf({ lei, uscc, evidence }: LegalIdOptions): LegalId | undefined {
  if (lei !== undefined && uscc !== undefined) {
    throw new CliError(EXIT.usage, 'one legal id: --lei or --uscc');
  }
  const value = lei ?? uscc;
  if (value === undefined) {
    if (evidence === undefined) return undefined;
    throw new CliError(EXIT.usage, '--evidence proves a legal id: give --lei or --uscc');
  }
  if (lei !== undefined && !isLei(lei)) throw new CliError(EXIT.usage, `--lei ${lei} is no LEI`);
  if (uscc !== undefined && !isUscc(uscc)) {
    throw new CliError(EXIT.usage, `--uscc ${uscc} is no unified social credit code`);
  }
  const digest = evidence === undefined ? null : evidenceDigest(evidence);
  return { scheme: lei === undefined ? 'uscc' : 'lei', value, evidence: digest };
}

/** SHA-256 of the document; the document itself stays with its owner, who shows it on demand. */
function evidenceDigest(file: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(readInput(file)).digest());
}

/** ISO 17442-1: 18 characters and two check digits, ISO/IEC 7064 MOD 97-10. */
export function isLei(text: string): boolean {
  if (!/^[0-9A-Z]{18}[0-9]{2}$/.test(text)) return false;
  const digits = [...text].map((one) => Number.parseInt(one, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}

/** GB 32100-2015: 17 characters and a check character, weights 3^i, modulo 31. */
export function isUscc(text: string): boolean {
  if (text.length !== 18) return false;
  const values = [...text].map((one) => USCC_CHARACTERS.indexOf(one));
  if (values.includes(-1)) return false;
  let sum = 0;
  let weight = 1;
  for (const value of values.slice(0, 17)) {
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  return values[17] === (31 - (sum % 31)) % 31;
}

/** Without I, O, S, V and Z, which look like others. */
const USCC_CHARACTERS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
