import { describe, expect, test } from 'vitest';
import type { CalibrationCertificate } from '../../../gateway/guard/calibration-certificate.ts';
import { readCertificate } from '../../../gateway/guard/certificate.ts';
import { fitsSensor, type SensorUnderTest } from '../../../gateway/guard/sensor-fit.ts';
import { type DccSpec, expandedUnc, identification, item, madeDcc } from './made-dcc.ts';

const DUE_MS = Date.parse('2027-03-01T23:59:59.999Z');
const atReading = { logTimeMs: Date.parse('2026-11-29T00:00:00Z') };
const probe: SensorUnderTest = {
  serial: 'SN-4711',
  unit: 'Cel',
  min: -20,
  max: 60,
  resolution: 0.1,
};

async function certificate(spec: DccSpec = {}): Promise<CalibrationCertificate> {
  const bytes = new TextEncoder().encode(madeDcc(spec));
  const evidence = await readCertificate(bytes, { anchors: [], nowMs: Date.parse('2027-01-01') });
  if (!evidence.ok) throw new Error(`${evidence.code}: ${evidence.detail}`);
  return evidence.value.certificate;
}

const fitted = async (spec: DccSpec = {}, sensor: Partial<SensorUnderTest> = {}, at = atReading) =>
  fitsSensor(await certificate(spec), { ...probe, ...sensor }, at);
const code = async (...args: Parameters<typeof fitted>) => {
  const fitting = await fitted(...args);
  return fitting.ok ? 'ok' : fitting.code;
};

test('the certificate of this sensor, its range and this time', async () => {
  expect(await fitted()).toMatchObject({
    ok: true,
    value: { uncertainty: 0.1, coverageFactor: 2 },
  });
});

describe('whose it is', () => {
  const own = (value: string, name: string, attributes = '') =>
    identification('manufacturer', value, name, attributes);

  test('another serial number, also one that only begins alike', async () => {
    expect(await fitted({ serial: 'SN-4712' })).toEqual({
      ok: false,
      code: 'dcc_serial',
      detail: 'of SN-4712',
    });
    expect(await code({ serial: 'SN-47110' })).toBe('dcc_serial');
    expect(await code({ serial: 'sn-4711' })).toBe('dcc_serial');
  });

  test("not the customer's or the laboratory's number", async () => {
    for (const issuer of ['customer', 'calibrationLaboratory', 'owner']) {
      const identifications = identification(issuer, 'SN-4711', 'Serial no.');
      expect(await code({ identifications })).toBe('dcc_serial');
    }
  });

  test('what is marked as serial number, before what is called so', async () => {
    const marked = ' refType="basic_serialNumber"';
    const identifications = own('SN-4711', 'Serial no.') + own('REAL', 'Number', marked);
    expect(await code({ identifications })).toBe('dcc_serial');
    expect(await code({ identifications }, { serial: 'REAL' })).toBe('ok');
  });

  test('what is called so, not the number of its type', async () => {
    for (const name of ['Serial no.', 'Serien Nr.', 'Seriennummer', 'Número de Série', '序列号']) {
      const identifications = own('GP-2', 'Product series') + own('SN-4711', name);
      expect(await code({ identifications })).toBe('ok');
      expect(await code({ identifications }, { serial: 'GP-2' })).toBe('dcc_serial');
    }
    const nobody = own('GP-2', 'Type') + own('SN-4711', 'No.');
    expect(await code({ identifications: nobody })).toBe('dcc_serial');
    expect(await code({ identifications: own('SN-4711', 'No.') })).toBe('ok');
  });

  test('one item: of two, nobody can say whose result it is', async () => {
    expect(await code({ moreItems: item(own('SN-2', 'Serial no.')) })).toBe('dcc_items');
  });
});

describe('when', () => {
  test('to the last millisecond of the day', async () => {
    expect(await code({}, {}, { logTimeMs: DUE_MS })).toBe('ok');
    expect(await code({}, {}, { logTimeMs: DUE_MS + 1 })).toBe('dcc_expired');
    expect(await code({ due: null }, {}, { logTimeMs: DUE_MS + 1 })).toBe('ok');
  });

  test('not before it was calibrated', async () => {
    const performedMs = Date.parse('2026-03-01T00:00:00Z');
    expect(await code({}, {}, { logTimeMs: performedMs - 1 })).toBe('dcc_future');
    expect(await code({}, {}, { logTimeMs: performedMs })).toBe('ok');
  });

  test('days are in the zone that they name', async () => {
    const spec = { due: '2027-03-01+02:00' };
    expect(await code(spec, {}, { logTimeMs: DUE_MS - 7_200_000 })).toBe('ok');
    expect(await code(spec, {}, { logTimeMs: DUE_MS - 7_199_999 })).toBe('dcc_expired');
  });
});

test.each(['fail', 'conditionalFail', 'noPass', 'unheard-of'])('conformity %s', async (word) => {
  expect(await code({ conformity: word })).toBe('dcc_conformity');
});

describe('what was measured', () => {
  test('in another unit, or in one that SenML lacks', async () => {
    expect(await code({}, { unit: '%RH' })).toBe('dcc_unit');
    expect(await code({ unit: '\\pascal' })).toBe('dcc_unit');
    expect(await code({ unit: '\\fathom' })).toBe('dcc_unit');
    expect(await code({ unit: '\\kilo\\degreecelsius' })).toBe('dcc_unit');
    expect(await code({ unit: '\\constructor' })).toBe('dcc_unit');
    expect(await code({}, { unit: null, min: null, max: null, resolution: null })).toBe('dcc_unit');
  });

  test('a table in which nobody marked the column of the standard', async () => {
    const certified = await certificate();
    const fitting = fitsSensor({ ...certified, results: [] }, probe, atReading);
    expect(fitting).toMatchObject({ ok: false, code: 'dcc_unit' });
  });

  test('in kelvin for a sensor of degrees Celsius', async () => {
    const spec = { unit: '\\kelvin', points: [253.15, 293.15, 333.15] };
    const fitting = await fitted(spec);
    expect(fitting).toMatchObject({
      ok: true,
      value: {
        result: { unit: 'Cel', min: -20, max: 60, points: [-20, 20, 60] },
        uncertainty: 0.1,
      },
    });
  });

  test('with a prefix', async () => {
    const spec = { unit: '\\hecto\\pascal', points: [900, 1100] };
    const sensor = { unit: 'Pa', min: 90_000, max: 110_000 };
    expect(await fitted(spec, sensor)).toMatchObject({ ok: true, value: { uncertainty: 10 } });
  });

  test('a ratio is humidity only where the certificate says so', async () => {
    const sensor = { unit: '%RH', min: 20, max: 80 };
    const spec = { unit: '\\one', points: [0.2, 0.8], uncertainty: expandedUnc('0.02') };
    expect(await code(spec, sensor)).toBe('dcc_unit');
    const humidity = { ...spec, quantityType: 'basic_humidityRelative' };
    expect(await fitted(humidity, sensor)).toMatchObject({ ok: true, value: { uncertainty: 2 } });
    const percent = { ...humidity, unit: '\\percent', points: [20, 80] };
    expect(await code(percent, sensor)).toBe('ok');
  });

  test('without an expanded uncertainty', async () => {
    expect(await code({ uncertainty: null })).toBe('dcc_no_uncertainty');
    const standard =
      '<si:measurementUncertaintyUnivariateXMLList><si:standardMUXMLList><si:valueStandardMUXMLList>0.05</si:valueStandardMUXMLList></si:standardMUXMLList></si:measurementUncertaintyUnivariateXMLList>';
    expect(await code({ uncertainty: standard })).toBe('dcc_no_uncertainty');
  });
});

describe('over which range', () => {
  test('nothing is extrapolated, and the excess is said', async () => {
    expect(await fitted({}, { min: -30, max: 70 })).toMatchObject({
      code: 'dcc_range',
      detail: '10 below and 10 above -20 to 60 Cel (Temperature)',
    });
    expect(await code({}, { min: -30 })).toBe('dcc_range');
    expect(await code({}, { max: 70 })).toBe('dcc_range');
    expect(await code({ points: [20] })).toBe('dcc_range');
  });

  test('an excess within resolution and uncertainty is rounding', async () => {
    expect(await code({}, { max: 60.1 })).toBe('ok');
    expect(await code({}, { max: 60.11 })).toBe('dcc_range');
    // A coarse sensor does not widen what was calibrated, nor does a poor calibration.
    expect(await code({}, { max: 61, resolution: 5 })).toBe('dcc_range');
    expect(await code({ uncertainty: expandedUnc('5') }, { max: 61 })).toBe('dcc_range');
    expect(await code({ uncertainty: null }, { max: 60.1 })).toBe('dcc_range');
  });

  test("the laboratory's own statement of it stands before the points", async () => {
    expect(await code({ range: [-30, 70] }, { min: -30, max: 70 })).toBe('ok');
    expect(await code({ range: [0, 40] })).toBe('dcc_range');
  });

  test('two statements in one unit are none', async () => {
    const once = await certificate({ range: [-30, 70] });
    expect(once.results[0]?.rangeStated).toBe(true);
    const text = madeDcc({ range: [-30, 70] });
    const [statement = ''] =
      /<dcc:statement refType="basic_val.*?<\/dcc:statement>/.exec(text) ?? [];
    const bytes = new TextEncoder().encode(text.replace(statement, statement + statement));
    const twice = await readCertificate(bytes, { anchors: [], nowMs: Date.parse('2027-01-01') });
    expect(twice).toMatchObject({
      ok: true,
      value: { certificate: { results: [{ min: -20, max: 60, rangeStated: false }] } },
    });
  });
});
