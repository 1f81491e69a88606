// The auditor's page in a real browser, on a real gateway with readings in it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE_FOLDER } from '../../gateway/http/routes/web.ts';
import { Site } from '../../sim/site.ts';
import { packsOf } from '../../sim/stage.ts';
import { chromiumFile, openChromium } from '../support/chromium.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { PALLET } from '../support/page-answers.ts';
import {
  NO_SUCH_PATH,
  SHIPMENT,
  settled,
  shotsFolder,
  stumbles,
  type Visit,
  type Visitor,
  visit,
  withEveryText,
} from '../support/page-visit.ts';

const isThere = chromiumFile !== null && hasPrograms && existsSync(join(PAGE_FOLDER, 'index.html'));
const inBrowser = group('chromium', isThere, 'no Chromium, or not built; npm run build');
const HOUR_MS = 3_600_000;
const FIRST_PAINT_MS_MAX = 1_000;
const SCRIPT_BYTES_MAX = 150_000;
/** The others show entries and evidence, which are bytes of the log. */
const SHOWS_JSON = new Set(['overview', 'product', 'devices', 'device', 'alliance']);

inBrowser('the auditor’s page', () => {
  let gateway: GatewayProcess;
  let browser: Browser;
  const shots = shotsFolder();
  const files = { right: join(shots, 'policy.txt'), wrong: join(shots, 'other-policy.txt') };
  let reading: { statementId: string; leafIndex: number; device: string };
  const opened: Visitor[] = [];

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    const stage = gateway.stage('page');
    const startMs = stage.world.clock.nowMs();
    const room = new Site(stage.world, 'packhouse').room('cold-room', 4);
    const actor = await stage.enter(room, { subject: PALLET });
    await stage.sendAll(actor, packsOf(room, { fromMs: startMs, toMs: startMs + HOUR_MS }));
    stage.leave();
    const [first] = await gateway.api.readings({ subject: PALLET });
    if (first === undefined) throw new Error('no readings');
    reading = first;
    writeFileSync(files.right, await policyOf(gateway));
    const other = await GatewayProcess.found();
    writeFileSync(files.wrong, await policyOf(other));
    await other.remove();
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.remove();
  });

  async function policyOf(of: GatewayProcess): Promise<string> {
    const { lines } = await of.run('policy');
    return `${lines.join('\n')}\n`;
  }

  async function reader(given: Partial<Visit> = {}): Promise<Visitor> {
    const { auditor: token } = gateway.tokens;
    const visitor = await visit(browser, { url: `${gateway.httpUrl}/ui/`, token, ...given });
    opened.push(visitor);
    return visitor;
  }

  const shot = (page: Page, name: string) =>
    page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

  const addresses = () => ({
    overview: '#/',
    product: `#/product/${encodeURIComponent(PALLET)}`,
    devices: '#/device/',
    device: `#/device/${encodeURIComponent(reading.device)}`,
    statement: `#/statement/${reading.statementId}`,
    entry: `#/entry/${reading.leafIndex}`,
    alliance: '#/alliance',
    search: '#/search/rice',
  });

  it('comes with a policy that lets nothing from elsewhere act, and with assets that never change', async () => {
    const { httpUrl } = gateway;
    const home = await fetch(httpUrl, { redirect: 'manual' });
    expect([home.status, home.headers.get('location')]).toEqual([302, '/ui/']);
    const index = await fetch(`${httpUrl}/ui/`);
    const policy = index.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await index.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|style=/);
    const script = /src="(\/ui\/assets\/[^"]+)"/.exec(html)?.[1] ?? '';
    const asset = await fetch(`${httpUrl}${script}`);
    expect(asset.headers.get('cache-control')).toMatch(/immutable/);
    expect((await fetch(`${httpUrl}/ui/assets/none.js`)).status).toBe(404);
    expect((await fetch(`${httpUrl}/ui/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  for (const look of ['light', 'dark', 'chinese', 'phone'] as const) {
    it(`shows every page, ${look}, with nothing that a screen reader stumbles over`, async () => {
      const { page, go, troubles, leave } = await reader({
        answers: SHIPMENT,
        options: {
          light: {},
          dark: { colorScheme: 'dark' as const },
          chinese: { locale: 'zh-CN' },
          phone: { viewport: { width: 390, height: 844 } },
        }[look],
      });
      await go('');
      await page.setInputFiles('input[type=file]', files.right);
      for (const [name, address] of Object.entries(addresses())) {
        await go(address);
        await shot(page, `${name}-${look}`);
        expect(await stumbles(page), `${name} ${look}`).toEqual([]);
        const overflow = await page.evaluate<number>(
          'document.documentElement.scrollWidth - innerWidth',
        );
        expect(overflow, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
        expect(await page.getAttribute('html', 'lang')).toBe(
          look === 'chinese' ? 'zh-CN' : 'en-GB',
        );
      }
      expect(troubles).toEqual([]);
      await leave();
    });
  }

  it('verifies in the browser under the reader’s own policy, in the words of the command line', async () => {
    const { page, go, leave } = await reader();
    const verdict = () => page.getAttribute('.verdict', 'data-verdict');
    await go(addresses().statement);
    expect(await verdict()).toBe('self-consistent');

    const [policy] = await page.$$('input[accept*=".txt"]');
    await policy?.setInputFiles(files.right);
    await page.waitForSelector('[data-verdict=verified]');
    await shot(page, 'verified');
    const said = await page.$$eval('.proved li, .not-proved li', (items) =>
      items.map((item) => item.textContent?.slice(2) ?? ''),
    );
    const evidence = join(shots, 'reading.tgev');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Evidence file (.tgev)', exact: true }).click();
    await (await saved).saveAs(evidence);
    const { code, lines } = await gateway.run(
      'verify',
      evidence,
      '--policy',
      files.right,
      '--json',
    );
    const report = JSON.parse(lines.join('')) as { proved: string[]; notProved: string[] };
    expect(code).toBe(0);
    expect(said).toEqual([...report.proved, ...report.notProved]);
    expect(await page.textContent('.tree figcaption')).toContain(
      'The computed root is the signed one',
    );

    await policy?.setInputFiles(files.wrong);
    await page.waitForSelector('[data-verdict=failed]');
    await shot(page, 'wrong-policy');
    expect(await page.textContent('.verdict')).toContain('FAILED: do not rely on this file');
    expect(await page.$('.tree')).toBeNull();

    await page.getByRole('button', { name: 'Trust nobody' }).click();
    await page.getByLabel('or a ledger id').fill(gateway.ledgerId);
    await page.waitForSelector('[data-verdict=verified]');
    await page.getByLabel('or a ledger id').fill('0'.repeat(64));
    await page.waitForSelector('[data-verdict=failed]');

    // A file from anywhere, with one bit changed.
    const bytes = readFileSync(evidence);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(shots, 'forged.tgev'), bytes);
    await page.getByLabel('or a ledger id').fill(gateway.ledgerId);
    await page.setInputFiles('#evidence-file', join(shots, 'forged.tgev'));
    await page.waitForSelector('h1:text("forged.tgev")');
    await page.waitForSelector('[data-verdict=failed]');
    await page.setInputFiles('#evidence-file', evidence);
    await page.waitForSelector('[data-verdict=verified]');
    await leave();
  });

  it('keeps a policy file only where the reader wishes it', async () => {
    const { page, go, leave } = await reader();
    const verdict = '[data-checkpoint]';
    await go('');
    await page.setInputFiles('input[type=file]', files.right);
    await page.waitForSelector('[data-checkpoint=satisfied]');
    await page.reload();
    await settled(page);
    expect(await page.$(verdict)).toBeNull();
    await page.setInputFiles('input[type=file]', files.right);
    await page.getByLabel('Keep it in this browser').check();
    await page.reload();
    await page.waitForSelector('[data-checkpoint=satisfied]');
    await page.setInputFiles('input[type=file]', files.wrong);
    await page.waitForSelector('[data-checkpoint=other-log]');
    await page.getByLabel('Keep it in this browser').uncheck();
    await page.reload();
    await settled(page);
    expect(await page.$(verdict)).toBeNull();
    await leave();
  });

  it('says in words what needs a token, and shows the rest without', async () => {
    const { page, go, troubles, leave } = await reader({ token: null });
    await go('');
    expect(await page.textContent('main')).toContain('Truegrain');
    await go(addresses().device);
    expect(await page.textContent('main')).toContain('A token is needed to see the device');
    expect(await page.textContent('main')).toContain('truegrain token add --role auditor');
    await shot(page, 'no-token');
    await page.getByText('Token', { exact: true }).click();
    await page.getByLabel('Access token').fill('tg_not-a-token');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notice-token-refused');
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await page.getByText('Token', { exact: true }).click();
    await page.getByLabel('Access token').fill(gateway.tokens.auditor);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.stream');
    expect(troubles).toEqual([]);
    await leave();
  });

  it('says which interfaces a gateway does not have', async () => {
    const absent = ['/v1/trace', '/v1/chart', '/v1/findings', '/v1/search'];
    const { page, go, leave } = await reader({
      answers: Object.fromEntries(absent.map((path) => [path, NO_SUCH_PATH])),
    });
    await go(addresses().product);
    const words = await page.textContent('main');
    expect(words).toContain('This gateway does not offer this: the trace of a thing.');
    expect(words).toContain('This gateway does not offer this: charts of readings.');
    expect(words).toContain('What the facts are worth');
    await go(`#/search/${encodeURIComponent(PALLET)}`);
    await page.waitForURL(/#\/product\//);
    await leave();
  });

  it('shows text of others as text, wherever it stands', async () => {
    const hostile = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    const { page, go, troubles, leave } = await reader();
    await page.route('**/v1/**', async (route) => {
      const path = new URL(route.request().url()).pathname;
      const sample = Object.entries(SHIPMENT).find(([start]) =>
        path.startsWith(start.replace('?', '')),
      );
      if (sample !== undefined) return route.fulfill({ json: withEveryText(sample[1], hostile) });
      const response = await route.fetch();
      const isJson = response.headers()['content-type']?.includes('json') ?? false;
      if (!isJson) return route.fulfill({ response });
      return route.fulfill({ response, json: withEveryText(await response.json(), hostile) });
    });
    for (const [name, address] of Object.entries(addresses())) {
      await go(address);
      if (SHOWS_JSON.has(name)) {
        expect(await page.textContent('main'), name).toContain('<img src=x');
      }
      expect(await page.evaluate(`'hit' in window`)).toBe(false);
      const foreign = 'main img:not([src^="/v1/qr?epc="]), main script';
      expect(await page.$$eval(foreign, (found) => found.length)).toBe(0);
    }
    await go(`#/product/${encodeURIComponent(hostile)}`);
    await go(`#/device/${encodeURIComponent(hostile)}`);
    await go(`#/search/${encodeURIComponent(hostile)}`);
    expect(await page.evaluate(`'hit' in window`)).toBe(false);
    expect(troubles).toEqual([]);
    await leave();
  });

  it('shows the code for the pack, and gives the readings as Parquet', async () => {
    const { page, go, troubles, leave } = await reader({ answers: SHIPMENT });
    await go(addresses().product);
    const code = page.getByRole('img', { name: 'QR code of SSCC 395060001343500010' });
    await code.scrollIntoViewIfNeeded();
    await expect
      .poll(() => page.evaluate(`document.querySelector('img[src^="/v1/qr"]').naturalWidth`))
      .toBeGreaterThan(0);
    await shot(page, 'product-code');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Readings as Parquet', exact: true }).click();
    const readings = join(shots, 'readings.parquet');
    await (await saved).saveAs(readings);
    const file = new Uint8Array(readFileSync(readings)).buffer;
    const rows = await parquetReadObjects({ file, columns: ['subject', 'value'] });
    expect(rows.length).toBeGreaterThan(1);
    expect(new Set(rows.map(({ subject }) => subject))).toEqual(new Set([PALLET]));
    expect(troubles).toEqual([]);
    await leave();
  });

  it('can be used with the keyboard alone', async () => {
    const { page, go, leave } = await reader();
    await go('');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    await page.getByRole('searchbox').focus();
    await page.keyboard.type(reading.statementId);
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-verdict]');
    expect(await page.evaluate('location.hash')).toBe(addresses().statement);
    await leave();
  });

  it('asks for a chart at the width of the drawing, and again for a part of it', async () => {
    const asked: URL[] = [];
    const { page, go, leave } = await reader({ answers: SHIPMENT });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/v1/chart') asked.push(url);
    });
    await go(addresses().product);
    expect(Number(asked[0]?.searchParams.get('points'))).toBeLessThanOrEqual(4_000);
    expect(await page.textContent('.chart')).toContain('1,000,000 readings');
    await page.getByRole('button', { name: 'Closer' }).click();
    await expect.poll(() => asked.length).toBe(2);
    expect(asked[1]?.searchParams.get('fromMs')).toMatch(/^\d+$/);
    await page.locator('summary', { hasText: 'The chart as a table' }).click();
    expect(await page.$$eval('.chart tbody tr', (rows) => rows.length)).toBeGreaterThan(50);
    await leave();
  });

  it('is quick to come, and prints', async () => {
    const { page, go, leave } = await reader({ answers: SHIPMENT });
    await go('');
    const first = await page.evaluate<{ paintMs: number; scriptBytes: number }>(`({
      paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      scriptBytes: performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.endsWith('.js'))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    })`);
    process.stdout.write(
      `first contentful paint ${Math.round(first.paintMs)} ms, scripts ${first.scriptBytes} bytes gzip\n`,
    );
    expect(first.scriptBytes).toBeGreaterThan(10_000);
    expect(first.scriptBytes).toBeLessThan(SCRIPT_BYTES_MAX);
    expect(first.paintMs).toBeLessThan(FIRST_PAINT_MS_MAX);
    await go(addresses().product);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.top search').isVisible()).toBe(false);
    expect((await page.pdf({ path: join(shots, 'report.pdf') })).length).toBeGreaterThan(10_000);
    await leave();
  });
});
