import { expect, test } from 'vitest';
import type { HandoversQuery } from '../../../gateway/http/handover-backend.ts';
import { as, harness } from './harness.ts';

test('GET /v1/handovers asks by thing, time and page, for operators and auditors', async () => {
  const { app, backend } = await harness();
  const asked: HandoversQuery[] = [];
  backend.handovers = {
    handovers: (query) => {
      asked.push(query);
      return { ok: true, value: { handovers: [], next: 'n' } };
    },
  };
  const get = (query: string, role: Parameters<typeof as>[0] = 'auditor') =>
    app.inject({ url: `/v1/handovers${query}`, headers: as(role) });
  const item = 'https://id.gs1.org/00/395212300000000018';
  const answer = await get(`?item=${encodeURIComponent(item)}&fromMs=5&toMs=9&limit=2&cursor=c`);
  expect(answer.json()).toEqual({ handovers: [], next: 'n' });
  await get('', 'operator');
  expect(asked).toEqual([{ item, fromMs: 5, toMs: 9, limit: 2, cursor: 'c' }, { limit: 100 }]);
  expect((await get('', 'device')).statusCode).toBe(403);
  expect((await app.inject({ url: '/v1/handovers' })).statusCode).toBe(401);
  for (const query of [
    '?limit=0',
    '?limit=501',
    '?fromMs=x',
    '?item=',
    '?thing=1',
    '?item=a&item=b',
  ]) {
    expect((await get(query)).statusCode, query).toBe(400);
  }
  backend.handovers = { handovers: () => ({ ok: false, code: 'bad_cursor', detail: 'none' }) };
  expect((await get('?cursor=x')).statusCode).toBe(400);
});
