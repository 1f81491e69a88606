import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FilingDesk } from '../../../gateway/filing/filing-desk.ts';
import { filingNumberLine } from '../../../gateway/filing/filing-number.ts';
import { FILING_PAGE_CSP, filingPage } from '../../../gateway/filing/filing-page.ts';
import type { FilingSheet } from '../../../gateway/http/filing-backend.ts';
import { SoloRig } from '../../support/solo-ledger.ts';
import { harness } from '../http/harness.ts';

const EVIL = '<script>alert("x")</script>&\'';

function soloSheet(name: string): FilingSheet {
  const rig = new SoloRig({ name });
  try {
    const desk = new FilingDesk({
      reads: rig.context,
      self: 'https://mill.example',
      origin: () => 'ledger.example/rice/00',
    });
    return desk.sheet(null)!;
  } finally {
    rig.close();
  }
}

describe('the page', () => {
  test('says what the sheet says, and has no script', () => {
    const page = filingPage(soloSheet('Mill'));
    for (const words of ['Mill', 'ledger.example/rice/00', 'confirmed with counsel', '@page']) {
      expect(page).toContain(words);
    }
    expect(page).not.toMatch(/<script|src=|href=|onload|javascript:/i);
    expect(page).toContain('width=device-width');
  });

  test('escapes whatever a member calls itself', () => {
    const page = filingPage(soloSheet(EVIL));
    expect(page).not.toContain('<script');
    expect(page).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;');
  });

  test('closes every element that it opens, and gives every row as many cells as heads', () => {
    const page = filingPage(soloSheet(EVIL));
    const open: string[] = [];
    for (const [, end, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (end) expect(open.pop()).toBe(name);
      else if (name !== 'meta') open.push(name!);
    }
    expect(open).toEqual([]);
    for (const [table] of page.matchAll(/<table>.*?<\/table>/gs)) {
      const heads = table.match(/<th>/g)?.length;
      const rows = [...table.matchAll(/<tr><td.*?<\/tr>/gs)];
      for (const [row] of rows) expect(row.match(/<td /g)).toHaveLength(heads!);
    }
    expect(page.match(/<tr><td/g)!.length).toBeGreaterThan(5);
  });

  test('its policy allows its own style and nothing else', () => {
    const [, style] = /<style>(.*?)<\/style>/s.exec(filingPage(soloSheet('Mill'))) ?? [];
    const digest = createHash('sha256').update(style!).digest('base64');
    expect(FILING_PAGE_CSP).toContain(`style-src 'sha256-${digest}'`);
    expect(FILING_PAGE_CSP).toContain("default-src 'none'");
    expect(FILING_PAGE_CSP).not.toContain('unsafe');
  });
});

describe('the routes', () => {
  test('are open to anyone, and refuse a leaf that is none', async () => {
    const { app, backend } = await harness();
    const sheet = soloSheet('Mill');
    const asked: (number | null)[] = [];
    backend.filing = {
      sheet: (since) => {
        asked.push(since);
        return sheet;
      },
    };
    const json = await app.inject({ url: '/v1/filing?since=7' });
    expect(json.json()).toEqual(JSON.parse(JSON.stringify(sheet)));
    const html = await app.inject({ url: '/filing' });
    expect(html.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(html.headers['content-security-policy']).toBe(FILING_PAGE_CSP);
    expect(html.body).toBe(filingPage(sheet));
    expect(asked).toEqual([7, null]);
    for (const url of ['/filing?since=x', '/v1/filing?since=-1', '/v1/filing?since=1.5']) {
      expect((await app.inject({ url })).statusCode).toBe(400);
    }
  });

  test('say so where there is no ledger yet', async () => {
    const { app } = await harness();
    for (const url of ['/v1/filing', '/filing']) {
      expect((await app.inject({ url })).statusCode).toBe(404);
    }
  });
});

describe('the number on every public page', () => {
  const filing = {
    logTimeMs: 1,
    service: 'Rice',
    authority: 'CAC',
    number: '京网信备 1',
    filedMs: 1,
    url: 'https://bcbeian.example',
    responsible: { name: 'A', organisation: 'B', contact: 'C' },
    leafIndex: 3,
    by: 'https://mill.example',
  };

  test('is that of the filing in force', () => {
    const filings = new Map([['1', { ...filing, status: 'in force' as const }]]);
    expect(filingNumberLine({ filings })).toBe(
      'Filed with CAC: 京网信备 1 (https://bcbeian.example)',
    );
  });

  test('is none before a filing and after its end', () => {
    expect(filingNumberLine({ filings: new Map() })).toBeNull();
    const filings = new Map([['1', { ...filing, status: 'ended' as const }]]);
    expect(filingNumberLine({ filings })).toBeNull();
  });
});
