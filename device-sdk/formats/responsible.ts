// SPEC.md §4.1 and §10.1: the person who answers for a charter or a rule; a law without one is void.

/** @module responsible */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';

/** Blanks name nobody. */
const SAID = { max: 256, pattern: /\S/ } as const;

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
    name: fields.text('name', SAID),
    organisation: fields.text('organisation', SAID),
    contact: fields.text('contact', SAID),
  };
  fields.close();
  return responsible;
}
