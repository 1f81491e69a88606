// RFC 8428 §4.6: resolved records: base fields applied, no relative times, in order of time.

/** @module senml-resolve */
import { RELATIVE_TIME_BELOW_S } from './pack.ts';
import { fail, ok, type Result } from './result.ts';
import type { SenmlRecord } from './senml.ts';

/** No base fields; `bver` stays only where it isn't the default (§4.6). */
export interface ResolvedRecord {
  readonly n: string;
  readonly u?: string;
  readonly v?: number;
  readonly vs?: string;
  readonly vb?: boolean;
  readonly vd?: Uint8Array;
  readonly s?: number;
  /** Seconds since 1970; below 2^28 only where `nowS` was null. */
  readonly t: number;
  readonly ut?: number;
}

type Mutable = { -readonly [K in keyof ResolvedRecord]: ResolvedRecord[K] };
type Bases = {
  bn: string;
  bt: number;
  bu: string | undefined;
  bv: number | undefined;
  bs: number | undefined;
};

/** §4.5.1, after concatenation. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;

/**
 * `nowS` turns relative times into absolute ones; null keeps them relative, for a pack whose moment
 * nobody knows.
 */
export function resolveSenml(
  records: readonly SenmlRecord[],
  nowS: number | null,
): Result<ResolvedRecord[]> {
  const bases: Bases = { bn: '', bt: 0, bu: undefined, bv: undefined, bs: undefined };
  const version = records[0]?.bver;
  const resolved: ResolvedRecord[] = [];
  for (const record of records) {
    // §4.4: all records of a pack have one version.
    if (record.bver !== undefined && record.bver !== version) {
      return fail('senml_version', 'two versions in one pack');
    }
    bases.bn = record.bn ?? bases.bn;
    bases.bt = record.bt ?? bases.bt;
    bases.bu = record.bu ?? bases.bu;
    bases.bv = record.bv ?? bases.bv;
    bases.bs = record.bs ?? bases.bs;
    const one = resolveRecord(record, bases, nowS);
    if (!one.ok) return one;
    if (one.value !== null) resolved.push(one.value);
  }
  // Array sort is stable: records of one moment keep their order.
  return ok(resolved.sort((a, b) => a.t - b.t));
}

/** Null for a record that only sets base fields. */
function resolveRecord(
  record: SenmlRecord,
  bases: Bases,
  nowS: number | null,
): Result<ResolvedRecord | null> {
  const { vs, vb, vd, ut } = record;
  const hasOther = vs !== undefined || vb !== undefined || vd !== undefined;
  const v = sum(hasOther ? undefined : bases.bv, record.v);
  const s = sum(bases.bs, record.s);
  if (v === undefined && !hasOther && s === undefined) {
    return setsBases(record) ? ok(null) : fail('senml_value', 'a record without a value');
  }
  const n = bases.bn + (record.n ?? '');
  if (!NAME.test(n)) return fail('senml_name', `name ${n.slice(0, 64)}`);
  const time = bases.bt + (record.t ?? 0);
  const isRelative = time < RELATIVE_TIME_BELOW_S;
  const out: Mutable = { n, t: isRelative && nowS !== null ? nowS + time : time };
  const u = record.u ?? bases.bu;
  if (u !== undefined) out.u = u;
  if (v !== undefined) out.v = v;
  if (vs !== undefined) out.vs = vs;
  if (vb !== undefined) out.vb = vb;
  if (vd !== undefined) out.vd = vd;
  if (s !== undefined) out.s = s;
  if (ut !== undefined) out.ut = ut;
  return ok(out);
}

function sum(base: number | undefined, own: number | undefined): number | undefined {
  return base === undefined ? own : base + (own ?? 0);
}

function setsBases(record: SenmlRecord): boolean {
  return (
    record.n === undefined &&
    (record.bn ?? record.bt ?? record.bu ?? record.bv ?? record.bs ?? record.bver) !== undefined
  );
}
