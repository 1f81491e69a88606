import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { expect, test } from 'vitest';
import { deviceSigner, ledgerId, samples } from '../../support/format-samples.ts';

const spec = readFileSync(join(import.meta.dirname, '../../../device-sdk/formats/SPEC.md'), 'utf8');

/** What a stranger compares with must be what we make. */
test('the example of SPEC.md §11 is what this code writes', () => {
  const statement = parseStatement(samples.statement);
  if (!statement.ok) throw new Error(statement.code);
  const printed = Object.fromEntries(
    [...spec.matchAll(/\n([^\n]+)\n```\n([0-9a-f\n]+)\n```/g)].map(([, name, hex = '']) => {
      return [name, hex.replaceAll('\n', '')];
    }),
  );
  expect(printed).toEqual({
    ledgerId: toHex(ledgerId),
    'kid of the device': toHex(deviceSigner.kid),
    pack: toHex(samples.pack),
    'SHA-256 of the pack': toHex(sha256(samples.pack)),
    'protected header': toHex(statement.value.protectedBytes),
    'statement (= entry)': toHex(samples.statement),
    'statement id': toHex(statement.value.id),
    'leaf hash': toHex(leafHash(samples.statement)),
    'batch payload': toHex(samples.batch),
  });
});
