import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import type { MemberKeyRole } from '@truegrain/device-sdk/formats/governance.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership.js';
import type { Registration } from '@truegrain/device-sdk/formats/registration.js';
import { OverlayMap } from './overlay.ts';

/**
 * What the log says at one tree size: the fold of every entry so far and of nothing else (DESIGN
 * §1). SQL tables are a copy of it; `truegrain reindex` proves that by building it again.
 */
export type KeyRole = 'device' | MemberKeyRole;
export type KeyStatus = 'active' | 'retired' | 'revoked';

/** Never changed in place: a fork of the state shares them. */
export interface KeyRecord {
  /** Position in the order of registration: small, dense, the same on every member. */
  no: number;
  kid: Uint8Array;
  key: CoseKey;
  role: KeyRole;
  /** Device URN or member URI. */
  iss: string;
  status: KeyStatus;
  /** Leaf that registered it, and the one that ended it. */
  fromLeaf: number;
  untilLeaf: number | null;
}

export interface DeviceRecord extends Omit<Registration, 'key' | 'proof' | 'logTimeMs'> {
  registrationLeaf: number;
}

/** One key's statements: what is needed to judge the next. */
export interface Stream {
  keyNo: number;
  maxSeq: number;
  /** Id of the statement at maxSeq. */
  tipId: Uint8Array;
  /** How many lower numbers are not in the log. */
  missing: number;
  /** A second statement under one number was seen: grade 0 until the key is rotated (DESIGN §4). */
  forked: boolean;
  /** Log time at which maxSeq was committed. */
  lastLogTimeMs: number;
}

export interface LedgerState {
  size: number;
  logTimeMs: number;
  ledgerId: Uint8Array | null;
  /** Statement id of the charter, which the other founders accept. */
  charterId: Uint8Array | null;
  /** As amended: the founders are those of leaf 0, the terms those in force. */
  charter: Charter | null;
  membership: Membership | null;
  /** Founders whose acceptance is still missing: until none is, only acceptances are valid. */
  awaiting: Set<string>;
  keys: KeyRecord[];
  keyByKid: Map<string, KeyRecord>;
  devices: Map<string, DeviceRecord>;
  streams: Map<number, Stream>;
  /** Statement id in lower hex, and the leaf that erased it. */
  erased: Map<string, number>;
}

/** Reads of history that the fold does not keep in memory: ids and links by number. */
export interface History {
  /** The statements committed under this key and number, in leaf order: a second one is a fork's. */
  find(
    keyNo: number,
    seq: number,
  ): readonly { id: Uint8Array; prev: Uint8Array | null; leafIndex: number }[];
}

export function emptyState(): LedgerState {
  return {
    size: 0,
    logTimeMs: 0,
    ledgerId: null,
    charterId: null,
    charter: null,
    membership: null,
    awaiting: new Set(),
    keys: [],
    keyByKid: new Map(),
    devices: new Map(),
    streams: new Map(),
    erased: new Map(),
  };
}

/** The state to try a block on; `state` sees nothing of it before `adoptFork`. */
export function forkState(state: LedgerState): LedgerState {
  return {
    ...state,
    awaiting: new Set(state.awaiting),
    keys: [...state.keys],
    keyByKid: new OverlayMap(state.keyByKid),
    devices: new OverlayMap(state.devices),
    streams: new OverlayMap(state.streams),
    erased: new OverlayMap(state.erased),
  };
}

/** The block is committed: `state` becomes what its fork is, and the fork is used no more. */
export function adoptFork(state: LedgerState, fork: LedgerState): void {
  Object.assign(state, fork, {
    keyByKid: merged(fork.keyByKid),
    devices: merged(fork.devices),
    streams: merged(fork.streams),
    erased: merged(fork.erased),
  });
}

function merged<K, V>(map: Map<K, V>): Map<K, V> {
  return map instanceof OverlayMap ? map.merge() : map;
}

export function addKey(
  state: LedgerState,
  added: { kid: Uint8Array; key: CoseKey; role: KeyRole; iss: string; fromLeaf: number },
): KeyRecord {
  const record: KeyRecord = {
    ...added,
    no: state.keys.length,
    status: 'active',
    untilLeaf: null,
  };
  state.keys.push(record);
  state.keyByKid.set(toHex(added.kid), record);
  return record;
}

/** Ends a key's use from the leaf after `untilLeaf` on; gives the record that stands in its place. */
export function endKey(
  state: LedgerState,
  key: KeyRecord,
  end: { status: 'retired' | 'revoked'; untilLeaf: number },
): KeyRecord {
  const record = { ...key, status: end.status, untilLeaf: key.untilLeaf ?? end.untilLeaf };
  state.keys[key.no] = record;
  state.keyByKid.set(toHex(key.kid), record);
  return record;
}

export function keyOf(state: LedgerState, kid: Uint8Array): KeyRecord | undefined {
  return state.keyByKid.get(toHex(kid));
}

export function isActiveKey(state: LedgerState, kid: Uint8Array): boolean {
  return keyOf(state, kid)?.status === 'active';
}
