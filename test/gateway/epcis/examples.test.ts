import { expect, test } from 'vitest';
import { readDocument, readQueryDocument } from '../../../gateway/epcis/read-document.ts';
import { group } from '../../support/group.ts';
import { hasSharedEpcis, sharedDocuments } from '../../support/shared-epcis.ts';

const QUERY_DOCUMENT = 'EPCISQueryDocument.jsonld';
const ALL_FIELDS = 'WithFullCombinationOfFields/';

const examples = sharedDocuments('examples');
const allFields = examples.filter(({ path }) => path.startsWith(ALL_FIELDS));
const plain = examples.filter(
  ({ path }) => path !== QUERY_DOCUMENT && !path.startsWith(ALL_FIELDS),
);

group('epcis', hasSharedEpcis)("GS1's example documents", () => {
  test('there are as many as were delivered', () => {
    expect([examples.length, allFields.length]).toEqual([35, 3]);
  });

  test.each(plain)(
    '$path is read, and nothing of it is lost but recordTime',
    ({ json, context, events }) => {
      const read = readDocument(json);
      if (!read.ok) throw new Error(JSON.stringify(read.breaches));
      expect(read.value.context).toEqual(context);
      expect(read.value.events).toHaveLength(events.length);
      for (const [index, event] of read.value.events.entries()) {
        if (!event.ok) throw new Error(JSON.stringify(event.breaches));
        const { recordTime: _, ...rest } = events[index]!;
        expect(event.value.event).toEqual({ ...rest, eventID: event.value.eventId });
        if (rest['eventID'] !== undefined) expect(event.value.eventId).toBe(rest['eventID']);
        else expect(event.value.eventId).toMatch(/^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/);
      }
    },
  );

  test.each(allFields)('$path says sensor data twice, and of a time to come', ({ json }) => {
    const read = readDocument(json);
    if (!read.ok) throw new Error('refused as a whole');
    const breaches = read.value.events.flatMap((event) => (event.ok ? [] : event.breaches));
    const report = '/epcisBody/eventList/0/sensorElementList/0/sensorReport/0';
    for (const field of ['time', 'deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod']) {
      expect(breaches).toContainEqual({
        path: `${report}/${field}`,
        rule: 'sensor_field_twice',
        message: 'stands in sensorMetadata as well',
      });
    }
    expect(breaches).toContainEqual({
      path: `${report}/time`,
      rule: 'sensor_time_late',
      message: 'is later than eventTime',
    });
    expect(breaches.filter(({ rule }) => rule === 'schema')).toEqual([]);
  });

  test('the query document is read as one, and not captured', () => {
    const { json } = examples.find(({ path }) => path === QUERY_DOCUMENT)!;
    const read = readQueryDocument(json);
    expect(read.ok && read.value.events.map((event) => event.ok)).toEqual([true, true]);
    const capture = readDocument(json);
    expect(!capture.ok && capture.breaches.map(({ path, rule }) => [path, rule])).toEqual([
      ['/type', 'query_document'],
    ]);
  });

  /** Made for its hash: its sensor speaks a month after the event. */
  const LATE_SENSOR = 'CertificationInfoAndSensorReportWithCRS.jsonld';

  test.each(sharedDocuments('event-hash'))('event-hash/$path is read', ({ path, json }) => {
    const read =
      json['type'] === 'EPCISQueryDocument' ? readQueryDocument(json) : readDocument(json);
    if (!read.ok) throw new Error(JSON.stringify(read.breaches));
    const wrong = read.value.events.flatMap((event) => (event.ok ? [] : event.breaches));
    expect(wrong.map(({ rule }) => rule)).toEqual(path === LATE_SENSOR ? ['sensor_time_late'] : []);
  });
});
