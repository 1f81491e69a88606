import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { beforeAll, expect, test } from 'vitest';
import { instantOf } from '../../../../gateway/epcis/document/event-time.ts';
import {
  readDocument,
  readEvent,
  readQueryDocument,
} from '../../../../gateway/epcis/document/read-document.ts';
import type { RuleBreach } from '../../../../gateway/epcis/event.ts';
import { isJsonObject, type Json } from '../../../../gateway/epcis/json.ts';
import { group } from '../../../support/group.ts';
import { type Mutation, mutationsOf } from '../../../support/json-mutations.ts';
import { hasSharedEpcis, sharedDocuments, sharedJson } from '../../../support/shared-epcis.ts';

/**
 * Where the reader may refuse what GS1's schema lets pass: each rule of its own, with the reason in
 * its file. What is refused for `schema` alone must be refused by the schema as well.
 */
const BEYOND_THE_SCHEMA = new Set([
  'aggregation_parent',
  'context_keyword',
  'context_missing',
  'context_nested',
  'context_term',
  'correction_of_nothing',
  'correction_self',
  'disposition_twice',
  'epc',
  'event_id_twice',
  'extended_event',
  'extension_name',
  'keyword',
  'object_subject',
  'prefix_undeclared',
  'quantity_count',
  'quantity_missing',
  'quantity_positive',
  'query_document',
  'sensor_component',
  'sensor_deviation',
  'sensor_field_twice',
  'sensor_percentile',
  'sensor_period',
  'sensor_substance',
  'sensor_time_late',
  'transaction_subject',
  'unit',
]);

/** Rules under a name of their own that the schema has as well, whole or in part. */
const OF_THE_SCHEMA = new Set([
  'schema',
  'aggregation_children',
  'association_children',
  'association_parent',
  'object_subject',
  'transaction_subject',
  'transformation_sides',
]);

/** Rules of size and of what can be kept; no change below comes near them. */
const OF_EVERY_JSON = ['limit', 'name', 'number', 'text'];

test('rules.md names each rule', () => {
  const text = readFileSync(
    new URL('../../../../gateway/epcis/document/rules.md', import.meta.url),
    'utf8',
  );
  const named = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, rule]) => rule);
  const used = new Set([...BEYOND_THE_SCHEMA, ...OF_THE_SCHEMA, ...OF_EVERY_JSON]);
  used.delete('schema');
  expect(named.toSorted()).toEqual([...used].toSorted());
});

group('epcis', hasSharedEpcis)("the reader and GS1's schema agree", () => {
  let verdict: Verdict;
  beforeAll(() => {
    verdict = schemaVerdict();
  });
  const examples = [...sharedDocuments('examples'), ...sharedDocuments('event-hash')];

  test.each(examples)('on $path', ({ json }) => {
    expectAgreement(json, verdict);
  });

  test.each(examples)('on each change of $path', ({ json }) => {
    const tried = { right: 0, wrong: 0 };
    for (const mutation of mutationsOf(json)) {
      tried[expectAgreement(mutation.json, verdict, mutation)] += 1;
    }
    expect(tried.wrong).toBeGreaterThan(30);
    expect(tried.right).toBeGreaterThan(3);
  });

  test.each(examples)(
    'on each event of $path alone, and on each change of it',
    ({ context, events }) => {
      for (const event of events.slice(0, 2)) {
        const alone = { '@context': context, ...event };
        expectAgreement(alone, verdict);
        for (const mutation of mutationsOf(alone)) {
          if (isDocument(mutation.json)) continue;
          expectAgreement(mutation.json, verdict, mutation);
        }
      }
    },
  );
});

type Verdict = (json: Json) => boolean;

function schemaVerdict(): Verdict {
  const ajv = new Ajv({ strict: false, allErrors: false });
  ajvFormats.default(ajv);
  const validate = ajv.compile(sharedJson('EPCIS-JSON-Schema.json'));
  return (json) => validate(json);
}

/** What the schema says, once both have been found to say the same as far as they must. */
function expectAgreement(json: Json, verdict: Verdict, mutation?: Mutation): 'right' | 'wrong' {
  const isRight = verdict(json);
  const breaches = breachesOf(json);
  const isMistake = isRight
    ? breaches.some(({ rule, path }) => !isAllowed(rule, valueAt(json, path)))
    : !breaches.some(({ rule }) => OF_THE_SCHEMA.has(rule));
  if (isMistake) {
    expect.fail(
      `schema says ${isRight}: ${mutation?.what ?? 'as it is'} ${JSON.stringify(breaches)}`,
    );
  }
  return isRight ? 'right' : 'wrong';
}

/** xsd:dateTimeStamp is narrower than the schema's `date-time`: no leap second, no blank for T. */
function isAllowed(rule: string, value: Json | undefined): boolean {
  if (rule !== 'schema') return BEYOND_THE_SCHEMA.has(rule);
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && instantOf(value) === null;
}

function breachesOf(json: Json): readonly RuleBreach[] {
  if (!isDocument(json)) {
    const read = readEvent(json);
    return read.ok ? [] : read.breaches;
  }
  const isAnswer = isJsonObject(json) && json['type'] === 'EPCISQueryDocument';
  const read = isAnswer ? readQueryDocument(json) : readDocument(json);
  if (!read.ok) return read.breaches;
  return read.value.events.flatMap((event) => (event.ok ? [] : event.breaches));
}

function isDocument(json: Json): boolean {
  if (!isJsonObject(json)) return false;
  return json['type'] === 'EPCISDocument' || json['type'] === 'EPCISQueryDocument';
}

function valueAt(json: Json, pointer: string): Json | undefined {
  const keys = pointer.split('/').slice(1);
  return keys.reduce<Json | undefined>((owner, key) => {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    return (owner as Record<string, Json> | undefined)?.[name];
  }, json);
}
