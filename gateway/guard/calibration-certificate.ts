// What the guard takes from a digital calibration certificate.

/** @module calibration-certificate */

export interface CalibrationCertificate {
  /** `3.2.0`. */
  readonly schemaVersion: string;
  readonly uniqueIdentifier: string;
  readonly laboratory: string;
  /** First millisecond of the last day of the calibration; UTC where the date names no zone. */
  readonly performedMs: number;
  /** Likewise of the day of issue; null where the certificate gives none. */
  readonly issuedMs: number | null;
  /** Last millisecond of the day until which it is to be recalibrated; null where it gives none. */
  readonly dueMs: number | null;
  readonly items: readonly CalibratedItem[];
  /** The laboratory's statements of conformity, in its words: pass, fail, conditionalPass … */
  readonly conformity: readonly string[];
  readonly results: readonly CalibrationResult[];
}

export interface CalibratedItem {
  readonly name: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly identifications: readonly Identification[];
}

export interface Identification {
  /** manufacturer, calibrationLaboratory, customer, owner or other. */
  readonly issuer: string;
  readonly value: string;
  readonly refTypes: readonly string[];
  /** In every language of the certificate. */
  readonly names: readonly string[];
}

/** One table of a result: the points at which one quantity was compared with a standard. */
export interface CalibrationResult {
  /** In English where the certificate has it. */
  readonly name: string;
  /** PTB's words for the result, its table and its quantity. */
  readonly refTypes: readonly string[];
  /** SenML; null where SenML has none for it. Then the numbers are in `dsiUnit`. */
  readonly unit: string | null;
  readonly dsiUnit: string;
  /** The calibrated range: stated by the laboratory, or from the lowest point to the highest. */
  readonly min: number;
  readonly max: number;
  readonly rangeStated: boolean;
  /** Values of the standard. */
  readonly points: readonly number[];
  /** The largest expanded uncertainty of the table; null where none is stated. */
  readonly uncertainty: number | null;
  /** Of that one. */
  readonly coverageFactor: number | null;
}
