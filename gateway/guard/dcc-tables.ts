// Where a DCC keeps its quantities: tables (dcc:list) within the data of its results.

/** @module dcc-tables */
import type { XmlFields } from './xml-fields.ts';

export interface Table {
  readonly result: XmlFields;
  /** A dcc:list, or the dcc:data itself where quantities stand alone. */
  readonly table: XmlFields;
  readonly quantities: readonly XmlFields[];
}

const NESTED_LISTS_MAX = 4;

export function tablesOf(certificate: XmlFields): Table[] {
  const tables: Table[] = [];
  for (const measured of certificate.one('dcc:measurementResults').all('dcc:measurementResult')) {
    for (const result of measured.one('dcc:results').all('dcc:result')) {
      const data = result.one('dcc:data');
      for (const table of [data, ...listsIn(data, NESTED_LISTS_MAX)]) {
        tables.push({ result, table, quantities: table.all('dcc:quantity') });
      }
    }
  }
  return tables;
}

function listsIn(data: XmlFields, depth: number): XmlFields[] {
  const lists = data.all('dcc:list');
  if (depth === 0 && lists.length > 0) data.odd(`lists nested deeper than ${NESTED_LISTS_MAX}`);
  return depth === 0 ? [] : lists.flatMap((list) => [list, ...listsIn(list, depth - 1)]);
}
