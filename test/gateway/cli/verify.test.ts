import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../device-sdk/formats/bytes.ts';
import { formatPolicy } from '../../../device-sdk/formats/tlog-policy.ts';
import { runVerify, type VerifyArgs } from '../../../gateway/cli/verify.ts';
import { SampleLedger, smallLedger } from '../../support/sample-ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'truegrain-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, data: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, data);
  return file;
}

function run(args: VerifyArgs): { code: number; lines: string[]; text: string } {
  const lines: string[] = [];
  const code = runVerify(args, (line) => lines.push(line));
  return { code, lines, text: lines.join('\n') };
}

describe('truegrain verify', () => {
  const { ledger, leaves, batchLeaf } = smallLedger(-7);
  const leaf = leaves[0]!;
  const file = written('good.tgev', ledger.evidenceFile(leaf));
  const policy = written('policy.txt', formatPolicy(ledger.policy));
  const id = toHex(ledger.ledgerId);

  it('0: verified, in plain words', () => {
    for (const trust of [
      { policy },
      { ledger: id },
      { ledger: ledger.origin },
      { policy, ledger: id },
    ]) {
      const { code, lines, text } = run({ file, ...trust });
      expect(code).toBe(0);
      expect(lines[0]).toBe('VERIFIED');
      expect(text).toContain('temp 4.1 Cel');
      expect(text).toContain('observed: origin 2');
      expect(text).toContain('What this proves');
      expect(text).toContain('A signature says who signed, not that the value is true.');
    }
  });

  it('1: failed, and says which check', () => {
    const { policy: other } = new SampleLedger({ salt: 'other ' });
    const wrong = written('other.txt', formatPolicy(other));
    expect(run({ file, policy: wrong })).toMatchObject({ code: 1 });
    expect(run({ file, policy: wrong }).text).toContain('FAILED log-signature');
    const bad = written(
      'bad.tgev',
      ledger.evidenceFile(leaf).map((byte, i) => (i === 900 ? ~byte : byte)),
    );
    const { code, text } = run({ file: bad, policy });
    expect(code).toBe(1);
    expect(text).not.toContain('What this proves');
    expect(run({ file: written('empty.tgev', ''), policy }).code).toBe(1);
  });

  it('2: what can not be read or is no policy', () => {
    expect(run({ file: join(folder, 'absent.tgev') })).toMatchObject({
      code: 2,
      lines: [expect.stringContaining('ENOENT')],
    });
    expect(run({ file: folder }).code).toBe(2);
    expect(run({ file: written('huge.tgev', Buffer.alloc(2_097_153)) }).code).toBe(2);
    expect(run({ file, policy: file }).code).toBe(2);
    for (const bad of ['', 'abc', id.toUpperCase(), `${id}00`])
      expect(run({ file, ledger: bad }).code).toBe(2);
    expect(JSON.parse(run({ file: folder, json: true }).text)).toEqual({
      error: expect.any(String),
    });
  });

  it('3: without trust the file is only consistent with itself', () => {
    const { code, lines } = run({ file });
    expect(code).toBe(3);
    expect(lines[0]).toContain('consistent with itself, vouched for by nobody you trust');
  });

  it('prints the report as one line of JSON', () => {
    const { code, lines } = run({ file, policy, json: true });
    expect(code).toBe(0);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      verdict: 'verified',
      statement: { leafIndex: leaf },
    });
    expect(lines).toHaveLength(1);
  });

  it('prints governance and batches, and lets no control character through', () => {
    expect(run({ file: written('batch.tgev', ledger.evidenceFile(batchLeaf)), policy }).code).toBe(
      0,
    );
    const device = ledger.device('9');
    ledger.register(device);
    const [odd] = ledger.batch([
      ledger.readings(device, [1], { sub: 'urn:\u001b[2J\u202e' }),
    ]).leaves;
    const { code, text } = run({ file: written('odd.tgev', ledger.evidenceFile(odd!)), policy });
    expect(code).toBe(0);
    expect(text).toContain('about urn:?[2J?');
    expect([...'\u001b\u202e'].some((char) => text.includes(char))).toBe(false);
  });
});
