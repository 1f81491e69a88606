// A calibration certificate made by hand, so that each test can forge one thing of it.

export interface DccSpec {
  readonly serial?: string;
  /** In place of the one that carries `serial`. */
  readonly identifications?: string;
  /** Further dcc:item elements. */
  readonly moreItems?: string;
  readonly begun?: string;
  readonly performed?: string;
  readonly issued?: string | null;
  /** Day of recalibration; null where the certificate sets none. */
  readonly due?: string | null;
  readonly points?: readonly number[];
  readonly unit?: string;
  /** What the laboratory states, beside the points. */
  readonly range?: readonly [min: number, max: number] | null;
  readonly conformity?: string | null;
  /** Of the error; null where none is stated. */
  readonly uncertainty?: string | null;
  readonly schemaVersion?: string;
  readonly quantityType?: string;
  /** Before the end of the root. */
  readonly tail?: string;
}

export const identification = (issuer: string, value: string, name: string, attributes = '') =>
  `<dcc:identification${attributes}><dcc:issuer>${issuer}</dcc:issuer><dcc:value>${value}</dcc:value><dcc:name><dcc:content lang="en">${name}</dcc:content></dcc:name></dcc:identification>`;

export const item = (identifications: string) =>
  `<dcc:item><dcc:name><dcc:content lang="de">Fühler</dcc:content><dcc:content lang="en">Probe</dcc:content></dcc:name><dcc:manufacturer><dcc:name><dcc:content>Grain Probes</dcc:content></dcc:name></dcc:manufacturer><dcc:model>GP-2</dcc:model><dcc:identifications>${identifications}</dcc:identifications></dcc:item>`;

const text = (content: string) => `<dcc:name><dcc:content>${content}</dcc:content></dcc:name>`;
const real = (value: number, unit: string) =>
  `<si:real><si:value>${value}</si:value><si:unit>${unit}</si:unit></si:real>`;
const list = (values: readonly number[], unit: string, uncertainty = '') =>
  `<si:realListXMLList><si:valueXMLList>${values.join(' ')}</si:valueXMLList><si:unitXMLList>${unit}</si:unitXMLList>${uncertainty}</si:realListXMLList>`;

/** D-SI 1. */
export const expandedUnc = (value: string, factor = '2') =>
  `<si:expandedUncXMLList><si:uncertaintyXMLList>${value}</si:uncertaintyXMLList><si:coverageFactorXMLList>${factor}</si:coverageFactorXMLList><si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedUncXMLList>`;

/** D-SI 2. */
export const expandedMU = (value: string, factor = '2') =>
  `<si:measurementUncertaintyUnivariateXMLList><si:expandedMUXMLList><si:valueExpandedMUXMLList>${value}</si:valueExpandedMUXMLList><si:coverageFactorXMLList>${factor}</si:coverageFactorXMLList><si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedMUXMLList></si:measurementUncertaintyUnivariateXMLList>`;

function statements({ range, due, conformity, unit }: Required<DccSpec>): string {
  const parts: string[] = [];
  if (range !== null) {
    const limit = (end: string, value: number) =>
      `<dcc:quantity refType="basic_validityRange${end}">${text(end)}${real(value, unit)}</dcc:quantity>`;
    parts.push(
      `<dcc:statement refType="basic_validityRange"><dcc:data>${limit('Min', range[0])}${limit('Max', range[1])}</dcc:data></dcc:statement>`,
    );
  }
  if (due !== null) {
    parts.push(
      `<dcc:statement refType="basic_recalibration"><dcc:date>${due}</dcc:date></dcc:statement>`,
    );
  }
  if (conformity !== null) {
    parts.push(
      `<dcc:statement refType="basic_conformity"><dcc:conformity>${conformity}</dcc:conformity></dcc:statement>`,
    );
  }
  return parts.length === 0 ? '' : `<dcc:statements>${parts.join('')}</dcc:statements>`;
}

export const ROOT_END = '</dcc:digitalCalibrationCertificate>';

export function madeDcc(given: DccSpec = {}): string {
  const spec: Required<DccSpec> = {
    serial: 'SN-4711',
    identifications: identification('manufacturer', given.serial ?? 'SN-4711', 'Serial no.'),
    moreItems: '',
    begun: '2026-03-01',
    performed: '2026-03-01',
    issued: '2026-03-02',
    due: '2027-03-01',
    points: [-20, 0, 25, 60],
    unit: '\\degreecelsius',
    range: null,
    conformity: 'pass',
    uncertainty: expandedUnc('0.1'),
    schemaVersion: '3.3.0',
    quantityType: 'basic_temperature',
    tail: '',
    ...given,
  };
  const { points, unit, uncertainty } = spec;
  const measured = points.map((point) => point + 0.05);
  const issued = spec.issued === null ? '' : `<dcc:issueDate>${spec.issued}</dcc:issueDate>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si" schemaVersion="${spec.schemaVersion}">
<dcc:administrativeData><dcc:coreData><dcc:uniqueIdentifier>LAB-2026-0042</dcc:uniqueIdentifier>${issued}<dcc:beginPerformanceDate>${spec.begun}</dcc:beginPerformanceDate><dcc:endPerformanceDate>${spec.performed}</dcc:endPerformanceDate></dcc:coreData>
<dcc:items>${item(spec.identifications)}${spec.moreItems}</dcc:items>
<dcc:calibrationLaboratory><dcc:contact>${text('Grain Lab')}</dcc:contact></dcc:calibrationLaboratory>
${statements(spec)}</dcc:administrativeData>
<dcc:measurementResults><dcc:measurementResult>${text('Results')}<dcc:results><dcc:result refType="${spec.quantityType}">${text('Temperature')}<dcc:data><dcc:list refType="gp_table1">
<dcc:quantity refType="basic_referenceValue">${list(points, unit)}</dcc:quantity>
<dcc:quantity refType="basic_measuredValue">${list(measured, unit)}</dcc:quantity>
<dcc:quantity refType="basic_measurementError_error">${list(points, unit === '\\degreecelsius' ? '\\kelvin' : unit, uncertainty ?? '')}</dcc:quantity>
</dcc:list></dcc:data></dcc:result></dcc:results></dcc:measurementResult></dcc:measurementResults>${spec.tail}${ROOT_END}
`;
}
