import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../gateway/epcis/json.ts';

/** GS1's schema, examples and hash vectors; their place is `$TRUEGRAIN_SHARED/epcis`. */
export function sharedEpcis(...parts: string[]): string {
  return join(resolve(process.env['TRUEGRAIN_SHARED'] ?? '../shared'), 'epcis', ...parts);
}

export const hasSharedEpcis = existsSync(sharedEpcis('SOURCE.md'));

/** A JSON-LD document of that folder. */
export interface SharedDocument {
  /** Path below the folder. */
  readonly path: string;
  readonly json: JsonObject;
  readonly context: Json;
  readonly events: readonly JsonObject[];
}

export function sharedJson(...parts: string[]): JsonObject {
  const json: unknown = JSON.parse(readFileSync(sharedEpcis(...parts), 'utf8'));
  if (!isJsonObject(json)) throw new Error(`${parts.join('/')} is no object`);
  return json;
}

/** All documents below `folder`; none where the material is absent. */
export function sharedDocuments(folder: string): SharedDocument[] {
  if (!hasSharedEpcis) return [];
  return readdirSync(sharedEpcis(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.jsonld'))
    .sort()
    .map((path) => {
      const json = sharedJson(folder, path);
      return { path, json, context: json['@context'] ?? null, events: eventsOf(json) };
    });
}

/** The events of a document, of a query's answer, or the one bare event. */
function eventsOf(json: JsonObject): JsonObject[] {
  const body = objectAt(json, 'epcisBody');
  const results = objectAt(objectAt(body, 'queryResults'), 'resultsBody');
  const list = body['eventList'] ?? results['eventList'] ?? [body['event'] ?? json];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function objectAt(json: JsonObject, name: string): JsonObject {
  const value = json[name];
  return isJsonObject(value) ? value : {};
}
