import { utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Facts } from '../../gateway/ledger/facts.ts';
import { Judge, type Verdict } from '../../gateway/ledger/judge.ts';
import {
  emptyState,
  type History,
  type KeyRecord,
  type LedgerState,
} from '../../gateway/ledger/state.ts';
import { T0_MS } from './solo-ledger.ts';

/** A statement by name: another name is another id. */
export interface Link {
  id: Uint8Array;
  seq: number;
  prev: Uint8Array | null;
}

export const idOf = (name: string) => sha256(utf8(name));

export function factsOf(link: Link, changes: Partial<Facts> = {}): Facts {
  return {
    keyNo: 0,
    ...link,
    leafHash: link.id,
    entry: new Uint8Array(340),
    sub: 'urn:example:lot-1',
    iat: Math.floor(T0_MS / 1000),
    quality: 3,
    firstMs: T0_MS - 10_000,
    lastMs: T0_MS,
    mismatch: null,
    ...changes,
  };
}

/** A state with one device and the statements committed so far; batches are of one statement. */
export class JudgedLedger {
  readonly state: LedgerState = emptyState();
  readonly committed: Link[] = [];
  readonly history: History = {
    find: (_keyNo, seq) =>
      this.committed.flatMap((link, leafIndex) =>
        link.seq === seq ? [{ ...link, leafIndex }] : [],
      ),
  };

  constructor(changes: { subjects?: readonly string[] } = {}) {
    const iss = 'urn:dev:ops:32473-a';
    const key = { no: 0, iss, role: 'device', status: 'active' } as KeyRecord;
    this.state.keys.push(key);
    this.state.devices.set(iss, {
      device: iss,
      registrationLeaf: 1,
      owner: 'https://mill.example',
      keyLevel: 'file',
      reportingIntervalS: 60,
      buildDateS: T0_MS / 1000 - 86_400 * 400,
      sensors: [],
      binding: 'none',
      subjects: changes.subjects ?? null,
    });
  }

  get key(): KeyRecord {
    return this.state.keys[0]!;
  }

  judge(facts: Facts, logTimeMs = T0_MS): Verdict {
    return new Judge(this.state, this.history, logTimeMs).judge(facts);
  }

  /** Judges them in one batch and commits what was accepted. */
  commit(...links: Link[]): Verdict[] {
    const judge = new Judge(this.state, this.history, T0_MS);
    const verdicts = links.map((link) => judge.judge(factsOf(link)));
    for (const stream of judge.streams.values()) this.state.streams.set(stream.keyNo, stream);
    this.committed.push(...links.filter((_link, i) => verdicts[i]?.kind === 'accept'));
    return verdicts;
  }
}

/** Numbers 1 to `length`, each naming the one before. */
export function chainOf(length: number, name = 'a'): Link[] {
  return Array.from({ length }, (_, i) => ({
    id: idOf(`${name}${i + 1}`),
    seq: i + 1,
    prev: i === 0 ? null : idOf(`${name}${i}`),
  }));
}
