// From SenML units (device) to GS1 measurement types and UN/ECE Recommendation 20 codes (EPCIS).

/** What a sensorReport says a number is. */
export interface MeasurementUnit {
  /** Word of the CBV 2.0 measurement vocabulary (§7.6). */
  readonly type: string;
  /** Common code of UN/ECE Recommendation 20. */
  readonly uom: string;
}

/**
 * SenML unit, measurement type, common code. The number stays as it is: each pair of units is the
 * same one. Not in it: what CBV has no type for (dB, kat, bit/s, VA, var, NTU), and `lat` and `lon`,
 * for a mean of two positions is none.
 */
const TABLE = `
  Cel Temperature CEL; K Temperature KEL; %RH RelativeHumidity P1
  Pa Pressure PAL; lx Illuminance LUX; kg Mass KGM; g Mass GRM; m Length MTR; s Time SEC
  m2 Area MTK; m3 Volume MTQ; l Volume LTR; m3/s VolumeFlowRate MQS; l/s VolumeFlowRate G51
  m/s Speed MTS; m/s2 Acceleration MSK; rad Angle C81; deg Angle DD; sr SolidAngle D27
  kg/m3 Density KMQ; N Force NEW; J Energy JOU; W Power WTT; W/m2 Irradiance D54
  A ElectricCurrent AMP; V Voltage VLT; C ElectricCharge COU; F Capacitance FAR; H Inductance 81
  Ohm Resistance OHM; S Conductance SIE; S/m Conductivity D10
  Wb MagneticFlux WEB; T MagneticFluxDensity D33
  Hz Frequency HTZ; 1/s Frequency C97; 1/min Frequency C94
  cd LuminousIntensity CDL; lm LuminousFlux LUM; cd/m2 Luminance A24
  Bq Radioactivity BQL; Gy AbsorbedDose A95; Sv DoseEquivalent D13; mol AmountOfSubstance C34
  bit MemoryCapacity A99; B MemoryCapacity AD
  count Count C62; / Dimensionless C62; % Dimensionless P1; EL Dimensionless C62; %EL Dimensionless P1
  pH Dimensionless Q30
`;

const UNITS: ReadonlyMap<string, MeasurementUnit> = new Map(
  TABLE.trim()
    .split(/[;\n]/)
    .map((row) => row.trim().split(/\s+/))
    .map(([unit = '', type = '', uom = '']) => [unit, { type, uom }]),
);

/** Null where EPCIS has no words for it. */
export function measurementUnit(senml: string): MeasurementUnit | null {
  return UNITS.get(senml) ?? null;
}

/** The SenML units that can be told in an event. */
export const MEASURABLE_UNITS: readonly string[] = [...UNITS.keys()];
