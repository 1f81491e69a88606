// The consumer's page on a phone, on a ledger whose charter opens its entries, and on one that does not.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE_FOLDER } from '../../gateway/http/routes/web.ts';
import { Site } from '../../sim/site.ts';
import { packsOf } from '../../sim/stage.ts';
import { chromiumFile, openChromium } from '../support/chromium.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { PALLET, sampleTrace } from '../support/page-answers.ts';
import { shotsFolder, stumbles, visit, withEveryText } from '../support/page-visit.ts';

const isThere = chromiumFile !== null && hasPrograms && existsSync(join(PAGE_FOLDER, 'index.html'));
const inBrowser = group('chromium', isThere, 'no Chromium, or not built; npm run build');
const HOUR_MS = 3_600_000;
const PHONE = { viewport: { width: 390, height: 844 } };
const PATH = new URL(PALLET).pathname.slice(1);

inBrowser('the consumer’s page', () => {
  let open: GatewayProcess;
  let closed: GatewayProcess;
  let browser: Browser;
  let statementId = '';
  const shots = shotsFolder();
  /** The trace of a shipment that rests on leaves which this log has. */
  let trace = sampleTrace();

  beforeAll(async () => {
    open = await GatewayProcess.found({ options: ['--public-entries'] });
    await open.start();
    closed = await GatewayProcess.started();
    const stage = open.stage('consumer');
    const startMs = stage.world.clock.nowMs();
    const room = new Site(stage.world, 'shop').room('cold-room', 4);
    const actor = await stage.enter(room, { subject: PALLET });
    await stage.sendAll(actor, packsOf(room, { fromMs: startMs, toMs: startMs + HOUR_MS }));
    stage.leave();
    const [first] = await open.api.readings({ subject: PALLET });
    if (first === undefined) throw new Error('no readings');
    statementId = first.statementId;
    const { leafIndex } = first;
    trace = {
      ...trace,
      edges: trace.edges.map((edge) => ({ ...edge, leafIndex })),
      stays: trace.stays.map((stay) => ({ ...stay, leafIndex })),
    };
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await open?.remove();
    await closed?.remove();
  });

  const scan = (gateway: GatewayProcess, answers: Readonly<Record<string, unknown>>) =>
    visit(browser, { url: `${gateway.httpUrl}/ui/c/`, options: PHONE, answers });

  it('checks on the phone what the page rests on, by the ledger that the code names', async () => {
    const { page, go, troubles, leave } = await scan(open, { '/v1/trace': trace });
    await go(`${PATH}?ledger=${open.ledgerId}`);
    expect(await page.textContent('h1')).toBe('SSCC 395060001343500010');
    expect(await page.getAttribute('.verdict', 'data-verdict')).toBe('verified');
    await page.screenshot({ path: join(shots, 'consumer.png'), fullPage: true });
    expect(await stumbles(page)).toEqual([]);
    const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(wider).toBeLessThanOrEqual(0);

    await go(PATH);
    expect(await page.getAttribute('.verdict', 'data-verdict')).toBe('self-consistent');
    expect(await page.textContent('.verdict')).toContain('names no ledger');
    await go(`${PATH}?ledger=${closed.ledgerId}`);
    expect(await page.getAttribute('.verdict', 'data-verdict')).toBe('failed');
    await page.screenshot({ path: join(shots, 'consumer-failed.png'), fullPage: true });
    expect(troubles).toEqual([]);
    await leave();
  });

  it('notices a gateway that changes what it gives', async () => {
    const { page, go, leave } = await scan(open, { '/v1/trace': trace });
    await page.route('**/v1/statements/*/evidence', async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      body[body.length - 40] = (body[body.length - 40] ?? 0) ^ 1;
      await route.fulfill({ response, body });
    });
    await go(`${PATH}?ledger=${open.ledgerId}`);
    expect(await page.getAttribute('.verdict', 'data-verdict')).toBe('failed');
    await leave();
  });

  it('gives the proof without the content to whoever has no token', async () => {
    const url = `${open.httpUrl}/v1/statements/${statementId}/evidence`;
    const content = async (headers: Record<string, string>) => {
      const parsed = parseEvidence(
        new Uint8Array(await (await fetch(url, { headers })).arrayBuffer()),
      );
      return parsed.ok ? parsed.value.content : 'no evidence';
    };
    expect(await content({})).toBeNull();
    expect(await content({ authorization: `Bearer ${open.tokens.auditor}` })).toBeInstanceOf(
      Uint8Array,
    );
    const shut = `${closed.httpUrl}/v1/statements/${statementId}/evidence`;
    expect((await fetch(shut)).status).toBe(401);
  });

  it('says so where the charter opens nothing, and shows text as text', async () => {
    const shut = await scan(closed, { '/v1/trace': trace });
    await shut.go(PATH);
    const words = await shut.page.textContent('main');
    expect(words).toContain('charter');
    expect(words).toContain('so nothing could be checked here');
    expect(await shut.page.$('.verdict')).toBeNull();
    await shut.leave();

    const hostile = '<img src=x onerror="window.hit=1">';
    const { page, go, troubles, leave } = await scan(open, {
      '/v1/trace': withEveryText(trace, hostile),
    });
    await go(encodeURIComponent(`https://example.org/${hostile}`));
    expect(await page.evaluate(`'hit' in window`)).toBe(false);
    expect(await page.$('main img')).toBeNull();
    expect(troubles).toEqual([]);
    await leave();
  });
});
