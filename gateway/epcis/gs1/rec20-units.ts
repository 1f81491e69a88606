// Units of UN/ECE Recommendation 20 (revision 17) for the 72 measurement types of CBV 2.0, with the
// exact definitions (BIPM SI brochure, NIST SP 811) where the Recommendation itself rounds.

/** A value `v` is `(v + shift) * factor` in the base unit. */
export interface UnitScale {
  readonly base: string;
  readonly factor: number;
  readonly shift: number;
}

/** Base code: the codes that are a power of ten of it, each with its exponent. */
const DECIMAL: Readonly<Record<string, string>> = {
  // Mass per volume: AbsoluteHumidity, Density, MassConcentration.
  KMQ: `23 3, A93 -3, B34 3, B35 3, B72 3, D41 3, F23 0, G31 6, GJ 3, GL 0, GP -6, GQ -9, M1 -3`,
  // Acceleration.
  MSK: `A76 -2, C11 -5, M38 3, M39 -2, M41 -3`,
  // Area.
  MTK: `ARE 2, CMK -4, DAA 3, DMK -2, H16 2, H18 4, H30 -12, HAR 4, KMK 6, MMK -6`,
  // Capacitance, Conductance, Conductivity, Inductance, Resistance, Resistivity.
  FAR: `4O -6, 4T -12, C10 -3, C41 -9, N90 3`,
  SIE: `B53 3, B99 -6, C27 -3, N92 -12, NQ 0, NR -6`,
  D10: `B54 3, B77 6, G42 -4, G43 -6, G44 -7, G45 -9, H43 2, H61 -1, L42 -12`,
  '81': `B90 -6, C14 -3, C43 -9, C73 -12, P24 3`,
  OHM: `A87 9, B49 3, B75 6, B94 -6, E45 -3, H44 12, P22 -9`,
  C61: `A88 9, B50 3, B76 6, B95 -6, C23 -3, C60 -2`,
  // Dimensionless, RelativeHumidity, VolumeFraction, Count.
  C62: `59 -6, 60 -2, 61 -9, CEN 2, E40 -5, J33 -9, J36 -6, J87 -6, J91 -3, K62 0, L19 -3, L32 -12,
    M29 0, MIL 3, MIO 6, MLD 9, NX -3, P1 -2`,
  // Ionising radiation: doses and their rates, Radioactivity, Exposure.
  A95: `C13 -3, C80 -2`,
  A96: `P54 -3, P55 -6, P56 -9`,
  D13: `C28 -3, D91 -2, L31 -5`,
  P65: `P66 -3, P67 -6, P68 -9, P69 -2`,
  BQL: `2Q 3, 4N 6, GBQ 9, H08 -6`,
  CKG: `C8 -3`,
  // DynamicViscosity, KinematicViscosity.
  C65: `89 -1, C24 -3, C7 -3, J32 -6, N36 0, N37 0, N41 -1`,
  S4: `91 -4, 4C -6, C17 -6, M81 -4`,
  // ElectricCharge, ElectricCurrent and its density, ElectricFieldStrength, Voltage.
  COU: `A8 0, B26 3, B86 -6, C40 -9, C71 -12, D77 6, D86 -3`,
  AMP: `4K -3, B22 3, B84 -6, C39 -9, C70 -12, H38 6, N96 1`,
  A41: `A4 4, A7 6, B23 3, B66 6`,
  D50: `B55 3, B79 6, C3 -6, C30 -3, D51 3`,
  VLT: `2G 0, 2H 0, 2Z -3, B78 6, D82 -6, KVT 3, N99 -12`,
  // Energy, Power and RadiantFlux, Torque; apparent and reactive power are no watts.
  JOU: `3B 6, A13 -18, A57 -7, A68 18, A70 -15, C15 -3, C68 15, D30 12, GV 9, KJO 3`,
  WTT: `A63 -7, A90 9, C31 -3, C49 -9, C75 -12, D31 12, D80 -6, KWT 3, MAW 6, P14 0, P18 3`,
  D46: `KVA 3, M35 -3, MVA 6`,
  D44: `K5 3, KVR 3`,
  NU: `B48 3, B74 6, B93 -6, D83 -3, DN -1, J72 -2, J94 -7, M97 -5`,
  // Force, Frequency.
  NEW: `B47 3, B73 6, B92 -6, C20 -3, DU -5, M77 0`,
  HTZ: `A86 9, C97 0, D29 12, KHZ 3, MHZ 6`,
  // Light and radiation; D57 is RadiantIntensity, D27 SolidAngle.
  LUX: `B60 0, KLX 3, P26 4`,
  D54: `A64 -3, A65 -3, C32 -3, C76 -12, D85 -6, N48 4`,
  A24: `P31 4`,
  CDL: `P33 3, P34 -3`,
  LUM: '',
  D57: '',
  D27: '',
  // Length and Altitude, Angle, rotation, Speed and VolumetricFlux, LinearMomentum, Wavenumber.
  MTR: `4H -6, A11 -10, A45 1, A71 -15, C45 -9, C52 -12, CMT -2, DMT -1, HMT 2, KMT 3, MAM 6, MMT -3`,
  C81: `B97 -6, C25 -3`,
  '2A': '',
  '2B': '',
  MTS: `2M -2, 35 -2, C16 -3, M62 3, P87 0`,
  B31: `M98 -2, M99 -5`,
  B33: '',
  C92: `C85 10, E90 2, Q25 0`,
  // MagneticFlux, MagneticFluxDensity, MagneticVectorPotential.
  WEB: `B65 -8, C33 -3, P11 3`,
  D33: `76 -4, 78 -1, C29 -3, C48 -9, D81 -6, P12 -9, P13 3`,
  D59: `B56 3, D60 3`,
  // Mass, its flows, SurfaceDensity, SpecificVolume.
  KGM: `2U 3, CGM -5, DG -4, DJ -2, DTN 2, GRM -3, HGM -1, KTN 6, MC -9, MGM -6, TNE 3`,
  KGS: `F29 -3, F34 -6, L81 3`,
  H56: '',
  '28': `25 1, D5 4, GM -3, GO -6, H63 -2, N24 3`,
  A39: `22 -1, H83 -3, KX -6, N28 -3`,
  // Amounts of substance.
  C34: `B45 3, C18 -3, FH -6`,
  C36: `B46 3, C35 3, C38 3, M33 0`,
  C19: `D87 -3, H68 0, P47 3`,
  B15: `B44 3`,
  D74: `A94 -3, F24 -3`,
  A40: `A36 -6, A37 -3, B58 -3`,
  // Pressure, SurfaceTension.
  PAL: `74 -3, A89 9, A97 2, B85 -1, B96 -6, BAR 5, C55 0, C56 6, D9 -1, E01 4, H75 1, HBA 7, KBA 8,
    KPA 3, MBR 2, MPA 6`,
  '4P': `C22 -3, DX -3, M23 2, N31 3`,
  // Temperature, Time.
  KEL: '',
  SEC: `B52 3, B98 -6, C26 -3, C47 -9, H70 -12, M56 -8`,
  // Volume, VolumeFlowRate. A normal or standard cubic metre is no volume at its own pressure.
  MTQ: `4G -9, A44 -2, CLT -5, CMQ -6, DLT -4, DMA 3, DMQ -3, G26 0, H19 6, H20 9, HLT -1, K6 0,
    LTR -3, MAL 3, MLT -6, MMQ -9, R9 3`,
  MQS: `2J -6, 40 -6, G51 -3, J93 -3`,
  // MemoryCapacity.
  AD: `2P 3, 4L 6, E34 9, E35 12, E36 15, Q12 0`,
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;
const INCH = 0.0254;
const FOOT = 12 * INCH;
const YARD = 3 * FOOT;
const MILE = 1760 * YARD;
const NAUTICAL_MILE = 1852;
const LITRE = 1e-3;
const GALLON_US = 231 * INCH ** 3;
const GALLON_UK = 4.54609 * LITRE;
const BARREL = 42 * GALLON_US;
const POUND = 0.45359237;
const OUNCE = POUND / 16;
const GRAVITY = 9.80665;
const POUND_FORCE = POUND * GRAVITY;
const CALORIE_IT = 4.1868;
const CALORIE = 4.184;
const BTU = 1055.05585262;
const CURIE = 3.7e10;
const ROENTGEN = 2.58e-4;
const DEGREE = Math.PI / 180;
const RANKINE = 5 / 9;
const TONNE = 1e3;
const MERCURY_MM = 133.322387415;

/** Base code: other codes with their factors. */
const OTHER: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  KEL: { A48: RANKINE },
  KMQ: { '87': POUND / FOOT ** 3, GE: POUND / GALLON_US, K71: POUND / GALLON_UK },
  MSK: { A73: FOOT, IV: INCH, K40: GRAVITY, M40: YARD, M42: MILE },
  MTK: {
    ACR: 4840 * YARD ** 2,
    FTK: FOOT ** 2,
    INK: INCH ** 2,
    MIK: MILE ** 2,
    YDK: YARD ** 2,
  },
  C62: { DZN: 12, GRO: 144, GGR: 1728, PR: 2, SCO: 20 },
  A96: {
    P57: 1 / MINUTE,
    P58: 1e-3 / MINUTE,
    P59: 1e-6 / MINUTE,
    P60: 1e-9 / MINUTE,
    P61: 1 / HOUR,
    P62: 1e-3 / HOUR,
    P63: 1e-6 / HOUR,
    P64: 1e-9 / HOUR,
  },
  P65: {
    P70: 1 / HOUR,
    P71: 1e-3 / HOUR,
    P72: 1e-6 / HOUR,
    P73: 1e-9 / HOUR,
    P74: 1 / MINUTE,
    P75: 1e-3 / MINUTE,
    P76: 1e-6 / MINUTE,
    P77: 1e-9 / MINUTE,
  },
  BQL: { '2R': 1e3 * CURIE, CUR: CURIE, M5: 1e-6 * CURIE, MCU: 1e-3 * CURIE },
  CKG: { '2C': ROENTGEN, '2Y': 1e-3 * ROENTGEN, KR: 1e3 * ROENTGEN },
  S4: { S3: FOOT ** 2, G08: INCH ** 2 },
  COU: { AMH: HOUR, E09: 1e-3 * HOUR, N95: MINUTE, TAH: 1e3 * HOUR },
  JOU: {
    '85': FOOT * POUND_FORCE,
    BTU,
    D32: 1e12 * HOUR,
    D35: CALORIE,
    D70: CALORIE_IT,
    E14: 1e3 * CALORIE_IT,
    GWH: 1e9 * HOUR,
    K53: 1e3 * CALORIE,
    KWH: 1e3 * HOUR,
    MWH: 1e6 * HOUR,
    WHR: HOUR,
  },
  WTT: {
    '2I': BTU / HOUR,
    A74: FOOT * POUND_FORCE,
    BHP: 550 * FOOT * POUND_FORCE,
    E15: (1e3 * CALORIE) / HOUR,
    HJ: 75 * GRAVITY,
    K43: 746,
    N12: 75 * GRAVITY,
    P15: 1 / MINUTE,
    P16: 1 / HOUR,
    P17: 1 / DAY,
    P19: 1e3 / MINUTE,
    P20: 1e3 / HOUR,
    P21: 1e3 / DAY,
  },
  NU: { B38: GRAVITY, M92: FOOT * POUND_FORCE },
  NEW: {
    B37: GRAVITY,
    B51: GRAVITY,
    C78: POUND_FORCE,
    M75: 1e3 * POUND_FORCE,
    M78: 1e-3 * GRAVITY,
  },
  HTZ: {
    BPM: 1 / MINUTE,
    C94: 1 / MINUTE,
    E91: 1 / DAY,
    H10: 1 / HOUR,
    OPM: 1 / MINUTE,
  },
  LUX: { P25: 1 / FOOT ** 2, P27: 1 / FOOT ** 2 },
  A24: { P28: 1 / INCH ** 2, P29: 1 / (Math.PI * FOOT ** 2), P30: 1e4 / Math.PI },
  MTR: {
    '77': 1e-3 * INCH,
    AK: 6 * FOOT,
    FOT: FOOT,
    INH: INCH,
    M50: 220 * YARD,
    M7: 1e-6 * INCH,
    NMI: NAUTICAL_MILE,
    SMI: MILE,
    X1: 22 * YARD,
    YRD: YARD,
  },
  C81: {
    A91: Math.PI / 200,
    D61: DEGREE / 60,
    D62: DEGREE / 3600,
    DD: DEGREE,
    M44: 2 * Math.PI,
  },
  '2A': {
    E96: DEGREE,
    M46: (2 * Math.PI) / MINUTE,
    RPM: (2 * Math.PI) / MINUTE,
    RPS: 2 * Math.PI,
  },
  '2B': { M45: DEGREE },
  MTS: {
    '2X': 1 / MINUTE,
    FR: FOOT / MINUTE,
    FS: FOOT,
    H49: 1e-2 / HOUR,
    H67: 1e-3 / HOUR,
    H81: 1e-3 / MINUTE,
    HM: MILE / HOUR,
    IU: INCH,
    K14: FOOT / HOUR,
    KMH: 1e3 / HOUR,
    KNT: NAUTICAL_MILE / HOUR,
    M22: 1e-2 / MINUTE,
    M60: 1 / HOUR,
    M63: INCH / MINUTE,
    M64: YARD,
    M65: YARD / MINUTE,
  },
  C92: { Q24: 1 / INCH },
  KGM: {
    APZ: 480 * (POUND / 7000),
    CTM: 2e-4,
    CWA: 100 * POUND,
    CWI: 112 * POUND,
    GRN: POUND / 7000,
    LBR: POUND,
    LTN: 2240 * POUND,
    ONZ: OUNCE,
    STI: 14 * POUND,
    STN: 2000 * POUND,
  },
  KGS: {
    '4M': 1e-6 / HOUR,
    '4U': POUND / HOUR,
    E18: TONNE / HOUR,
    E93: 1 / HOUR,
    F26: 1e-3 / DAY,
    F27: 1e-3 / HOUR,
    F28: 1e-3 / MINUTE,
    F30: 1 / DAY,
    F31: 1 / MINUTE,
    F32: 1e-6 / DAY,
    F33: 1e-6 / MINUTE,
    K78: POUND / MINUTE,
    K81: POUND,
    L71: TONNE / DAY,
    L78: TONNE / MINUTE,
  },
  '28': { '37': OUNCE / FOOT ** 2, FP: POUND / FOOT ** 2, ON: OUNCE / YARD ** 2 },
  A39: { N29: FOOT ** 3 / POUND },
  C34: { P44: 1e3 * POUND },
  PAL: {
    ATM: 101_325,
    ATT: 1e4 * GRAVITY,
    E42: 1e4 * GRAVITY,
    F79: 25.4 * MERCURY_MM,
    HN: MERCURY_MM,
    HP: GRAVITY,
    K85: POUND_FORCE / FOOT ** 2,
    N20: (1e3 * POUND_FORCE) / INCH ** 2,
    N23: 1e3 * GRAVITY,
    PS: POUND_FORCE / INCH ** 2,
    UA: 101_325 / 760,
  },
  SEC: {
    ANN: YEAR,
    DAY,
    HUR: HOUR,
    L95: 365 * DAY,
    M36: 30 * DAY,
    MIN: MINUTE,
    MON: YEAR / 12,
    WEE: 7 * DAY,
  },
  MTQ: {
    BLL: BARREL,
    FTQ: FOOT ** 3,
    GLI: GALLON_UK,
    GLL: GALLON_US,
    INQ: INCH ** 3,
    OZA: GALLON_US / 128,
    OZI: GALLON_UK / 160,
    PTI: GALLON_UK / 8,
    PTL: GALLON_US / 8,
    QTI: GALLON_UK / 4,
    QTL: GALLON_US / 4,
    YDQ: YARD ** 3,
  },
  MQS: {
    '2K': FOOT ** 3 / HOUR,
    '2L': FOOT ** 3 / MINUTE,
    '41': 1e-6 / MINUTE,
    '4X': 1 / HOUR,
    B1: BARREL / DAY,
    E17: FOOT ** 3,
    E32: LITRE / HOUR,
    E92: LITRE / HOUR,
    G2: GALLON_US / MINUTE,
    G3: GALLON_UK / MINUTE,
    G47: 1e-6 / DAY,
    G48: 1e-6 / HOUR,
    G49: 1e-6 / MINUTE,
    G50: GALLON_US / HOUR,
    G52: 1 / DAY,
    G53: 1 / MINUTE,
    G54: 1e-6 / DAY,
    G55: 1e-6 / HOUR,
    GB: GALLON_US / DAY,
    J90: LITRE / DAY,
    J92: LITRE / MINUTE,
    L2: LITRE / MINUTE,
    LD: LITRE / DAY,
    MQH: 1 / HOUR,
    TQD: 1e3 / DAY,
  },
  AD: {
    A99: 1 / 8,
    B30: 2 ** 30 / 8,
    C21: 2 ** 10 / 8,
    D11: 2 ** 20 / 8,
    E60: 2 ** 50,
    E61: 2 ** 40,
    E62: 2 ** 30,
    E63: 2 ** 20,
    E64: 2 ** 10,
  },
};

const ABSOLUTE_TEMPERATURES: readonly (readonly [string, UnitScale])[] = [
  ['CEL', { base: 'KEL', factor: 1, shift: 273.15 }],
  ['FAH', { base: 'KEL', factor: RANKINE, shift: 459.67 }],
];

/** Code → its scale, the base codes among them. */
export const UNIT_SCALES: ReadonlyMap<string, UnitScale> = new Map([
  ...Object.entries(DECIMAL).flatMap(([base, codes]) => decimalScales(base, codes)),
  ...Object.entries(OTHER).flatMap(([base, factors]) =>
    Object.entries(factors).map(([code, factor]) => [code, { base, factor, shift: 0 }] as const),
  ),
  ...ABSOLUTE_TEMPERATURES,
]);

function decimalScales(base: string, codes: string): (readonly [string, UnitScale])[] {
  const listed = codes === '' ? [] : codes.split(',').map((entry) => entry.trim().split(' '));
  return [[base, '0'] as const, ...listed].map(([code = '', exponent = '0']) => [
    code,
    { base, factor: Number(`1e${exponent}`), shift: 0 },
  ]);
}
