import { GOODS, PLACES } from './goods.ts';
import { HOUR_MS, HOURS } from './hours.ts';

const CONTEXT = [
  'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
  { cbvmda: 'urn:epcglobal:cbv:mda:' },
];

interface Place {
  readonly uri: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What people and their systems capture over HTTP; scans and readings become events by themselves. */
export function capturedEvents(startMs: number): object[] {
  const { goodLot, badLot, packedLot, packedLotNumber, shipped, kept, truck, trailer } = GOODS;
  const { pallet } = shipped;
  const at = (hour: number, step: string, where: Place, what: Fields) => ({
    '@context': CONTEXT,
    ...what,
    eventTime: new Date(startMs + hour * HOUR_MS).toISOString(),
    eventTimeZoneOffset: '+00:00',
    bizStep: step,
    readPoint: { id: where.uri },
  });
  const kilograms = (epcClass: string, quantity: number) => ({ epcClass, quantity, uom: 'KGM' });
  const boxes = [...shipped.boxes, ...kept.boxes].map(({ uri }) => uri);
  const expires = new Date(startMs + 20 * 24 * HOUR_MS).toISOString().slice(0, 10);
  const { mill, millDock, shopDock, shop } = PLACES;
  return [
    at(HOURS.mixed, 'creating_class_instance', mill, {
      type: 'TransformationEvent',
      inputQuantityList: [kilograms(goodLot, 40), kilograms(badLot, 20)],
      outputQuantityList: [{ epcClass: packedLot, quantity: boxes.length }],
    }),
    at(HOURS.packed, 'commissioning', mill, {
      type: 'ObjectEvent',
      action: 'ADD',
      disposition: 'active',
      bizLocation: { id: mill.uri },
      epcList: boxes,
      ilmd: { 'cbvmda:lotNumber': packedLotNumber, 'cbvmda:itemExpirationDate': expires },
    }),
    at(HOURS.coupled, 'assembling', millDock, {
      type: 'AssociationEvent',
      action: 'ADD',
      parentID: truck,
      childEPCs: [trailer],
    }),
    at(HOURS.loaded, 'loading', millDock, {
      type: 'AggregationEvent',
      action: 'ADD',
      parentID: trailer,
      childEPCs: [pallet.uri],
    }),
    at(HOURS.shipped, 'shipping', millDock, {
      type: 'ObjectEvent',
      action: 'OBSERVE',
      disposition: 'in_transit',
      epcList: [pallet.uri],
      bizTransactionList: [{ type: 'po', bizTransaction: GOODS.order }],
    }),
    at(HOURS.unloaded, 'unloading', shopDock, {
      type: 'AggregationEvent',
      action: 'DELETE',
      parentID: trailer,
      childEPCs: [pallet.uri],
    }),
    at(HOURS.unpacked, 'unpacking', shop, {
      type: 'AggregationEvent',
      action: 'DELETE',
      bizLocation: { id: shop.uri },
      parentID: pallet.uri,
      childEPCs: shipped.boxes.map(({ uri }) => uri),
    }),
  ];
}
