// The closed union of refusal codes of formats/; one line a code, grouped by the file that gives it.

/** @module errors */
export type FormatErrorCode =
  // cbor: RFC 8949
  | 'cbor_too_large'
  | 'cbor_depth'
  | 'cbor_items'
  | 'cbor_truncated'
  | 'cbor_trailing'
  | 'cbor_malformed'
  | 'cbor_indefinite'
  | 'cbor_tag'
  | 'cbor_simple'
  | 'cbor_float'
  | 'cbor_text'
  | 'cbor_map_key'
  | 'cbor_duplicate_key'
  | 'cbor_not_deterministic'
  // cose-key, acceptance-set: RFC 9052 §7, RFC 9053 §7
  | 'key_malformed'
  | 'key_type'
  | 'key_private'
  | 'key_alg'
  | 'key_not_canonical'
  | 'key_not_on_curve'
  | 'key_small_order'
  | 'key_torsion'
  // cose-sign1: RFC 9052 §4.2
  | 'cose_structure'
  | 'cose_header'
  | 'cose_encoding'
  | 'crit'
  // cwt-claims: RFC 8392, RFC 9597
  | 'cwt_claims'
  // signed-report
  | 'report_key'
  | 'report_signature'
  // cbor-reader: a structure whose next item is known
  | 'cbor_type'
  | 'cbor_integer_range'
  // senml: RFC 8428
  | 'senml_json'
  | 'senml_empty'
  | 'senml_field'
  | 'senml_label'
  | 'senml_name'
  | 'senml_value'
  | 'senml_version'
  // pack: SPEC §2
  | 'pack_too_large'
  | 'pack_count'
  | 'pack_salt'
  | 'pack_field'
  | 'pack_name'
  | 'pack_value'
  | 'pack_time'
  // fields: the private maps of SPEC §4 and §5
  | 'field_missing'
  | 'field_unknown'
  | 'field_type'
  | 'field_value'
  | 'version'
  | 'charter_contradiction'
  // enrolment, key-proof, member-card: SPEC §4.3, §4.9
  | 'proof_mismatch'
  | 'proof_signature'
  | 'card_too_large'
  // ledger-tx: SPEC §4.15
  | 'tx_too_large'
  | 'tx_malformed'
  // frame, downlink, device-urn: SPEC §6
  | 'frame_too_large'
  | 'device_urn'
  | 'refusal_code'
  // statement: SPEC.md §3
  | 'statement_too_large'
  | 'statement_structure'
  | 'statement_signature'
  | 'statement_header'
  | 'statement_claims'
  | 'statement_version'
  | 'statement_seq'
  | 'statement_prev'
  | 'statement_quality'
  | 'statement_alg'
  | 'statement_envelope'
  // gs1-element-string: GS1 General Specifications
  | 'gs1_too_large'
  | 'gs1_ai'
  | 'gs1_value'
  | 'gs1_check_digit'
  // note, cosignature: C2SP signed-note, tlog-cosignature
  | 'note_too_large'
  | 'note_malformed'
  | 'note_key'
  | 'note_key_type'
  | 'note_signature'
  | 'note_unverified'
  // checkpoint: C2SP tlog-checkpoint
  | 'checkpoint_malformed'
  // tiles: C2SP tlog-tiles
  | 'tile_path'
  | 'tile_size'
  | 'tile_bundle'
  // tlog-proof: C2SP tlog-proof
  | 'proof_malformed'
  | 'proof_index'
  | 'proof_path'
  // tlog-policy: C2SP tlog-policy
  | 'policy_too_large'
  | 'policy_malformed'
  | 'policy_name'
  | 'policy_duplicate'
  | 'policy_unmet'
  // receipt: RFC 9942
  | 'receipt_header'
  | 'receipt_vds'
  | 'receipt_proof'
  | 'receipt_path'
  | 'receipt_key'
  | 'receipt_signature'
  // captured-event: SPEC §5.3
  | 'event_salt'
  | 'event_json'
  // evidence: SPEC §8
  | 'evidence_too_large'
  | 'evidence_leaf'
  | 'evidence_order';
