// Every document that GS1 published, through the whole of a gateway: HTTP, capture, ledger, query.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isJsonObject, type JsonObject } from '../../../gateway/epcis/json.ts';
import { buildHttp } from '../../../gateway/http/server.ts';
import { CaptureRig } from '../../support/capture-rig.ts';
import { group } from '../../support/group.ts';
import {
  hasSharedEpcis,
  type SharedDocument,
  sharedDocuments,
} from '../../support/shared-epcis.ts';
import { as, tokens } from '../http/harness.ts';

const all = sharedDocuments('examples');
const isQuery = ({ json }: SharedDocument) => json['type'] === 'EPCISQueryDocument';
const hasAllFields = ({ path }: SharedDocument) => /all[-_ ]?possible[-_ ]?fields/i.test(path);
const whole = all.filter((one) => !isQuery(one) && !hasAllFields(one));

let rig: CaptureRig;
let app: Awaited<ReturnType<typeof buildHttp>>;
beforeEach(async () => {
  rig = new CaptureRig();
  // Some of the examples are dated later than the ledger's first day.
  rig.nowMs = Date.UTC(2030, 0, 1);
  rig.open();
  app = await buildHttp({ backend: rig.backend, tokens });
});
afterEach(async () => {
  await app.close();
  await rig.stop();
  rig.expectSound();
  rig.close();
  expect(rig.failures).toEqual([]);
});

async function capture(document: JsonObject) {
  const answer = await app.inject({
    method: 'POST',
    url: '/epcis/capture',
    headers: as('operator'),
    payload: document,
  });
  if (answer.statusCode !== 202) return answer.json();
  const url = String(answer.headers.location);
  return vi.waitFor(
    async () => {
      const job = (await app.inject({ url, headers: as('auditor') })).json();
      if (job.running) throw new Error('it runs');
      return job;
    },
    { timeout: 60_000 },
  );
}

async function events(url = '/epcis/events?perPage=100') {
  const headers = { ...as('auditor'), 'gs1-epc-format': 'Never_Translates' };
  const answer = await app.inject({ url, headers });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json().epcisBody.queryResults.resultsBody.eventList as JsonObject[];
}

/** A query's order is its own; an id that the gateway set is not in the document. */
function comparable(list: readonly JsonObject[], given: ReadonlySet<unknown>): string[] {
  return list
    .map(({ recordTime: _recordTime, '@context': _context, eventID, ...event }) =>
      JSON.stringify(sorted(given.has(eventID) ? { ...event, eventID: eventID ?? null } : event)),
    )
    .sort();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

group(
  'epcis',
  hasSharedEpcis,
  'no shared EPCIS material',
)('the examples of GS1', () => {
  test.each(whole)('$path comes back equal but for recordTime', async ({ json, events: sent }) => {
    const job = await capture(json);
    expect(job).toMatchObject({ success: true, errors: [] });
    const given = new Set(sent.flatMap(({ eventID }) => (eventID === undefined ? [] : [eventID])));
    const found = await events();
    expect(comparable(found, given)).toEqual(comparable(sent, given));
    for (const { eventID } of found) {
      const [one] = await events(`/epcis/events/${encodeURIComponent(String(eventID))}`);
      expect(one?.['eventID']).toBe(eventID);
    }
  });

  test.each(all.filter(hasAllFields))('$path is refused with the rule named', async ({ json }) => {
    const problem = await capture(json);
    expect(problem).toMatchObject({ code: 'epcis_validation', status: 400 });
    const rules = problem.errors.map(({ rule }: { rule: string }) => rule);
    expect(rules).toContain('sensor_field_twice');
    expect(await events()).toEqual([]);
  });

  test.each(all.filter(isQuery))('$path, a query’s answer, is not captured', async ({ json }) => {
    expect(await capture(json)).toMatchObject({ code: 'epcis_validation', status: 400 });
    expect(await events()).toEqual([]);
  });

  test('there are as many as were counted', () => {
    expect([whole.length, all.filter(hasAllFields).length, all.filter(isQuery).length]).toEqual([
      31, 3, 1,
    ]);
  });
});
