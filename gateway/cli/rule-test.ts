import { existsSync } from 'node:fs';
import { ruleWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { Command } from 'commander';
import { executabilityFault } from '../law/executability.ts';
import { runTrialInThread } from '../law/trial.ts';
import { TRIAL_STATEMENTS_MAX, type TrialResult } from '../law/trial-result.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { Progress } from './progress.ts';
import { readRuleFile } from './rule-file.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface TestOptions extends PlaceOptions {
  json?: boolean;
  last: string;
  device?: string[];
}

export function addRuleTest(rule: Command, cli: Cli): void {
  withPlace(rule.command('test'))
    .description('check a rule, run its examples, and see what it would have said of the past')
    .argument('<file>', 'JSON, as `rule new` begins it')
    .option('--last <n>', 'over the newest n statements of the store', String(TRIAL_STATEMENTS_MAX))
    .option('--device <urn...>', 'of these devices only (default: all)')
    .option('--json', 'one line of JSON')
    .action((file: string, options: TestOptions) => test(file, options, cli));
}

/** Exit 1 where the rule can't be law; a gateway may run beside it, the store is only read. */
async function test(file: string, options: TestOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const rule = readRuleFile(file);
  const fault = executabilityFault([rule]);
  if (fault) throw new CliError(EXIT.unsound, `${fault.detail} (${fault.code})`);
  const { folder } = placeOf(options, terminal);
  const trial = existsSync(folder.ledger) ? await tried([rule], folder.ledger, options, cli) : null;
  answer(terminal, options, {
    value: { rule: `${rule.id}@${rule.version}`, examples: rule.examples.length, trial },
    lines: [
      ...ruleWords(rule),
      '',
      `Its ${rule.examples.length} examples come out as they say.`,
      ...(trial ? trialLines(trial) : [`${folder.ledger} is not there: no past to try it on.`]),
    ],
  });
}

export async function tried(
  rules: readonly Rule[],
  store: string,
  { last, device }: Pick<TestOptions, 'last' | 'device'>,
  { terminal }: Cli,
): Promise<TrialResult> {
  const statementsMax = Number(last);
  if (!Number.isSafeInteger(statementsMax) || statementsMax < 1) {
    throw new CliError(EXIT.usage, `--last ${last} is not a number of statements`);
  }
  const progress = new Progress(terminal, true);
  const wish = { file: store, rules, devices: device ?? null, statementsMax };
  const result = await runTrialInThread(wish, {
    onProgress: ({ done, total }) => progress.report('statements', done, total),
  });
  progress.end();
  if (!result.ok) throw new CliError(EXIT.unsound, `${result.detail} (${result.code})`);
  return result.value;
}

export function trialLines(trial: TrialResult): string[] {
  const { statements, judged, skipped, broken, errors, examples, firstError } = trial;
  return [
    `Of the last ${statements} statements it judges ${judged}; of ${skipped} the content is not here.`,
    `It would have found ${broken} that break it${errors > 0 ? `, and nothing to say of ${errors} (${firstError})` : ''}.`,
    `${trial.microsecondsPerFrame.toFixed(1)} µs a statement.`,
    ...examples.map(({ leafIndex, device, subject, firstMs, values }) => {
      const time = new Date(firstMs).toISOString();
      return `  leaf ${leafIndex}  ${time}  ${device}  ${subject}  ${values.join(', ')}`;
    }),
  ];
}
