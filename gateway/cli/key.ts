import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { formatVkey } from '@truegrain/device-sdk/formats/note.js';
import type { Command } from 'commander';
import { createKeyFile } from '../keys.ts';
import { answer, type Cli } from './terminal.ts';

interface KeyOptions {
  name?: string;
  json?: boolean;
}

export function addKey(program: Command, cli: Cli): void {
  const key = program.command('key').description('keys in files');
  key
    .command('new')
    .description('make an Ed25519 key (PKCS#8 PEM, 0600) and show its public half')
    .argument('<file>', 'a new file; a key is never overwritten')
    .option('--name <name>', 'also print it as a C2SP vkey of this name (type 0x01)')
    .option('--json', 'one line of JSON')
    .action((file: string, options: KeyOptions) => newKey(file, options, cli));
}

function newKey(file: string, options: KeyOptions, { terminal }: Cli): void {
  const { name } = options;
  const { key, kid } = createKeyFile(file);
  const coseKey = Buffer.from(encodeCoseKey(key)).toString('base64url');
  const vkey = name === undefined || key.kty !== 'OKP' ? null : formatVkey(name, 1, key.x);
  answer(terminal, options, {
    value: { file, kid: toHex(kid), coseKey, vkey },
    lines: [
      `kid       ${toHex(kid)}`,
      `COSE_Key  ${coseKey}`,
      ...(vkey ? [`vkey      ${vkey}`] : []),
    ],
  });
}
