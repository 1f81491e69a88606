import { checkDigit } from '../shipment.ts';

/** GS1 keeps prefix 952 for examples: nobody's goods. */
const COMPANY = '9521321';

/** A GS1 Digital Link, constrained form, canonical domain. */
const link = (path: string) => `https://id.gs1.org/${path}`;
const completed = (digits: string) => `${digits}${checkDigit(digits)}`;
const gtin = (item: string) => completed(`0${COMPANY}${item}`);
const sscc = (serial: string) => completed(`3${COMPANY}${serial}`);
const gln = (location: string) => completed(`${COMPANY}${location}`);

const PADDY = gtin('00011');
const BOX = gtin('00028');

/** Something with a label: how it is written in events, and what a scanner reads from it. */
export interface Labelled {
  readonly uri: string;
  readonly scan: string;
}

function box(serial: string): Labelled {
  return { uri: link(`01/${BOX}/21/${serial}`), scan: `(01)${BOX}(21)${serial}` };
}

function pallet(serial: string): Labelled {
  const key = sscc(serial);
  return { uri: link(`00/${key}`), scan: `(00)${key}` };
}

/** Two lots of paddy rice become one lot of chilled boxes; two pallets of them go two ways. */
export const GOODS = {
  goodLot: link(`01/${PADDY}/10/P-0417`),
  badLot: link(`01/${PADDY}/10/P-0418`),
  packedLot: link(`01/${BOX}/10/L-1126`),
  packedLotNumber: 'L-1126',
  product: link(`01/${BOX}`),
  shipped: { pallet: pallet('000004711'), boxes: ['B-0001', 'B-0002', 'B-0003'].map(box) },
  kept: { pallet: pallet('000004712'), boxes: ['B-0004', 'B-0005'].map(box) },
  truck: link(`8004/${COMPANY}TRUCK7`),
  trailer: link(`8004/${COMPANY}TRAILER3`),
  order: `urn:epcglobal:cbv:bt:${gln('00000')}:PO-2041`,
} as const;

/** The box that the auditor asks about. */
export const BOX_ASKED = 'B-0002';
export const BOX_URI = link(`01/${BOX}/21/${BOX_ASKED}`);

/** A place in events is a number; people know it by a name, which stands in the play alone. */
export const PLACES = {
  mill: { uri: link(`414/${gln('00017')}`), name: 'the mill, packing hall' },
  millDock: { uri: link(`414/${gln('00024')}`), name: 'the mill, loading dock' },
  shopDock: { uri: link(`414/${gln('00031')}`), name: 'the shop, back door' },
  shop: { uri: link(`414/${gln('00048')}`), name: 'the shop, cold room' },
} as const;

export function placeName(uri: string | null): string {
  const known = Object.values(PLACES).find((place) => place.uri === uri);
  return known?.name ?? uri ?? 'a place that is not said';
}
