import { expect, test } from 'vitest';
import { as, harness } from './harness.ts';

test('checkpoint: the note as it is, cached for seconds', async () => {
  const { app, backend } = await harness();
  const answer = await app.inject({ url: '/log/checkpoint' });
  expect(answer.body).toBe(backend.note);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('public, max-age=2');
  backend.note = null;
  expect((await app.inject({ url: '/log/checkpoint' })).statusCode).toBe(404);
});

test.each([
  ['0/000', 8_192],
  ['0/x001/234/067', -1],
  ['0/x001/x234/067', 8_192],
  ['0/000.p/3', 96],
  ['0/000.p/256', -1],
  ['0/000.p/0', -1],
  ['0/0', -1],
  ['00/000', -1],
  ['0/x000/001', -1],
  ['9/000', -1],
  ['1/000', -1],
  ['', -1],
  ['0/000/', -1],
])('tile/%s is %d bytes (-1: not found)', async (path, size) => {
  const { app } = await harness();
  const answer = await app.inject({ url: `/log/tile/${path}` });
  expect(answer.statusCode).toBe(size < 0 ? 404 : 200);
  if (size < 0) {
    expect(answer.headers['cache-control']).toBe('no-store');
    return;
  }
  expect(answer.rawPayload).toHaveLength(size);
  expect(answer.headers['content-type']).toBe('application/octet-stream');
  expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

test('entry bundles stay out of shared caches while they need a token', async () => {
  const { app } = await harness();
  const get = (path: string) =>
    app.inject({ url: `/log/tile/entries/${path}`, headers: as('auditor') });
  const bundle = await get('000.p/5');
  expect(bundle.rawPayload).toEqual(Buffer.from([0, 1, 5]));
  expect(bundle.headers['cache-control']).toBe('private, max-age=31536000, immutable');
  expect(bundle.headers.vary).toBe('authorization');
  expect((await get('001')).statusCode).toBe(404);
  expect((await get('1')).statusCode).toBe(404);
});
