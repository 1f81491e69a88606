// SPEC.md §4.1 and §10.1: the person who answers for a charter or a rule; a law without one is void.

/** @module responsible */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';

export interface Responsible {
  /** A natural person, by name. */
  readonly name: string;
  readonly organisation: string;
  /** Postal address, telephone or e-mail: where a complaint is served. */
  readonly contact: string;
}

export function responsibleMap({ name, organisation, contact }: Responsible): CborMap {
  return new Map<CborKey, CborValue>([
    ['name', name],
    ['organisation', organisation],
    ['contact', contact],
  ]);
}

export function readResponsible(fields: Fields): Responsible {
  const responsible = {
    name: fields.text('name', { max: 256 }),
    organisation: fields.text('organisation', { max: 256 }),
    contact: fields.text('contact', { max: 256 }),
  };
  fields.close();
  return responsible;
}
