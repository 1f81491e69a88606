import { describe, expect, test } from 'vitest';
import {
  canonicalUri,
  epcFault,
  translateEvent,
} from '../../../../gateway/epcis/gs1/epc-translation.ts';
import { eventHash } from '../../../../gateway/epcis/gs1/event-hash.ts';
import type { Json, JsonObject } from '../../../../gateway/epcis/json.ts';
import { group } from '../../../support/group.ts';
import { hasSharedEpcis, sharedDocuments, sharedEpcis } from '../../../support/shared-epcis.ts';

const examples = group('epcis', hasSharedEpcis, `no ${sharedEpcis()}`);
const seven = (): number => 7;

const URNS: JsonObject = {
  type: 'AggregationEvent',
  parentID: 'urn:epc:id:sscc:0614141.1234567890',
  epcList: ['urn:epc:id:sgtin:0614141.112345.400', 'urn:epc:id:gid:95100000.12345.400'],
  childEPCs: ['urn:epc:id:grai:0614141.12345.400'],
  inputEPCList: ['urn:epc:id:giai:0614141.12345400'],
  outputEPCList: ['urn:epc:id:cpi:0614141.123ABC.9'],
  quantityList: [{ epcClass: 'urn:epc:class:lgtin:4012345.012345.Lot987', quantity: 1 }],
  childQuantityList: [{ epcClass: 'urn:epc:idpat:sgtin:0614141.112345.*' }],
  inputQuantityList: [{ epcClass: 'urn:epc:idpat:grai:0614141.12345.*' }],
  outputQuantityList: [{ epcClass: 'urn:epc:idpat:cpi:0614141.123ABC.*' }],
  transformationID: 'urn:epc:id:gdti:0614141.12345.006847',
  readPoint: {
    id: 'urn:epc:id:sgln:0614141.12345.400',
    'my:id': 'urn:epc:id:sgln:0614141.12345.0',
  },
  bizLocation: { id: 'urn:epc:id:sgln:0614141.12345.0' },
  bizTransactionList: [
    { type: 'po', bizTransaction: 'urn:epc:id:gdti:0614141.12345.1' },
    { type: 'inv', bizTransaction: 'urn:epcglobal:cbv:bt:0614141073467:1152' },
  ],
  sourceList: [{ type: 'owning_party', source: 'urn:epc:id:pgln:0614141.12345' }],
  destinationList: [{ type: 'location', destination: 'urn:epc:id:sgln:0614141.12345.1' }],
  sensorElementList: [
    {
      sensorMetadata: {
        deviceID: 'urn:epc:id:giai:0614141.1',
        rawData: 'urn:epc:id:giai:0614141.2',
      },
      sensorReport: [{ type: 'Temperature', deviceID: 'urn:epc:id:giai:0614141.3', value: 1 }],
    },
  ],
};

/** Paths of the strings that differ. */
function changed(a: Json, b: Json, path = ''): string[] {
  if (typeof a !== 'object' || a === null) return a === b ? [] : [path];
  return Object.entries(a).flatMap(([name, value]) => {
    return changed(value, (b as JsonObject)[name]!, `${path}/${name}`);
  });
}

describe('translateEvent', () => {
  const links = translateEvent(URNS, 'Always_GS1_Digital_Link', () => null);

  test('every field that names a thing, a place, a party or a device, and no other', () => {
    expect(changed(URNS, links)).toEqual([
      '/parentID',
      '/epcList/0',
      '/childEPCs/0',
      '/inputEPCList/0',
      '/outputEPCList/0',
      '/quantityList/0/epcClass',
      '/childQuantityList/0/epcClass',
      '/inputQuantityList/0/epcClass',
      '/outputQuantityList/0/epcClass',
      '/transformationID',
      '/readPoint/id',
      '/bizLocation/id',
      '/bizTransactionList/0/bizTransaction',
      '/sourceList/0/source',
      '/destinationList/0/destination',
      '/sensorElementList/0/sensorMetadata/deviceID',
      '/sensorElementList/0/sensorReport/0/deviceID',
    ]);
  });

  test('there and back is the same event, with the same id', () => {
    expect(translateEvent(links, 'Always_EPC_URN', seven)).toEqual(URNS);
    expect(eventHash(links, null)).toBe(eventHash(URNS, null));
  });

  test('formats that translate nothing', () => {
    expect(translateEvent(URNS, 'Never_Translates', seven)).toBe(URNS);
    expect(translateEvent(links, 'No_Preference', seven)).toBe(links);
  });

  test('a link keeps its own domain and attributes', () => {
    const event = { epcList: ['https://brand.example/01/10614141123459/10/L/21/400?17=261231'] };
    expect(translateEvent(event, 'Always_GS1_Digital_Link', seven)).toEqual(event);
    expect(translateEvent(event, 'Always_EPC_URN', seven)).toEqual({
      epcList: ['urn:epc:id:sgtin:0614141.112345.400'],
    });
  });

  test('hostile shapes stay what they were', () => {
    const hostile: JsonObject = JSON.parse(
      '{"__proto__":{"parentID":"x"},"epcList":"no list","readPoint":[7,null,{"id":{}}],' +
        '"sensorElementList":{"sensorReport":"x"},"quantityList":null,"constructor":{"id":"y"}}',
    );
    for (const format of ['Always_EPC_URN', 'Always_GS1_Digital_Link'] as const) {
      const text = JSON.stringify(translateEvent(hostile, format, seven));
      expect(text).toBe(JSON.stringify(hostile));
    }
  });
});

function strings(value: Json): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

examples('the examples of the EPCIS repository', () => {
  const documents = sharedDocuments('examples');

  test.each(documents.map(({ path }) => path))('%s', (path) => {
    const { events, context } = documents.find((one) => one.path === path)!;
    expect(events.length).toBeGreaterThan(0);
    const prefixes = strings([...events])
      .map((text) => /^urn:epc:[a-z]+:[a-z]+:(\d{6,12})\./.exec(text)?.[1] ?? '')
      .filter((prefix) => prefix !== '');
    const learned = (digits: string) => {
      return prefixes.find((prefix) => digits.startsWith(prefix))?.length ?? 7;
    };
    for (const event of events) {
      expect(strings(event).map(epcFault).filter(Boolean)).toEqual([]);
      const link = translateEvent(event, 'Always_GS1_Digital_Link', learned);
      const urn = translateEvent(event, 'Always_EPC_URN', learned);
      expect(strings(link).map(canonicalUri)).toEqual(strings(event).map(canonicalUri));
      expect(strings(urn).map(canonicalUri)).toEqual(strings(event).map(canonicalUri));
      expect(translateEvent(link, 'Always_EPC_URN', learned)).toEqual(urn);
      const id = eventHash(event, context);
      expect([eventHash(link, context), eventHash(urn, context)]).toEqual([id, id]);
    }
  });

  test('some of them are translated', () => {
    const events = documents.flatMap((document) => document.events);
    const different = events.filter((event) => {
      return changed(event, translateEvent(event, 'Always_GS1_Digital_Link', seven)).length > 0;
    });
    expect(different.length).toBeGreaterThan(10);
  });
});
