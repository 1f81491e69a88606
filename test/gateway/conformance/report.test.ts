import { describe, expect, it } from 'vitest';
import { htmlOf } from '../../../gateway/conformance/html.ts';
import { printConformance } from '../../../gateway/conformance/print.ts';
import type { ConformanceReport } from '../../../gateway/conformance/report.ts';
import { quantile } from '../../../gateway/conformance/timings.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';
import { allianceLedger, judge } from './chain-samples.ts';

function printed(report: ConformanceReport): string {
  const lines: string[] = [];
  printConformance(report, (line) => lines.push(line));
  return lines.join('\n');
}

describe('the report', () => {
  it('says the verdict first, then why, each criterion and what is not shown', async () => {
    const text = printed(await judge(allianceLedger()));
    expect(text.split('\n').slice(0, 4)).toEqual([
      'ALLIANCE CHAIN',
      expect.stringMatching(/^Ledger: {2}ledger\.example\/rice\/[0-9a-f]{64} at memory$/),
      'Trusted: the log and witness keys in your policy file',
      'Keepers: 4 presented, 4 of them evidenced, distinct organisations',
    ]);
    for (const words of [
      'Why',
      'Criteria',
      'What this does not show',
      'FAILED   C-14',
      'not seen C-11',
      'ok       C-04',
    ])
      expect(text).toContain(words);
    expect(printed(await judge(new SampleLedger())).split('\n')[0]).toBe(
      'PRIVATE CHAIN: one party’s word',
    );
  });

  it('JSON keeps its shape', async () => {
    const report = await judge(allianceLedger());
    const read = JSON.parse(JSON.stringify(report)) as ConformanceReport;
    expect(read).toEqual(report);
    expect(Object.keys(read)).toEqual([
      'v',
      'verdict',
      'reasons',
      'checkedAt',
      'subject',
      'trust',
      'presented',
      'evidenced',
      'criteria',
      'exceptions',
      'timings',
      'notShown',
    ]);
    expect(Object.keys(read.criteria[0]!)).toEqual([
      'id',
      'title',
      'severity',
      'outcome',
      'summary',
      'evidence',
      'notSeen',
    ]);
  });

  it('names written by strangers do nothing on a terminal or in a page', async () => {
    const name = '<script>alert(1)</script>"&';
    const judged = await judge(allianceLedger({ records: { acme: { name } } }));
    expect(judged.verdict).toBe('alliance chain');
    // No charter lets these in; an address, a path or a later kind of statement might.
    const report = { ...judged, reasons: ['before\u001b[2J\u202eafter'] };
    const text = printed(report);
    expect(text).toContain(name);
    const page = htmlOf(report);
    expect(page).not.toContain('<script');
    expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#38;');
    for (const shown of [text, page]) expect(shown).toContain('before?[2J?after');
    for (const bad of ['\u001b', '\u202e']) expect(text + page).not.toContain(bad);
  });

  it('the page stands alone: no script, nothing loaded, made for a phone and for paper', async () => {
    const page = htmlOf(await judge(allianceLedger()));
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain('name="viewport"');
    expect(page).toContain('@media print');
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/i);
    expect(page.match(/<section>/g)).toHaveLength(17);
    for (const tag of ['html', 'head', 'body', 'main', 'dl', 'ul', 'section']) {
      const open = page.match(new RegExp(`<${tag}[ >]`, 'g'))?.length;
      expect(page.match(new RegExp(`</${tag}>`, 'g'))?.length, tag).toBe(open);
    }
  });
});

it('quantiles are by nearest rank', () => {
  const values = Array.from({ length: 20 }, (_, i) => 20 - i);
  expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1)]).toEqual([
    10, 19, 20,
  ]);
  expect(quantile([7], 0.95)).toBe(7);
});
