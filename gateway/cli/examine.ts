import type { Command } from 'commander';
import type {
  ExaminationDifference,
  ExaminationView,
  LawView,
  OverdueExamination,
} from '../http/law-backend.ts';
import type { SaidJson } from './alliance-propose.ts';
import { type OwnGatewayOptions, ownGateway, timeWords, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli, EXIT } from './terminal.ts';

/** `truegrain examine`: the own member's report on itself, beside those of the others. */
export function addExamine(program: Command, cli: Cli): void {
  withOwnGateway(program.command('examine'))
    .description('examine this member, sign the report, and hold it against the others’')
    .action((options: OwnGatewayOptions) => examine(options, cli));
}

async function examine(options: OwnGatewayOptions, { terminal, exit }: Cli): Promise<void> {
  const gateway = ownGateway(options, terminal);
  const said = (await gateway.post('/v1/law/examinations', {})) as SaidJson;
  const law = (await gateway.get('/v1/law')) as LawView;
  const { differences, overdueExaminations: overdue } = law;
  const report = law.examinations.find(({ leafIndex }) => leafIndex === said.leafIndex) ?? null;
  if (differences.length + overdue.length > 0) exit(EXIT.unsound);
  answer(terminal, options, {
    value: { ...said, report, differences, overdue },
    lines: [
      ...said.lines,
      ...(report === null ? ['A newer report stands in its place.'] : reportLines(report)),
      ...differences.flatMap(differenceLines),
      ...overdue.map(overdueLine),
      ...(differences.length === 0 ? ['No two reports on the same leaves differ.'] : []),
    ],
  });
}

function reportLines({ seen, own }: ExaminationView): string[] {
  const { clockOffsetMs, expiring, cosigned, anchored, unheld } = own;
  return [
    ...Object.entries(seen).map(([name, value]) => `  ${name}  ${value}`),
    `  clock  ${clockOffsetMs === null ? 'could not be compared' : `${clockOffsetMs} ms off`}`,
    `  contents it may hold and does not  ${unheld}`,
    ...cosigned.map(({ iss, count }) => `  ${iss} cosigned ${count} of ${anchored} checkpoints`),
    ...expiring.map((text) => `  runs out soon: ${text}`),
  ];
}

function differenceLines({ size, field, values }: ExaminationDifference): string[] {
  return [
    `FINDING: members differ about ${field} of the first ${size} leaves:`,
    ...values.map(({ member, value }) => `  ${member}: ${value}`),
  ];
}

function overdueLine({ member, lastMs, examinationDays }: OverdueExamination): string {
  const last = lastMs === null ? 'has never reported' : `reported last ${timeWords(lastMs)}`;
  return `FINDING: ${member} ${last}; a report is due every ${examinationDays} days.`;
}
