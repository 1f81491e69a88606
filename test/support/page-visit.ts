// The page as a reader opens it: in a browser, with or without a token, on a gateway's answers or on others.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  sampleChart,
  sampleFindings,
  sampleLaw,
  sampleRecord,
  sampleTrace,
} from './page-answers.ts';

export interface Visit {
  readonly url: string;
  readonly token?: string | null;
  readonly options?: BrowserContextOptions;
  /** JSON of a path's beginning, instead of the gateway's. */
  readonly answers?: Readonly<Record<string, unknown>>;
}

export interface Visitor {
  readonly page: Page;
  /** Errors of scripts and everything the page's policy blocked. */
  readonly troubles: string[];
  /** Follows an address within the page and waits until nothing is awaited. */
  readonly go: (address: string) => Promise<void>;
  readonly leave: () => Promise<void>;
}

export const SHIPMENT: Readonly<Record<string, unknown>> = {
  '/v1/trace': sampleTrace(),
  '/v1/chart': sampleChart(),
  '/v1/findings?': { findings: sampleFindings(), next: null },
  '/v1/subjects/': sampleRecord(),
  '/v1/law': sampleLaw(),
};

/** Of an interface that a gateway does not have: what it says of any path that is not there. */
export const NO_SUCH_PATH = { status: 404, detail: 'There is nothing at this path.' };

export async function visit(browser: Browser, given: Visit): Promise<Visitor> {
  const { url, token = null, options = {}, answers = {} } = given;
  const size = { viewport: { width: 1280, height: 900 }, locale: 'en-GB' };
  const context = await browser.newContext({ ...size, ...options });
  if (token !== null) {
    const content = `sessionStorage.setItem('truegrain.token', ${JSON.stringify(token)})`;
    await context.addInitScript({ content });
  }
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    // A browser logs every answer of 4xx; the page says in words what it means.
    if (message.type() === 'error' && !/^Failed to load resource/.test(text)) troubles.push(text);
  });
  for (const [path, answer] of Object.entries(answers)) {
    await page.route(
      (asked) => `${asked.pathname}${asked.search}`.startsWith(path),
      (route) => {
        const status = answer === NO_SUCH_PATH ? NO_SUCH_PATH.status : 200;
        return route.fulfill({ status, json: answer });
      },
    );
  }
  return {
    page,
    troubles,
    go: async (address) => {
      await page.goto(`${url}${address}`);
      await settled(page);
    },
    leave: () => context.close(),
  };
}

/** A heading is there, nothing is awaited any more, and every chart is drawn. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('h1');
  await page.waitForSelector('body:not(:has(.pending)):not(:has(.plot:not(:has(canvas))))');
}

/** What a screen reader would stumble over, rule by rule (WCAG 2 A and AA). */
export async function stumbles(page: Page): Promise<string[]> {
  // The page's policy lets no script in; the debugger does.
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(`axe
    .run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ': ' + failureSummary)))`);
}

/** Where pictures go: TRUEGRAIN_SHOTS, or a folder of this run. */
export function shotsFolder(): string {
  const named = process.env['TRUEGRAIN_SHOTS'];
  if (!named) return mkdtempSync(join(tmpdir(), 'truegrain-shots-'));
  mkdirSync(named, { recursive: true });
  return named;
}

/** The same JSON with `text` for every string in it. */
export function withEveryText(json: unknown, text: string): unknown {
  if (typeof json === 'string') return text;
  if (Array.isArray(json)) return json.map((one) => withEveryText(one, text));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, withEveryText(value, text)]),
  );
}
