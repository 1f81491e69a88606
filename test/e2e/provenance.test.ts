// The play of `npm run provenance`, and an auditor who has a browser, a policy file and the code on a box.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsqr from 'jsqr';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE_FOLDER } from '../../gateway/http/routes/web.ts';
import { truegrain } from '../../sim/programs/gateway-program.ts';
import { BOX_URI, GOODS, PLACES } from '../../sim/provenance/goods.ts';
import { HOUR_MS, HOURS } from '../../sim/provenance/hours.ts';
import { type ProvenanceRun, playedProvenance } from '../../sim/provenance/main.ts';
import { URNS } from '../../sim/provenance/play.ts';
import { chromiumFile, openChromium } from '../support/chromium.ts';
import { hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { settled, shotsFolder, stumbles, visit } from '../support/page-visit.ts';

const MINUTES = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'truegrain-provenance-'));
const said: string[] = [];
let run: ProvenanceRun;

beforeAll(async () => {
  if (!hasPrograms) return;
  run = await playedProvenance({ data: join(folder, 'gateway'), say: (words) => said.push(words) });
}, 3 * MINUTES);
afterAll(async () => {
  await run?.gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Number of a place, as the page names it. */
const glnOf = ({ uri }: { uri: string }) => `GLN ${uri.split('/').at(-1)}`;
const answerTo = (question: RegExp) =>
  run.answers.find((one) => question.test(one.question))?.lines.join('\n') ?? '';

group(
  'built',
  hasPrograms,
  'npm run build',
)('a day of chilled rice, as the interface tells it', () => {
  it('where the box was, how warm, by whose word, under which rule, and what is missing', () => {
    const where = answerTo(/Where/).split('\n');
    const steps = where.map((line) => /UTC {2}(\w+) at/.exec(line)?.[1]);
    expect(steps).toEqual([
      ...['commissioning', 'packing', 'loading', 'shipping'],
      ...['unloading', 'receiving', 'unpacking'],
    ]);
    // The airing of the empty trailer, at 16 °C, was after the box had left it.
    expect(answerTo(/too warm/)).toMatch(/115 readings between 4 °C and 9\.6 °C/);
    expect(answerTo(/too warm/).match(/too warm from/g)).toHaveLength(1);
    expect(answerTo(/Who says/)).toContain(URNS.trailer);
    expect(answerTo(/rule/)).toBe(
      'chilled-2-8@1 “Chilled food stays between 2 °C and 8 °C”: Dr. R. Example, The Mill',
    );
    expect(answerTo(/claimed/)).toMatch(/organic farming.*says B\. Example, The Mill, sales/);
    expect(answerTo(/missing/)).toMatch(/^1 statement\(s\) of urn:dev:ops:\S+trailer-probe/);
    expect(answerTo(/hand-overs/)).toMatch(/agreed\n.*differs; seal: H-204117 .* H-204171/);
  });

  it('recalls what the bad lot reached, wherever it is, and not what it did not reach', () => {
    const all = [...GOODS.shipped.boxes, ...GOODS.kept.boxes].map(({ uri }) => uri);
    const reached = run.recall.map((line) => line.split('  ')[0]);
    expect(reached).toEqual(expect.arrayContaining([GOODS.badLot, GOODS.packedLot, ...all]));
    expect(reached).not.toContain(GOODS.goodLot);
    const at = (uri: string) => run.recall.find((line) => line.startsWith(`${uri}  `));
    expect(at(BOX_URI)).toContain(PLACES.shop.name);
    expect(at(GOODS.kept.boxes[0]?.uri ?? '')).toContain(PLACES.mill.name);
  });

  it('verifies the warmest statement offline, and prints all that an auditor needs', () => {
    expect(run.verified).toBe(0);
    const words = said.join('\n');
    for (const needed of [run.auditorToken, run.policyFile, run.linkUrl, run.codeUrl]) {
      expect(words).toContain(needed);
    }
  });
});

const hasPage = chromiumFile !== null && hasPrograms && existsSync(join(PAGE_FOLDER, 'index.html'));
const inBrowser = group('chromium', hasPage, 'no Chromium, or not built; npm run build');

inBrowser('an auditor with a browser, a policy file and the code on the box', () => {
  const shots = shotsFolder();
  let browser: Browser;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const shot = (page: Page, name: string) =>
    page.screenshot({ path: join(shots, `provenance-${name}.png`), fullPage: true });

  /** The printed code, drawn and read as a phone's camera does. */
  async function cameraReads(codeUrl: string): Promise<string> {
    const svg = await (await fetch(codeUrl)).text();
    const page = await browser.newPage();
    const side = 400;
    const pixels = await page.evaluate<number[]>(`(async () => {
      const image = new Image();
      image.src = 'data:image/svg+xml,' + encodeURIComponent(${JSON.stringify(svg)});
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: ${side}, height: ${side} });
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0, ${side}, ${side});
      return [...context.getImageData(0, 0, ${side}, ${side}).data];
    })()`);
    await page.close();
    // CommonJS: its function is also its own default.
    return jsqr.default(Uint8ClampedArray.from(pixels), side, side)?.data ?? 'no code';
  }

  it('reads every answer, verifies it there, and takes the evidence along', async () => {
    expect(await cameraReads(run.codeUrl)).toBe(run.linkUrl);
    const { page, troubles, leave } = await visit(browser, { url: run.linkUrl });
    await page.goto(await cameraReads(run.codeUrl));
    await settled(page);
    expect(page.url()).toContain('/ui/c/');
    const consumer = (await page.textContent('main')) ?? '';
    expect(await page.getAttribute('.verdict', 'data-verdict')).toBe('verified');
    expect(consumer).toContain('between 4\u202f°C and 9.6\u202f°C');
    expect(consumer).toContain('Breaches of rules on record: 1');
    await shot(page, 'consumer');

    await page.getByRole('link', { name: 'See everything' }).click();
    await page.waitForSelector('.answers');
    await settled(page);
    await shot(page, 'product');
    const answer = async (question: string) => {
      const row = page.locator('.answers > div', {
        has: page.getByText(question, { exact: true }),
      });
      return (await row.locator('dd').textContent()) ?? '';
    };
    const where = await answer('Where was it?');
    const { mill, millDock, shopDock, shop } = PLACES;
    const stops = [mill, millDock, shopDock, shop].map((place) => where.indexOf(glnOf(place)));
    expect(Math.min(...stops)).toBeGreaterThanOrEqual(0);
    expect(stops).toEqual([...stops].sort((a, b) => a - b));
    expect(where).toContain('On its way');

    const outside = await answer('Was it ever outside its limits?');
    expect(outside).toMatch(/^Yes: temperature 6\.6\u202f°C to 9\.6\u202f°C, for 28 mins? from/);
    const [since] = await page.$$eval('.answers .alarm time', (times) =>
      times.map((time) => Date.parse(time.getAttribute('datetime') ?? '')),
    );
    expect(since).toBeGreaterThanOrEqual(run.startMs + HOURS.warmFrom * HOUR_MS);
    expect(since).toBeLessThan(run.startMs + HOURS.warmUntil * HOUR_MS);
    expect(await answer('Who says so?')).toMatch(
      new RegExp(`^${URNS.trailer}: 22 of its statements are measured`),
    );
    const rule = await answer('Which rule applied, and who answers for it?');
    expect(rule).toContain('chilled-2-8@1 Chilled food stays between 2 °C and 8 °C');
    expect(rule).toContain('Dr. R. Example, The Mill');
    expect(rule).not.toContain('chilled-excursion');
    const claimed = await answer('What is only claimed?');
    expect(claimed).toBe(
      '“From organic farming, grown near Wuchang” says B. Example, The Mill, sales',
    );
    expect(await page.textContent('.claims')).toContain('From organic farming');
    expect(await page.$$('.claims .worth')).toEqual([]);
    const missing = await answer('Is anything missing?');
    expect(missing).toContain('Hand-overs can’t be seen here without a token.');
    expect(missing).toContain(
      `Statements of ${URNS.trailer} that are not in the log: 1, for 12 min`,
    );

    await page
      .locator('.answers')
      .getByRole('link', { name: /^entry/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'Verify it in this browser' }).click();
    await page.waitForSelector('[data-verdict=self-consistent]');
    await page.locator('input[accept*=".txt"]').setInputFiles(run.policyFile);
    await page.waitForSelector('[data-verdict=verified]');
    expect(await page.textContent('.verdict')).toContain('VERIFIED');
    expect(await page.textContent('.proved')).toContain('The Mill says it broke it');
    await shot(page, 'verified');

    const evidence = join(folder, 'taken-along.tgev');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Evidence file (.tgev)', exact: true }).click();
    await (await saved).saveAs(evidence);
    expect(troubles).toEqual([]);
    await leave();

    const right = await truegrain(['verify', evidence, '--policy', run.policyFile]);
    expect([right.code, right.lines[0]]).toEqual([0, 'VERIFIED']);
    const bytes = readFileSync(evidence);
    expect(bytes.length).toBeGreaterThan(1_000);
  });

  it('sees with a token what was read and how the hand-overs went, on a phone and in the dark', async () => {
    const { page, go, troubles, leave } = await visit(browser, {
      url: `${run.gateway.httpUrl}/ui/`,
      token: run.auditorToken,
      options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
    });
    await go(`#/product/${encodeURIComponent(BOX_URI)}`);
    await page.waitForSelector('.answers');
    await settled(page);
    await shot(page, 'product-phone-dark');
    const words = (await page.textContent('main')) ?? '';
    expect(words).toContain('Two sides of a hand-over differ');
    expect(words).toContain('seal: H-204117 by the giver, H-204171 by the receiver');
    expect(words).toContain('115 readings between 4\u202f°C and 9.6\u202f°C');
    expect(words).toContain('Excursions (red): 1. Gaps (grey): 1.');
    expect(await stumbles(page)).toEqual([]);
    const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(wider).toBeLessThanOrEqual(0);
    expect(troubles).toEqual([]);
    await leave();
  });
});
