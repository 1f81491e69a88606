import { readFileSync, statSync } from 'node:fs';
import { fromHex, fromUtf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { EVIDENCE_BYTES_MAX } from '@truegrain/device-sdk/formats/evidence.js';
import {
  POLICY_CHARS_MAX,
  type Policy,
  parsePolicy,
} from '@truegrain/device-sdk/formats/tlog-policy.js';
import {
  type EvidenceTrust,
  type Report,
  verifyEvidence,
} from '@truegrain/device-sdk/formats/verify-evidence.js';
import { nativeVerify, useNodeCrypto } from '../admit/native-verify.ts';
import { printReport } from './verify-print.ts';

/** Documented in README.md beside this file. */
const VERIFY_EXIT = { verified: 0, failed: 1, unreadable: 2, 'self-consistent': 3 } as const;

export interface VerifyArgs {
  readonly file: string;
  /** Path of a tlog-policy file. */
  readonly policy?: string | undefined;
  /** 64 lower-case hex digits, or the log's origin, which ends in them. */
  readonly ledger?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What makes the question impossible to answer, in one line for a person. */
class Unreadable extends Error {}

/** `truegrain verify`: needs the file and nothing else, no network and no running gateway. */
export function runVerify(args: VerifyArgs, out: (line: string) => void): number {
  try {
    const trust = readTrust(args);
    useNodeCrypto();
    const report = verifyEvidence(readLimited(args.file, EVIDENCE_BYTES_MAX), trust, nativeVerify);
    print(report, args, out);
    return VERIFY_EXIT[report.verdict];
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    out(args.json ? JSON.stringify({ error: cause.message }) : cause.message);
    return VERIFY_EXIT.unreadable;
  }
}

function print(report: Report, args: VerifyArgs, out: (line: string) => void): void {
  if (args.json) out(JSON.stringify(report));
  else printReport(report, args.file, out);
}

function readTrust({ policy, ledger }: VerifyArgs): EvidenceTrust {
  return {
    policy: policy === undefined ? undefined : readPolicy(policy),
    ledgerId: ledger === undefined ? undefined : readLedgerId(ledger),
  };
}

function readPolicy(file: string): Policy {
  const text = fromUtf8(readLimited(file, POLICY_CHARS_MAX * 4));
  if (text === null) throw new Unreadable(`${file} is not a policy file: not UTF-8 text`);
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Unreadable(`${file} is not a policy file: ${parsed.detail}`);
  return parsed.value;
}

function readLedgerId(text: string): Uint8Array {
  const id = fromHex(text.slice(text.lastIndexOf('/') + 1));
  if (id?.length !== 32) {
    throw new Unreadable(
      `a ledger id is 64 lower-case hexadecimal digits, not ${text.slice(0, 100)}`,
    );
  }
  return id;
}

function readLimited(file: string, bytesMax: number): Buffer {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new Unreadable(`${file} is not a file`);
    if (stat.size > bytesMax) {
      throw new Unreadable(`${file} has ${stat.size} bytes; at most ${bytesMax} are read`);
    }
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause;
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw new Unreadable(`${file} can't be read: ${code}`, { cause });
  }
}
