// SPEC.md §4: what all governance payloads share, and the words their fields may use.

/** @module governance */

export const GOVERNANCE_VERSION = 1;

/** How far a log time may lie behind the largest so far, in an alliance (SPEC §4). */
export const LOG_TIME_TOLERANCE_MS = 60_000;

export const MEMBER_KINDS = ['participant', 'regulator', 'self-regulatory', 'auditor'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];
export const MEMBERS_MAX = 64;

/** What a member's keys are for; each signs one kind of thing and nothing else. */
export const MEMBER_KEY_ROLES = ['member', 'log', 'cosigner', 'node', 'gateway'] as const;
export type MemberKeyRole = (typeof MEMBER_KEY_ROLES)[number];

/** Key levels of DESIGN §4, from the weakest; a registration states them, evidence decides. */
export const KEY_LEVELS = [
  'file',
  'file-encrypted',
  'pkcs11-soft',
  'tpm2',
  'secure-element',
] as const;
export type KeyLevel = (typeof KEY_LEVELS)[number];

/** How the thing measured is tied to its identifier; the order of the binding axis. */
export const BINDINGS = ['none', 'label', 'tag', 'tag-counter', 'tag-tamper'] as const;
export type Binding = (typeof BINDINGS)[number];

export const INTERFACES = [
  'modbus-rtu',
  'modbus-tcp',
  'one-wire',
  'nmea',
  'scanner',
  'capture',
  'gpio',
  'i2c',
  'replay',
  'simulated',
] as const;
export type SensorInterface = (typeof INTERFACES)[number];

/** An absolute URI of at most 512 characters without spaces: the `iss` of members. */
export const URI = /^[a-z][a-z0-9+.-]*:[!-~]{1,500}$/;
export const REASON_LENGTH_MAX = 1_024;
