// Names that GS1 did not define, in JSON-LD (JSON-LD 1.1 §4.1). Contexts are never fetched.
import { isJsonObject, type Json } from '../json.ts';

/** Prefix → IRI. */
export type Namespaces = ReadonlyMap<string, string>;

/** What GS1's own context defines; a document may set them again, and then means the same. */
const STANDARD_PREFIXES: Namespaces = new Map([
  ['epcis', 'https://ref.gs1.org/epcis/'],
  ['cbv', 'https://ref.gs1.org/cbv/'],
  ['cbvmda', 'urn:epcglobal:cbv:mda:'],
  ['gs1', 'https://gs1.org/voc/'],
  ['rdfs', 'http://www.w3.org/2000/01/rdf-schema#'],
  ['owl', 'http://www.w3.org/2002/07/owl#'],
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['dcterms', 'http://purl.org/dc/terms/'],
]);

/**
 * The prefixes of a `@context` (an address, an object, or an array of them; null: none) on top of
 * GS1's own. A later entry wins, as in JSON-LD. An address adds nothing: what stands there stays
 * unknown, and its prefixes stay as they are written.
 */
export function namespacesOf(context: Json): Namespaces {
  const found = new Map(STANDARD_PREFIXES);
  for (const entry of Array.isArray(context) ? context : [context]) {
    if (!isJsonObject(entry)) continue;
    for (const [prefix, definition] of Object.entries(entry)) {
      const iri = iriOf(definition);
      if (!prefix.startsWith('@') && iri !== null) found.set(prefix, iri);
    }
  }
  return found;
}

function iriOf(definition: Json | undefined): string | null {
  const iri = isJsonObject(definition) ? definition['@id'] : definition;
  return typeof iri === 'string' && iri !== '' ? iri : null;
}

/** `prefix:local` → `{iri}local`; null where it has no prefix, or one that is not known. */
export function expandName(name: string, namespaces: Namespaces): string | null {
  const [iri, local] = parts(name, namespaces) ?? [];
  return iri === undefined ? null : `{${iri}}${local}`;
}

/** `prefix:local` → the IRI that it is short for; everything else unchanged. */
export function expandCurie(value: string, namespaces: Namespaces): string {
  return parts(value, namespaces)?.join('') ?? value;
}

function parts(name: string, namespaces: Namespaces): [iri: string, local: string] | null {
  const colon = name.indexOf(':');
  if (colon < 0 || name.startsWith('//', colon + 1)) return null;
  const iri = namespaces.get(name.slice(0, colon));
  return iri === undefined ? null : [iri, name.slice(colon + 1)];
}
