import { expect, test } from 'vitest';
import { PROBLEMS } from '../../../gateway/http/problem.ts';
import { harness } from './harness.ts';

test('the document names every route, its parameters and who may call it', async () => {
  const { app } = await harness();
  const document = (await app.inject({ url: '/openapi.json' })).json();
  expect(document.openapi).toBe('3.1.0');
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const registered = app.routeList
    .filter(({ method, url }) => method !== 'HEAD' && url !== '/openapi.json')
    .map(({ method, url }) => `${method} ${url.replace('*', '{path}').replace(/:(\w+)/g, '{$1}')}`);
  expect(documented.sort()).toEqual(registered.sort());

  const readings = document.paths['/v1/readings'].get;
  expect(readings.security).toEqual([{ bearer: ['operator', 'auditor'] }]);
  expect(readings.parameters.map((one: { name: string }) => one.name)).toContain('cursor');
  expect(document.paths['/log/checkpoint'].get.security).toBeUndefined();
  expect(document['x-problems'].fork).toEqual(PROBLEMS.fork);
});

test('every problem has a status and a title', () => {
  for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).not.toBe('');
  }
});
