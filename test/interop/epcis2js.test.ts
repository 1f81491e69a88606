import { createRequire } from 'node:module';
import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../gateway/epcis/json.ts';
import { type HttpServer, startHttp } from '../../gateway/http/server.ts';
import { eventsOf } from '../gateway/http/epcis-harness.ts';
import { as, tokens } from '../gateway/http/harness.ts';
import { FakeBackend } from '../support/fake-backend.ts';
import { group } from '../support/group.ts';

/** The part of the client that is used here; it has no types of its own. */
interface Client {
  setup(settings: object): void;
  capture(document: object): Promise<Response>;
  CaptureResponse: new (
    response: Response,
  ) => {
    getLocation(): string;
    pollForTheCaptureToFinish(tries: number, delayMs: number): Promise<void>;
    getRunningStatus(): boolean;
    getSuccessStatus(): boolean;
    getErrors(): unknown[];
  };
  EPCISDocument: new (
    json?: object,
  ) => {
    addEvent(event: object): void;
    isValid(): boolean;
    toObject(): JsonObject;
  };
  ObjectEvent: new () => { [setter: string]: (value: string) => unknown };
}

const require = createRequire(import.meta.url);
const client = (() => {
  try {
    return require('epcis2.js') as Client;
  } catch {
    return null;
  }
})();

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

group('epcis', client !== null)('epcis2.js 2.7.3, not a line of it changed', () => {
  test('captures a document that it made, and sees it through', async () => {
    if (client === null) throw new Error('epcis2.js is not installed');
    const backend = new FakeBackend();
    server = await startHttp({ backend, tokens, port: 0 });
    client.setup({
      apiUrl: `${server.url}/epcis`,
      headers: { 'content-type': 'application/json', ...as('operator') },
    });
    const event = new client.ObjectEvent();
    for (const [setter, value] of [
      ['setEventID', 'urn:uuid:7f0e0d4c-8f0a-4a0e-9d0b-0d9f6a1f6d10'],
      ['setEventTime', '2026-01-02T03:04:05.000Z'],
      ['setEventTimeZoneOffset', '+00:00'],
      ['setAction', 'OBSERVE'],
      ['setBizStep', 'shipping'],
    ] as const) {
      event[setter]?.(value);
    }
    event['addEPC']?.('https://id.gs1.org/01/10614141073464/21/2018');
    const document = new client.EPCISDocument();
    document.addEvent(event);
    expect(document.isValid()).toBe(true);

    const answer = await client.capture(document);
    expect(answer.status).toBe(202);
    const job = new client.CaptureResponse(answer);
    await job.pollForTheCaptureToFinish(5, 1);
    expect(job.getLocation()).toBe('/epcis/capture/job-1');
    expect([job.getRunningStatus(), job.getSuccessStatus(), job.getErrors()]).toEqual([
      false,
      true,
      [],
    ]);

    const found = await fetch(`${server.url}/epcis/events?EQ_bizStep=shipping`, {
      headers: { ...as('operator'), 'gs1-epc-format': 'Never_Translates' },
    });
    const body = (await found.json()) as JsonObject;
    const [stored] = eventsOf({ json: () => body });
    const { recordTime, ...rest } = stored ?? {};
    const { epcisBody } = document.toObject() as { epcisBody: { eventList: JsonObject[] } };
    expect(rest).toEqual(epcisBody.eventList[0]);
    expect(recordTime).toBe('2026-01-01T00:00:00.000Z');
    // The answer is a document that the client reads, and finds nothing wrong with.
    const read = new client.EPCISDocument({
      ...body,
      type: 'EPCISDocument',
      epcisBody: { eventList: [rest] },
    });
    expect(read.isValid()).toBe(true);
  });
});
