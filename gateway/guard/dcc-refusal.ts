// Why a calibration certificate is not taken; one code for each way to forge or spoil one.

/** @module dcc-refusal */
import type { Refused, Result } from '@truegrain/device-sdk/formats/result.js';

/** Of the bytes: what no anchor and no sensor could change. */
export type DccRefusal =
  /** Larger than `DCC_BYTES_MAX`, or more markup, depth or attributes than the limits allow. */
  | 'dcc_size'
  /** A document type declaration: entities, defaulted attributes, declared ids. */
  | 'dcc_doctype'
  /** Not UTF-8, not XML 1.0, or not well-formed. */
  | 'dcc_xml'
  /** A processing instruction: a style sheet shows people something else than what is read. */
  | 'dcc_instruction'
  /** The root is no DCC: a certificate in somebody's wrapper. */
  | 'dcc_root'
  /** A certificate within the certificate. */
  | 'dcc_nested'
  /** A required element is missing, doubled, or its value is malformed; or not version 3. */
  | 'dcc_form'
  /** Its dates contradict each other. */
  | 'dcc_dates'
  /** Calibrated or signed after the time at which it is shown. */
  | 'dcc_future'
  /** More than one signature, or one that is not a child of the root. */
  | 'dcc_signatures'
  /** Two elements under one id. */
  | 'dcc_duplicate_id'
  /** The ds:Signature lacks a part or has one twice. */
  | 'dcc_signature_form'
  /** SHA-1, HMAC, a short RSA key, or an algorithm nobody listed. */
  | 'dcc_algorithm'
  /** A canonicalization that this reader can't do exactly at that place. */
  | 'dcc_canonicalization'
  /** A transform other than enveloped-signature and a canonicalization. */
  | 'dcc_transform'
  /** No reference covers the whole document. */
  | 'dcc_partial'
  /** A reference to something outside of the document. */
  | 'dcc_external'
  /** A further reference that is not the signed properties of this signature. */
  | 'dcc_reference'
  /** No X.509 certificate of the signer, or an unreadable one. */
  | 'dcc_key_info'
  /** A digest or the signature value is wrong. */
  | 'dcc_signature'
  /** The signed properties name another certificate than the one whose key verifies. */
  | 'dcc_signing_certificate';

export type DccResult<T> = Result<T, DccRefusal>;
export type DccRefused = Refused<DccRefusal>;
