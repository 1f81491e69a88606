import type {
  ContentReport,
  GradeReport,
  LedgerReport,
  StatementReport,
} from '@truegrain/device-sdk/formats/evidence-report.js';
import { isoTime, VERDICT_WORDS } from '@truegrain/device-sdk/formats/evidence-words.js';
import type { Report } from '@truegrain/device-sdk/formats/verify-evidence.js';

type Out = (line: string) => void;

const READINGS_SHOWN_MAX = 50;
/** Names come from whoever wrote the file: no escape sequence or text direction gets to a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const TRUST = {
  policy: 'the log and cosigner keys in your policy file',
  'ledger-id': 'the ledger id you gave',
  none: 'nothing: neither --policy nor --ledger was given',
} as const;

/** For a layman and a court: what was found, what it proves, and what it does not. */
export function printReport(report: Report, file: string, line: Out): void {
  const out: Out = (text) => line(text.replace(UNPRINTABLE, '?'));
  out(VERDICT_WORDS[report.verdict]);
  out(`File:    ${file}`);
  out(`Trusted: ${TRUST[report.trust]}`);
  if (report.ledger) printLedger(report.ledger, out);
  if (report.statement) printStatement(report.statement, out);
  if (report.content) printContent(report.content, out);
  if (report.grade) printGrade(report.grade, out);
  printSection(
    'Checks',
    report.checks.map(({ id, ok, text }) => `${ok ? 'ok    ' : 'FAILED'} ${id}: ${text}`),
    out,
  );
  printSection(
    'What this proves',
    report.proved.map((text) => `+ ${text}`),
    out,
  );
  printSection(
    'What this does not prove',
    report.notProved.map((text) => `- ${text}`),
    out,
  );
}

function printSection(title: string, lines: readonly string[], out: Out): void {
  if (lines.length === 0) return;
  out('');
  out(title);
  for (const text of lines) out(`  ${text}`);
}

function printLedger(ledger: LedgerReport, out: Out): void {
  const { origin, mode, members, responsible, size } = ledger;
  const kind = mode === 'solo' ? 'private ledger of one member' : 'alliance';
  const cosigned = ledger.cosigners.map(
    ({ name, timeSeconds }) => `cosigned ${isoTime(timeSeconds * 1000)} by ${name}`,
  );
  const lines = [
    `${origin} (${kind})`,
    ...members.map(
      ({ name, iss, legalId }) => `member ${name}, ${iss}${legalId ? `, ${legalId}` : ''}`,
    ),
    `responsible: ${responsible}`,
    `${size} entries under the checkpoint`,
    ...cosigned,
  ];
  printSection('Ledger', lines, out);
}

function printStatement(statement: StatementReport, out: Out): void {
  const { id, kind, leafIndex, issuer, subject, iatS, seq, device } = statement;
  const lines = [
    `${kind}, entry ${leafIndex} of the ledger, id ${id}`,
    `signed by ${issuer} as its number ${seq}, dated ${isoTime(iatS * 1000)}`,
    `about ${subject}`,
  ];
  if (device?.keyEnded) {
    lines.push(`the key was ${device.keyEnded.how} later, at entry ${device.keyEnded.leaf}`);
  }
  printSection('Statement', lines, out);
}

function printContent(content: ContentReport, out: Out): void {
  const { disclosed, relative, readings, record, event } = content;
  if (!disclosed) return;
  const shown = readings.slice(0, READINGS_SHOWN_MAX).map(({ name, kind, unit, value, timeMs }) => {
    const time = relative ? `${-timeMs} ms before it was closed` : isoTime(timeMs);
    return `${time}  ${name} ${value}${unit ? ` ${unit}` : ''}${kind === 'reading' ? '' : ` (${kind})`}`;
  });
  const more = readings.length - shown.length;
  if (more > 0) shown.push(`and ${more} more (--json has all)`);
  for (const [name, value] of Object.entries(record ?? {}))
    shown.push(`${name}: ${value ?? 'none'}`);
  if (event !== null) shown.push(...JSON.stringify(JSON.parse(event), null, 2).split('\n'));
  printSection('Content', shown, out);
}

const FLAGS = {
  late: 'came late and filled a gap',
  fork: 'its key signed two statements under one number',
  untrustedClock: 'the device had no clock to rely on',
  gapBefore: 'numbers before it are missing',
  suspectReading: 'holds a reading the device itself marked suspect',
  calibrationOverdue: 'the calibration was overdue',
} as const;

function printGrade(grade: GradeReport, out: Out): void {
  const { fact, origin, key, metrology, binding, gateway } = grade;
  const flags = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).filter((flag) => grade[flag]);
  const axes = `origin ${origin}, key ${key}, metrology ${metrology}, binding ${binding}, each of 4`;
  const lines = [`${fact}: ${axes}; graded by ${gateway}`, ...flags.map((flag) => FLAGS[flag])];
  printSection('Grade', lines, out);
}
