import { writeFileSync } from 'node:fs';
import { EVIDENCE_EXTENSION } from '@truegrain/device-sdk/formats/evidence.js';
import type { Command } from 'commander';
import { type ClientOptions, GatewayClient, withGateway } from './gateway-client.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface EvidenceOptions extends ClientOptions {
  out?: string;
  json?: boolean;
}

export function addEvidence(program: Command, cli: Cli): void {
  withGateway(program.command('evidence'))
    .description('fetch the evidence file of a statement')
    .argument('<id>', 'statement id, 64 hexadecimal digits')
    .option('--out <file>', 'file to write, - for stdout (default: <id>.tgev)')
    .option('--json', 'say what was written as one line of JSON')
    .action((id: string, options: EvidenceOptions) => evidence(id, options, cli));
}

async function evidence(id: string, options: EvidenceOptions, { terminal }: Cli): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(id)) {
    throw new CliError(
      EXIT.usage,
      `${id.slice(0, 80)} is not a statement id (64 hexadecimal digits)`,
    );
  }
  const client = new GatewayClient(options, terminal);
  const bytes = await client.bytes(`/v1/statements/${id}/evidence`);
  if (options.out === '-') {
    terminal.stdout.write(bytes);
    return;
  }
  const file = options.out ?? `${id}${EVIDENCE_EXTENSION}`;
  writeFileSync(file, bytes);
  const next = `check it with: truegrain verify ${file} --policy …`;
  answer(terminal, options, {
    value: { file, bytes: bytes.length },
    lines: [`${file} (${bytes.length} bytes); ${next}`],
  });
}
