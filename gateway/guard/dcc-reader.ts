// A DCC of schema version 3 (https://ptb.de/dcc), as far as the guard needs it.

/** @module dcc-reader */
import { ok } from '@truegrain/device-sdk/formats/result.js';
import type {
  CalibratedItem,
  CalibrationCertificate,
  Identification,
} from './calibration-certificate.ts';
import { columnsOf } from './dcc-quantity.ts';
import type { DccResult } from './dcc-refusal.ts';
import { readResults, type StatedRange } from './dcc-results.ts';
import { type Table, tablesOf } from './dcc-tables.ts';
import { inAllLanguages, nameOf } from './dcc-text.ts';
import type { XmlElement } from './xml-document.ts';
import { DAY_MS, XmlFields } from './xml-fields.ts';

const SCHEMA_VERSION = /^3\.\d{1,3}\.\d{1,3}(?:-[\w.]{1,20})?$/;

export function readDcc(root: XmlElement): DccResult<CalibrationCertificate> {
  const fields = new XmlFields(root, 'certificate');
  const schemaVersion = fields.attribute('schemaVersion') ?? '';
  if (!SCHEMA_VERSION.test(schemaVersion)) fields.odd(`of version ${schemaVersion.slice(0, 40)}`);
  const administrative = fields.one('dcc:administrativeData');
  const core = administrative.one('dcc:coreData');
  const laboratory = administrative.one('dcc:calibrationLaboratory').one('dcc:contact');
  const statements = administrative.optional('dcc:statements')?.all('dcc:statement') ?? [];
  const items = administrative.one('dcc:items').all('dcc:item').map(readItem);
  if (items.length === 0) administrative.odd('no dcc:item');
  const tables = tablesOf(fields);
  const begunMs = core.one('dcc:beginPerformanceDate').dayMs();
  const certificate: CalibrationCertificate = {
    schemaVersion,
    uniqueIdentifier: core.one('dcc:uniqueIdentifier').text(),
    laboratory: nameOf(laboratory.one('dcc:name')),
    performedMs: core.one('dcc:endPerformanceDate').dayMs(),
    issuedMs: core.optional('dcc:issueDate')?.dayMs() ?? null,
    dueMs: readDue(statements),
    items,
    conformity: [...statements, ...metaDataOf(tables)].flatMap(readConformity),
    results: readResults(tables, statements.flatMap(readRange)),
  };
  const { performedMs, issuedMs, dueMs } = certificate;
  // All of them are days of one laboratory, so that no zone can turn their order.
  if (begunMs > performedMs) fields.refuse('dcc_dates', 'ended before it began');
  if (issuedMs !== null && issuedMs < performedMs) fields.refuse('dcc_dates', 'issued before');
  if (dueMs !== null && dueMs < performedMs) fields.refuse('dcc_dates', 'due before');
  return fields.refused ?? ok(certificate);
}

function readItem(item: XmlFields): CalibratedItem {
  const manufacturer = item.optional('dcc:manufacturer');
  const identifications = item.one('dcc:identifications').all('dcc:identification');
  return {
    name: nameOf(item.one('dcc:name')),
    manufacturer: manufacturer ? nameOf(manufacturer.one('dcc:name')) : null,
    model: item.optional('dcc:model')?.text() ?? null,
    identifications: identifications.map(readIdentification),
  };
}

function readIdentification(identification: XmlFields): Identification {
  return {
    issuer: identification.one('dcc:issuer').text(),
    value: identification.one('dcc:value').text(),
    refTypes: identification.refTypes(),
    names: inAllLanguages(identification.optional('dcc:name')),
  };
}

/** The earliest, should there be several: whoever set the later one can't overrule the first. */
function readDue(statements: readonly XmlFields[]): number | null {
  const days = statements
    .filter((statement) => statement.hasRefType('basic_recalibration'))
    .flatMap((statement) => statement.optional('dcc:date')?.dayMs() ?? []);
  return days.length === 0 ? null : Math.min(...days) + DAY_MS - 1;
}

function readConformity(statement: XmlFields): string[] {
  const all = statement.all('dcc:conformity', 'dcc:conformityXMLList');
  return all.flatMap((conformity) => conformity.words());
}

/** Beside the columns of a table, for each of its points. */
function metaDataOf(tables: readonly Table[]): XmlFields[] {
  return tables
    .flatMap(({ quantities }) => quantities)
    .flatMap((quantity) => quantity.all('dcc:measurementMetaData'))
    .flatMap((metaData) => metaData.all('dcc:metaData'));
}

/** "Temperature range in which calibration was performed", in the laboratory's own words. */
function readRange(statement: XmlFields): StatedRange[] {
  if (!statement.hasRefType('basic_validityRange')) return [];
  const quantities = statement.optional('dcc:data')?.all('dcc:quantity') ?? [];
  const limit = (word: string) => {
    const quantity = quantities.find((each) => each.hasRefType(word));
    return quantity ? (columnsOf(quantity).find(({ unit }) => unit !== null) ?? null) : null;
  };
  const [low, high] = [limit('basic_validityRangeMin'), limit('basic_validityRangeMax')];
  const [min, max] = [low?.values[0], high?.values[0]];
  if (min === undefined || max === undefined || !low?.unit || low.unit !== high?.unit) return [];
  if (min > max) statement.odd('a range from above to below');
  return [{ unit: low.unit, min, max }];
}
