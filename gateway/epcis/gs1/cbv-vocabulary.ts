// The words of the Core Business Vocabulary 2.0 (§7), as JSON writes them and as URIs.

export type VocabularyList =
  | 'bizStep'
  | 'disposition'
  | 'bizTransactionType'
  | 'sourceDestType'
  | 'errorReason'
  | 'component'
  | 'measurement'
  | 'exception';

interface Vocabulary {
  /** In front of a word in the web vocabulary. */
  readonly web: string;
  /** In front of a word in CBV 1.x; null: the list is new in 2.0. */
  readonly urn: string | null;
  readonly words: ReadonlySet<string>;
}

const CBV = 'https://ref.gs1.org/cbv/';
const VOC = 'https://gs1.org/voc/';

const VOCABULARIES: Readonly<Record<VocabularyList, Vocabulary>> = {
  bizStep: list(
    `${CBV}BizStep-`,
    'bizstep',
    `accepting arriving assembling collecting commissioning consigning creating_class_instance
    cycle_counting decommissioning departing destroying disassembling dispensing encoding
    entering_exiting holding inspecting installing killing loading other packing picking receiving
    removing repackaging repairing replacing reserving retail_selling sampling sensor_reporting
    shipping staging_outbound stock_taking stocking storing transporting unloading unpacking
    void_shipping`,
  ),
  disposition: list(
    `${CBV}Disp-`,
    'disp',
    `active available completeness_inferred completeness_verified conformant container_closed
    container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit
    inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement no_pedigree_match
    non_conformant non_sellable_other partially_dispensed recalled reserved retail_sold returned
    sellable_accessible sellable_not_accessible stolen unavailable unknown`,
  ),
  bizTransactionType: list(
    `${CBV}BTT-`,
    'btt',
    'bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt',
  ),
  sourceDestType: list(`${CBV}SDT-`, 'sdt', 'owning_party possessing_party location'),
  errorReason: list(`${CBV}ER-`, 'er', 'did_not_occur incorrect_data'),
  component: list(
    `${CBV}Comp-`,
    null,
    `x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting
    northing latitude longitude altitude`,
  ),
  measurement: list(
    VOC,
    null,
    `AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area
    Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
    DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity
    ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance
    KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity MagneticFlux
    MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate MassPerAreaTime
    MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume
    Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate
    VolumeFraction VolumetricFlux Wavenumber`,
  ),
  exception: list(VOC, null, 'ALARM_CONDITION ERROR_CONDITION'),
};

function list(web: string, urn: string | null, words: string): Vocabulary {
  const found = new Set(words.split(/\s+/));
  return { web, urn: urn === null ? null : `urn:epcglobal:cbv:${urn}:`, words: found };
}

/**
 * The web URI of a bare word, of its CBV 1.x URN, or of `cbv:` and `gs1:` names. A bare word that
 * CBV 2.0 doesn't have, and any other URI, is unchanged.
 */
export function vocabularyUri(name: VocabularyList, value: string): string {
  const { web, urn, words } = VOCABULARIES[name];
  if (words.has(value)) return `${web}${value}`;
  if (urn !== null && value.startsWith(urn)) return `${web}${value.slice(urn.length)}`;
  if (value.startsWith('cbv:')) return `${CBV}${value.slice('cbv:'.length)}`;
  if (value.startsWith('gs1:')) return `${VOC}${value.slice('gs1:'.length)}`;
  return value;
}

/** A URN of a CBV 1.x list → its web URI; everything else unchanged, transaction ids among it. */
export function webVocabularyUri(value: string): string {
  if (!value.startsWith('urn:epcglobal:cbv:')) return value;
  for (const { web, urn } of Object.values(VOCABULARIES)) {
    if (urn !== null && value.startsWith(urn)) return `${web}${value.slice(urn.length)}`;
  }
  return value;
}

/** The bare word of a web URI, CBV 1.x URN or compact name; unchanged where CBV has none. */
export function bareVocabulary(name: VocabularyList, value: string): string {
  const { web, words } = VOCABULARIES[name];
  const uri = vocabularyUri(name, value);
  const word = uri.startsWith(web) ? uri.slice(web.length) : value;
  return words.has(word) ? word : value;
}

/** The bare words of a list, in the order of the alphabet. */
export function vocabularyWords(name: VocabularyList): readonly string[] {
  return [...VOCABULARIES[name].words].sort();
}

/** Whether `word` is one that CBV 2.0 has in this list. */
export function isVocabularyWord(name: VocabularyList, word: string): boolean {
  return VOCABULARIES[name].words.has(word);
}
