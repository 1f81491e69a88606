import type { JsonObject } from '../../../gateway/epcis/json.ts';
import { as, harness } from './harness.ts';

export const GS1 = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld';
export const JSON_TYPE = { 'content-type': 'application/json' };

export const objectEvent = (more: JsonObject = {}): JsonObject => ({
  type: 'ObjectEvent',
  action: 'OBSERVE',
  bizStep: 'shipping',
  eventTime: '2026-01-02T03:04:05.000Z',
  eventTimeZoneOffset: '+00:00',
  epcList: ['urn:epc:id:sgtin:0614141.107346.2018'],
  readPoint: { id: 'urn:epc:id:sgln:0614141.00777.0' },
  ...more,
});

export const documentOf = (events: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  '@context': [GS1, { example: 'http://ns.example.com/epcis/' }],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: '2026-01-02T03:04:05.000Z',
  epcisBody: { eventList: events },
  ...more,
});

/** A server whose repository holds these events, and calls to it with an operator's token. */
export async function epcisHarness(events: readonly JsonObject[] = []) {
  const { app, backend } = await harness();
  const headers = as('operator');
  for (const event of events) {
    const recorded = await backend.epcis.captureEvent(event);
    if (!recorded.ok) throw new Error(recorded.detail);
  }
  return {
    app,
    backend,
    epcis: backend.epcis,
    get: (path: string, more: Record<string, string> = {}) =>
      app.inject({ url: `/epcis${path}`, headers: { ...headers, ...more } }),
    post: (path: string, payload: unknown, more: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url: `/epcis${path}`,
        headers: { ...headers, ...JSON_TYPE, ...more },
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      }),
    call: (method: 'DELETE' | 'OPTIONS', path: string) =>
      app.inject({ method, url: `/epcis${path}`, headers }),
  };
}

export const eventsOf = (answer: { json: () => JsonObject }): JsonObject[] => {
  const { epcisBody } = answer.json() as {
    epcisBody: { queryResults: { resultsBody: { eventList: JsonObject[] } } };
  };
  return epcisBody.queryResults.resultsBody.eventList;
};
