import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STREAMS_MAX } from '../../../gateway/http/findings-stream.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import type { TraceFinding } from '../../../gateway/http/trace-backend.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { as, harness, tokens } from './harness.ts';

const FINDING: TraceFinding = {
  kind: 'gap',
  subject: 'urn:example:x',
  device: null,
  fromMs: 1,
  untilMs: 2,
  text: 'A gap.\nIn two lines.',
  leafIndex: 7,
  rule: null,
};

describe('queries', () => {
  test('/trace leads to /v1/trace with all that was asked', async () => {
    const { app } = await harness();
    const answer = await app.inject({ url: '/trace?epc=urn%3Aexample%3Ax&depth=3' });
    expect(answer.statusCode).toBe(308);
    expect(answer.headers.location).toBe('/v1/trace?epc=urn%3Aexample%3Ax&depth=3');
  });

  test.each([
    '/v1/trace',
    '/v1/trace?epc=x&direction=sideways',
    '/v1/trace?epc=x&depth=33',
    `/v1/trace?epc=${'x'.repeat(2_049)}`,
    '/v1/chart',
    '/v1/chart?subject=x&points=4001',
    '/v1/chart?subject=x&fromMs=2&toMs=2',
    '/v1/recall',
    '/v1/recall?lot=a&epc=b',
    '/v1/recall?lot=a&fromMs=1&toMs=2',
    '/v1/recall?device=urn:dev:ops:1&fromMs=2&toMs=1',
    '/v1/findings?after=1',
    '/v1/findings?kind=nonsense',
    '/v1/search?q=a&q=b',
  ])('%s is refused', async (url) => {
    const { app } = await harness();
    const answer = await app.inject({ url, headers: as('auditor') });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe('invalid_request');
  });
});

describe('live findings', () => {
  let backend: FakeBackend;
  let server: HttpServer;
  let kept: TraceFinding[];
  let listeners: Set<() => void>;
  beforeEach(async () => {
    backend = new FakeBackend();
    kept = [];
    listeners = new Set();
    backend.trace = {
      ...backend.trace,
      findings: ({ after = '0.0', limit }) => {
        const from = Number(after.split('.')[0]);
        const findings = kept
          .slice(from, from + limit)
          .map((finding, i) => ({ ...finding, id: `${from + i}.0`, cursor: `${from + i + 1}.0` }));
        return { ok: true, value: { findings, next: null, end: `${kept.length}.0` } };
      },
      onCommitted: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    server = await startHttp({ backend, tokens, port: 0 });
  });
  afterEach(() => server.close());

  function open(headers: Record<string, string> = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const url = `${server.url}/v1/findings/live`;
      get(url, { agent: false, headers: { ...as('auditor'), ...headers } }, resolve).on(
        'error',
        reject,
      );
    });
  }

  function commit(...findings: TraceFinding[]): void {
    kept.push(...findings);
    for (const listener of listeners) listener();
  }

  /** What comes until it holds this. */
  async function until(stream: IncomingMessage, text: string): Promise<string> {
    let seen = '';
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      seen += String(chunk);
      if (seen.includes(text)) return seen;
    }
    throw new Error(`ended without ${text}: ${seen}`);
  }

  test('begin now, come after a commit, and go on after the last one seen', async () => {
    kept.push(FINDING);
    const stream = await open();
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await until(stream, 'retry:');
    commit({ ...FINDING, leafIndex: 8 });
    const seen = await until(stream, 'id: 2.0');
    expect(seen).toContain(`data: ${JSON.stringify({ ...FINDING, leafIndex: 8 })}\n\n`);
    expect(seen).not.toContain('id: 1.0');
    stream.destroy();
    commit({ ...FINDING, leafIndex: 9 });
    const again = await open({ 'last-event-id': '1.0' });
    expect(await until(again, 'id: 3.0')).toContain('id: 2.0');
    again.destroy();
  });

  test('one reader more than there is room for is told to come later', async () => {
    const streams = await Promise.all(Array.from({ length: STREAMS_MAX }, () => open()));
    const refused = await open();
    expect(refused.statusCode).toBe(503);
    refused.resume();
    expect(listeners.size).toBe(STREAMS_MAX);
    for (const stream of streams) stream.destroy();
    await expect.poll(() => listeners.size).toBe(0);
    const room = await open();
    expect(room.statusCode).toBe(200);
    room.destroy();
  });
});
