import { expandName, type Namespaces, namespacesOf } from '../gs1/namespaces.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { EVENT_FIELDS } from './event-shape.ts';
import type { Place } from './place.ts';

/**
 * JSON-LD 1.1 in events, as far as it can be honoured without fetching anything. What would let a
 * context mean something else to another reader than to this one is refused.
 */

/** Terms of one object of a context. */
const CONTEXT_TERMS_MAX = 256;

/** JSON-LD 1.1 §9.15: what a context may say besides terms; `@import` would fetch. */
const CONTEXT_KEYWORDS = new Set([
  '@version',
  '@vocab',
  '@base',
  '@language',
  '@direction',
  '@protected',
]);
/** §9.15.1: what a term's definition may say; a scoped `@context` would give names two meanings. */
const DEFINITION_KEYWORDS = new Set([
  '@id',
  '@type',
  '@container',
  '@language',
  '@direction',
  '@protected',
  '@prefix',
]);
/** §9.5, §9.7: what an extension's value may say of itself. */
const VALUE_KEYWORDS = new Set([
  '@id',
  '@type',
  '@value',
  '@language',
  '@direction',
  '@list',
  '@set',
  '@index',
]);

/**
 * Names that GS1's context protects (JSON-LD 1.1 §4.1.11): no later context may set them anew.
 * Its prefixes are protected too, but one of GS1's examples sets one to an IRI of its own: what a
 * prefix stands for is as the document says.
 */
const PROTECTED_TERMS = new Set([
  ...EVENT_FIELDS,
  'id',
  'ObjectEvent',
  'AggregationEvent',
  'AssociationEvent',
  'TransactionEvent',
  'TransformationEvent',
]);

export function contextRules(context: Json, at: Place): void {
  if (isJsonObject(context)) termRules(context, at);
  const entries: readonly Json[] = Array.isArray(context) ? context : [];
  for (const [index, entry] of entries.entries()) {
    if (isJsonObject(entry)) termRules(entry, at.at(index));
  }
}

/** EPCIS 2.0 in JSON-LD: the standard's names get their meaning from a context that is named by its URL. */
export function remoteContextRule(context: Json, at: Place): void {
  if (remotesOf(context).length === 0) {
    at.breaks('context_missing', 'names no context that defines the names of EPCIS 2.0');
  }
}

function termRules(terms: JsonObject, at: Place): void {
  if (Object.keys(terms).length > CONTEXT_TERMS_MAX) {
    at.breaks('limit', `has more than ${CONTEXT_TERMS_MAX} terms`);
    return;
  }
  for (const [term, definition] of Object.entries(terms)) {
    const here = at.at(term);
    if (term.startsWith('@')) {
      if (!CONTEXT_KEYWORDS.has(term)) here.breaks('context_keyword', 'is not honoured');
    } else if (PROTECTED_TERMS.has(term)) {
      here.breaks('context_term', 'is a name of EPCIS 2.0 and keeps its meaning');
    } else definitionRule(definition, here);
  }
}

function definitionRule(definition: Json, at: Place): void {
  if (definition === null) return;
  if (typeof definition === 'string') aliasRule(definition, at);
  else if (isJsonObject(definition)) definitionRules(definition, at);
  else at.breaks('context_term', 'is not the definition of a term');
}

function definitionRules(definition: JsonObject, at: Place): void {
  for (const [keyword, value] of Object.entries(definition)) {
    if (!DEFINITION_KEYWORDS.has(keyword)) {
      at.at(keyword).breaks('context_keyword', 'is not honoured');
    } else if (keyword === '@id' && typeof value === 'string') aliasRule(value, at.at(keyword));
  }
}

/** A name that stood for a keyword could hide an id or a type from this reader. */
function aliasRule(iri: string, at: Place): void {
  if (iri.startsWith('@')) at.breaks('context_keyword', 'is a second name for a keyword');
}

/** The names that a context defines; `isOpen`: a context that is never fetched may define more. */
export interface Names {
  readonly namespaces: Namespaces;
  readonly isOpen: boolean;
}

const GS1_CONTEXT =
  /^https:\/\/(?:ref\.gs1\.org\/standards\/epcis\/(?:[0-9.]+\/)?|gs1\.github\.io\/EPCIS\/)epcis-context\.jsonld$/;

export function namesOf(context: Json): Names {
  return {
    namespaces: namespacesOf(context),
    isOpen: remotesOf(context).some((url) => !GS1_CONTEXT.test(url)),
  };
}

function remotesOf(context: Json): string[] {
  const entries: readonly Json[] = Array.isArray(context) ? context : [context];
  return entries.filter((entry) => typeof entry === 'string');
}

/** An event's own context stands after its document's (JSON-LD 1.1 §4.1). */
export function joinContexts(outer: Json, own: Json | undefined): Json {
  if (own === undefined) return outer;
  return outer === null ? own : [outer, own].flat();
}

/** GS1's own names have bare forms; a second spelling would be a field that nobody looks at. */
const EPCIS_NAMESPACE = '{https://ref.gs1.org/epcis/}';
/** Schemes that begin an absolute name; the authority behind `//` marks the others. */
const ABSOLUTE_NAME = /^(?:urn:|ni:|tag:|did:|info:|[^:]+:\/\/)/;

/**
 * Each name in a value, however deep: prefixes are declared, no keyword hides in it. A list of
 * events is left out where `except` is it, for events have contexts of their own.
 */
export function nameRules(
  value: Json,
  at: Place,
  scope: { names: Names; except?: Json; isInner?: boolean },
): void {
  if (typeof value !== 'object' || value === null || value === scope.except) return;
  const inner = { ...scope, isInner: true };
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    for (const [index, item] of items.entries()) nameRules(item, at.at(index), inner);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (at.isFull) return;
    if (name === '@context' && !scope.isInner) continue;
    const fault = nameFault(name, scope.names);
    if (fault === null) nameRules(member, at.at(name), inner);
    else at.at(name).breaks(...fault);
  }
}

function nameFault(name: string, names: Names): [rule: string, message: string] | null {
  if (name === '@context') return ['context_nested', 'stands inside an event'];
  if (name.startsWith('@')) {
    return VALUE_KEYWORDS.has(name) ? null : ['keyword', 'is not honoured in an event'];
  }
  if (!name.includes(':') || ABSOLUTE_NAME.test(name)) return null;
  const expanded = expandName(name, names.namespaces);
  if (expanded === null) {
    return names.isOpen ? null : ['prefix_undeclared', 'has a prefix that no context declares'];
  }
  return expanded.startsWith(EPCIS_NAMESPACE)
    ? ['extension_name', 'is a name of EPCIS 2.0 and is written without a prefix']
    : null;
}
