import { request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { startHttp } from '../../../gateway/http/server.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { documentOf, epcisHarness, objectEvent } from './epcis-harness.ts';
import { as, tokens } from './harness.ts';

test('a document is captured in a job, which says what became of it', async () => {
  const { post, get, epcis } = await epcisHarness();
  const answer = await post(
    '/capture',
    documentOf([objectEvent(), objectEvent({ action: 'ADD' })]),
  );
  expect(answer.statusCode).toBe(202);
  expect(answer.body).toBe('');
  expect(answer.headers.location).toBe('/epcis/capture/job-1');
  expect(answer.headers['gs1-epcis-version']).toBe('2.0.0');
  expect(epcis.events).toHaveLength(2);

  const job = await get('/capture/job-1');
  expect(job.json()).toEqual({
    captureID: 'job-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:00:00.005Z',
    running: false,
    success: true,
    captureErrorBehaviour: 'rollback',
    errors: [],
  });
  expect((await get('/capture')).json()).toEqual([job.json()]);
});

test('proceed: the errors of a job are problems with the exception of the standard', async () => {
  const { post, get } = await epcisHarness([objectEvent({ eventID: 'urn:uuid:1' })]);
  const events = [objectEvent({ eventID: 'urn:uuid:1' }), objectEvent(), { type: 'Nonsense' }];
  const answer = await post('/capture', documentOf(events), {
    'gs1-capture-error-behaviour': 'proceed',
  });
  const job = (await get(String(answer.headers.location).replace('/epcis', ''))).json();
  expect(job).toMatchObject({ success: false, captureErrorBehaviour: 'proceed' });
  expect(job.errors).toMatchObject([
    { type: 'epcisException:ResourceAlreadyExistsException', status: 409 },
    { type: 'epcisException:ValidationException', status: 400, path: '/type' },
  ]);
});

test('a refused document names its breaches', async () => {
  const { post } = await epcisHarness();
  const answer = await post('/capture', { type: 'EPCISDocument' });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.json()).toMatchObject({
    type: 'epcisException:ValidationException',
    code: 'epcis_validation',
    status: 400,
    errors: [{ path: '/type', rule: 'schema', message: 'no eventList' }],
  });
});

test.each([
  [{ 'content-type': 'application/xml' }, 415, 'UnsupportedMediaTypeException'],
  [{ 'gs1-capture-error-behaviour': 'maybe' }, 400, 'ValidationException'],
  [{ 'gs1-epcis-version': '1.2' }, 406, 'NotAcceptableException'],
  [{ 'gs1-cbv-version': '3.0.0' }, 406, 'NotAcceptableException'],
  [{ 'gs1-epcis-version': 'two' }, 400, 'ValidationException'],
  [{ accept: 'application/xml' }, 406, 'NotAcceptableException'],
  [{ authorization: 'Bearer nobody' }, 401, 'SecurityException'],
  [{ authorization: 'Bearer auditor' }, 403, 'SecurityException'],
])('%o is answered %i %s, and nothing is captured', async (headers, status, exception) => {
  const { post, epcis } = await epcisHarness();
  const answer = await post('/capture', documentOf([objectEvent()]), headers);
  expect(answer.json()).toMatchObject({ status, type: `epcisException:${exception}` });
  expect(epcis.events).toHaveLength(0);
});

test.each(['2.0', '2.0.0', '2.0.1'])('a payload of EPCIS %s is taken', async (version) => {
  const { post } = await epcisHarness();
  const answer = await post('/capture', documentOf([objectEvent()]), {
    'content-type': 'application/ld+json',
    'gs1-epcis-version': version,
    'gs1-cbv-version': '2.0',
  });
  expect(answer.statusCode).toBe(202);
});

test('more events than announced: 413, and the limits with it', async () => {
  const { post, call, epcis } = await epcisHarness();
  const announced = await call('OPTIONS', '/capture');
  expect(announced.headers['gs1-epcis-capture-limit']).toBe('1000');
  const events = Array.from({ length: 1_001 }, () => objectEvent());
  const results = { queryName: 'q', resultsBody: { eventList: events } };
  for (const body of [{ eventList: events }, { queryResults: results }]) {
    const answer = await post('/capture', documentOf([], { epcisBody: body }));
    expect(answer.json()).toMatchObject({
      status: 413,
      code: 'epcis_capture_limit',
      type: 'epcisException:CaptureLimitExceededException',
    });
    expect(answer.headers['gs1-epcis-capture-limit']).toBe('1000');
    expect(answer.headers['gs1-epcis-capture-file-size-limit']).toBe(String(8 * 1024 * 1024));
  }
  expect(epcis.events).toHaveLength(0);
});

const MIB = 1024 * 1024;
const SENT_MIB = 50;

/** Sends up to 50 MB as fast as it is taken; how much was, and the status. */
function flood(port: number, chunked: boolean): Promise<{ status: number; sentMib: number }> {
  const length = chunked ? {} : { 'content-length': SENT_MIB * MIB };
  const headers = { ...as('operator'), 'content-type': 'application/json', ...length };
  return new Promise((resolve) => {
    let [status, sentMib] = [0, 0];
    const sending = httpRequest({ port, method: 'POST', path: '/epcis/capture', headers });
    const more = (): void => {
      while (status === 0 && sentMib < SENT_MIB) {
        sentMib += 1;
        if (!sending.write(' '.repeat(MIB))) return;
      }
      sending.end();
    };
    sending.on('drain', more);
    sending.on('response', (response) => {
      status = response.statusCode ?? 0;
      response.resume();
    });
    sending.on('error', () => {});
    sending.on('close', () => resolve({ status, sentMib }));
    more();
  });
}

test.each([false, true])('50 MB are refused unread (chunked: %s)', async (chunked) => {
  const backend = new FakeBackend();
  const server = await startHttp({ backend, tokens, port: 0 });
  try {
    const { status, sentMib } = await flood(server.port, chunked);
    expect(status).toBe(413);
    expect(sentMib).toBeLessThan(SENT_MIB);
    expect(backend.epcis.jobs).toHaveLength(0);
  } finally {
    await server.close();
  }
});

test('JSON that is nested beyond reason is refused before it is parsed', async () => {
  const { post } = await epcisHarness();
  const levels = 1_000_000;
  const answer = await post('/capture', '['.repeat(levels) + ']'.repeat(levels));
  expect(answer.json()).toMatchObject({ status: 400, type: 'epcisException:ValidationException' });
  const harmless = documentOf([objectEvent({ 'example:note': '['.repeat(100) })]);
  expect((await post('/capture', harmless)).statusCode).toBe(202);
});

test('jobs come in pages', async () => {
  const { post, get } = await epcisHarness();
  for (const bizStep of ['a', 'b', 'c']) {
    await post('/capture', documentOf([objectEvent({ bizStep })]));
  }
  const first = await get('/capture?perPage=2');
  expect(first.json().map((job: { captureID: string }) => job.captureID)).toEqual([
    'job-3',
    'job-2',
  ]);
  const next = /<\/epcis(.*)>; rel="next"/.exec(String(first.headers.link))?.[1] ?? '';
  const second = await get(next);
  expect(second.json()).toMatchObject([{ captureID: 'job-1' }]);
  expect(second.headers.link).toBeUndefined();
  expect((await get('/capture/none')).json()).toMatchObject({
    status: 404,
    type: 'epcisException:NoSuchResourceException',
  });
});
