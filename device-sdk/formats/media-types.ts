// Media types (RFC 6838) we read and write; ours are in the vendor tree.

/** @module media-types */
export const MEDIA_CBOR = 'application/cbor';
/** RFC 9052 §11.3. */
export const MEDIA_COSE = 'application/cose';
/** RFC 9943 §10. */
export const MEDIA_SCITT_STATEMENT = 'application/scitt-statement+cose';
export const MEDIA_SCITT_RECEIPT = 'application/scitt-receipt+cose';
/** RFC 9290 §6; on every SCRAPI error. */
export const MEDIA_CONCISE_PROBLEM = 'application/concise-problem-details+cbor';
/** RFC 9457 §6.1; on every other error. */
export const MEDIA_PROBLEM_JSON = 'application/problem+json';
/** RFC 8428 §12.3. */
export const MEDIA_SENML_CBOR = 'application/senml+cbor';
export const MEDIA_SENML_JSON = 'application/senml+json';

/** Device contents, carried beside a hash envelope (label 259). */
export const MEDIA_BOOT = 'application/vnd.truegrain.boot+cbor';
export const MEDIA_GAP = 'application/vnd.truegrain.gap+cbor';
/** A captured EPCIS event: CBOR `[salt, JSON]` (SPEC §5.3). */
export const MEDIA_EPCIS_EVENT = 'application/vnd.truegrain.epcis-event+cbor';
/** What a device signs to prove it holds the key it asks to register. */
export const MEDIA_ENROLMENT = 'application/vnd.truegrain.enrolment+cbor';

/** What a member's key signs to prove it holds the key it asks to register. */
export const MEDIA_KEY_PROOF = 'application/vnd.truegrain.key-proof+cbor';

/** Inline payloads (label 3): the only ones the fold reads. */
export const MEDIA_CHARTER = 'application/vnd.truegrain.charter+cbor';
export const MEDIA_ACCEPTANCE = 'application/vnd.truegrain.acceptance+cbor';
export const MEDIA_REGISTRATION = 'application/vnd.truegrain.registration+cbor';
export const MEDIA_ROTATION = 'application/vnd.truegrain.rotation+cbor';
export const MEDIA_REVOCATION = 'application/vnd.truegrain.revocation+cbor';
export const MEDIA_ERASURE = 'application/vnd.truegrain.erasure+cbor';
export const MEDIA_PROPOSAL = 'application/vnd.truegrain.proposal+cbor';
export const MEDIA_ANSWER = 'application/vnd.truegrain.answer+cbor';
export const MEDIA_EXCEPTION = 'application/vnd.truegrain.exception+cbor';
export const MEDIA_DEPARTURE = 'application/vnd.truegrain.departure+cbor';
export const MEDIA_ENDPOINT = 'application/vnd.truegrain.endpoint+cbor';
export const MEDIA_GRANT = 'application/vnd.truegrain.grant+cbor';
export const MEDIA_ORDER = 'application/vnd.truegrain.order+cbor';
export const MEDIA_APPEAL = 'application/vnd.truegrain.appeal+cbor';
export const MEDIA_CREDENTIAL = 'application/vnd.truegrain.credential+cbor';
export const MEDIA_PROFILE_BINDING = 'application/vnd.truegrain.profile-binding+cbor';
export const MEDIA_CALIBRATION = 'application/vnd.truegrain.calibration+cbor';
export const MEDIA_TAP = 'application/vnd.truegrain.tap+cbor';
export const MEDIA_SEAL = 'application/vnd.truegrain.seal+cbor';
export const MEDIA_CLAIM = 'application/vnd.truegrain.claim+cbor';
export const MEDIA_RULE_FINDING = 'application/vnd.truegrain.rule-finding+cbor';
export const MEDIA_EXAMINATION = 'application/vnd.truegrain.examination+cbor';
export const MEDIA_FILING = 'application/vnd.truegrain.filing+cbor';
export const MEDIA_INSPECTION = 'application/vnd.truegrain.inspection+cbor';
export const MEDIA_BATCH = 'application/vnd.truegrain.batch+cbor';

/** What a member's log key signs outside the log: formats/signed-report. */
export const MEDIA_RECALL = 'application/vnd.truegrain.recall+json';

/** The evidence file, `.tgev`. */
export const MEDIA_EVIDENCE = 'application/vnd.truegrain.evidence+cbor';
