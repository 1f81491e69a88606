// The play of `npm run law`: a charter, a profile, a breach, an order, an amendment, and what a stranger says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LawRun, runLaw } from '../../sim/law/main.ts';
import { allianceProcesses } from '../support/alliance-process.ts';
import { freeBlock } from '../support/port-block.ts';

const MINUTES = 60_000;

allianceProcesses('the law of four members, from its charter to a stranger’s judgement', () => {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-law-'));
  const said: string[] = [];
  let run: LawRun;

  beforeAll(async () => {
    const basePort = await freeBlock(7 * 4);
    run = await runLaw({ folder, basePort, say: (words) => said.push(words) });
  }, 5 * MINUTES);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('a breach of 8 °C comes in, and the finding names the rule and who answers for it', () => {
    expect(run.play.breach).toMatchObject({
      rule: 'pharma-cold-2-8',
      version: 1,
      device: 'urn:dev:ops:32473-law-truck',
      responsible: { name: 'Dr. R. Example', organisation: 'mill' },
      attestedBy: 'https://carrier.invalid',
    });
    expect(new Set(run.play.breachesSeen).size).toBe(1);
  });

  it('an order keeps the device out, loses nothing, and can be lifted', () => {
    expect(run.play.suspended).toBe('suspended');
    expect(run.play.reinstated).toBe('receipt');
  });

  it('the rule as amended by all governs what comes after it', () => {
    expect(run.play.versions).toEqual([
      { version: 1, status: 'amended' },
      { version: 2, status: 'in force' },
    ]);
    expect(run.play.afterAmendment).toEqual({ outcome: 'receipt', breaches: 0 });
  });

  it('seen from outside, four are an alliance, one is private, and three keys of one are a pretence', () => {
    expect([run.alliance.verdict, run.alliance.code]).toEqual(['alliance chain', 0]);
    expect([run.solo.verdict, run.solo.code]).toEqual(['private chain', 3]);
    expect([run.forged.verdict, run.forged.code]).toEqual(['pseudo-chain', 1]);
  });
});
