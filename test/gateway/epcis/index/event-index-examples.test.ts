import { expect, test } from 'vitest';
import { namespacesOf } from '../../../../gateway/epcis/gs1/namespaces.ts';
import type { JsonObject } from '../../../../gateway/epcis/json.ts';
import { addEvent, emptyRig, foundLeaves } from '../../../support/event-index-rig.ts';
import { group } from '../../../support/group.ts';
import { matches } from '../../../support/reference-event-query.ts';
import { hasSharedEpcis, sharedDocuments } from '../../../support/shared-epcis.ts';

const CONTEXT = {
  example: 'http://ns.example.com/epcis/',
  ext1: 'http://example.com/ext1/',
  ext2: 'http://example.com/ext2/',
  ext3: 'http://example.com/ext3/',
  cbvmda: 'urn:epcglobal:cbv:mda:',
};

const QUERIES: JsonObject[] = [
  { eventType: ['ObjectEvent'] },
  { eventType: ['AssociationEvent', 'TransactionEvent'] },
  { EQ_bizStep: ['shipping', 'receiving'] },
  { EQ_disposition: ['in_progress'] },
  { EQ_persistentDisposition_set: ['completeness_verified'] },
  { EQ_persistentDisposition_unset: ['completeness_inferred'] },
  { EQ_action: ['ADD'] },
  { MATCH_epc: ['urn:epc:id:sgtin:0614141.107346.2018'] },
  { MATCH_anyEPC: ['urn:epc:idpat:sgtin:*.*.*'] },
  { MATCH_anyEPC: ['urn:epc:idpat:sgtin:0614141.*.*'] },
  { MATCH_parentID: ['urn:epc:idpat:grai:4012345.*.*'] },
  { MATCH_epc: ['urn:epc:idpat:sgtin:0614141.107346.*'] },
  { MATCH_anyEPCClass: ['urn:epc:class:lgtin:4012345.012345.998877'] },
  { MATCH_anyEPCClass: ['urn:epc:idpat:sgtin:4012345.*.*'] },
  { MATCH_outputEPCClass: ['urn:epc:idpat:sgtin:4012345.044444.*'] },
  { EQ_quantity: [10] },
  { GE_quantity_GRM: 200_000 },
  { WD_bizLocation: ['urn:epc:id:sgln:0012345.11111.0'] },
  { EQ_readPoint: ['urn:epc:id:sgln:0012345.11111.400'] },
  { EQ_bizTransaction_po: ['http://transaction.acme.com/po/12345678'] },
  { EQ_source_possessing_party: ['urn:epc:id:pgln:4012345.00225'] },
  { EQ_destination_location: ['urn:epc:id:sgln:0614141.00777.0'] },
  { EXISTS_errorDeclaration: null },
  { EQ_errorReason: ['incorrect_data'] },
  { GE_errorDeclarationTime: '2006-01-01T00:00:00Z' },
  { EXISTS_sensorElementList: null },
  { EQ_type: ['Temperature'], GE_value_KEL: 290 },
  { EQ_type: ['Temperature'], LT_value_KEL: 299.15 },
  { GE_minValue_FAH: 54, LE_maxValue_KEL: 290 },
  { EQ_booleanValue: true },
  { EQ_deviceID: ['https://id.gs1.org/8004/4000001111'] },
  { GE_startTime: '2019-04-02T12:00:00Z', LT_startTime: '2019-04-02T14:00:00Z' },
  { GE_percRank: 50 },
  { 'EQ_example:myField': ['Example of a vendor/user extension'] },
  { 'EQ_ext1:int': 10 },
  { 'EQ_INNER_ext2:array': ['12', '14'] },
  { 'EXISTS_INNER_ILMD_ext3:string': null },
  { 'EQ_ILMD_cbvmda:lotNumber': ['ABC123'] },
  { 'EXISTS_ILMD_example:bestBeforeDate': null },
  { 'GE_ext1:time': '2013-06-08T14:58:56.591Z' },
  { 'EQ_SENSORELEMENT_ext1:float': '20' },
  { 'EQ_SENSORMETADATA_ext1:someFurtherMetadata': ['someText'] },
  { 'EQ_SENSORREPORT_ext1:someFurtherReportData': ['someText'] },
  { 'LT_INNER_SENSORELEMENT_ext2:array': 12 },
];

group('epcis', hasSharedEpcis)('published examples', () => {
  const rig = emptyRig();
  for (const { path, context, events } of sharedDocuments('examples')) {
    for (const [no, said] of events.entries()) {
      const eventId = String(said['eventID'] ?? `urn:example:${path}:${no}`);
      addEvent(rig, { event: { ...said, eventID: eventId }, context, eventId });
    }
  }

  test('are found by their ids, every one', () => {
    expect(rig.events.length).toBeGreaterThan(40);
    for (const { read } of rig.events) {
      const same = rig.events.flatMap((one, leaf) =>
        one.read.eventId === read.eventId ? [leaf] : [],
      );
      const found = foundLeaves(rig.index, { EQ_eventID: [read.eventId] });
      expect(found.toSorted((a, b) => a - b)).toEqual(same);
      expect(rig.index.find(read.eventId)).toEqual(same);
    }
  });

  test.each(QUERIES)('%j', (parameters) => {
    const expected = rig.events.flatMap(({ read, recordMs }, leaf) => {
      const prefixes = Object.fromEntries(namespacesOf(read.context));
      return matches({ event: read.event, prefixes, recordMs }, parameters, CONTEXT) ? [leaf] : [];
    });
    const found = foundLeaves(rig.index, parameters, { context: CONTEXT });
    expect(found.toSorted((a, b) => a - b)).toEqual(expected);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(rig.events.length);
  });
});
