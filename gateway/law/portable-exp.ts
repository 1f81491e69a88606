/**
 * exp and ln of doubles by + − × ÷ alone, which IEEE 754 rounds the same everywhere. `Math.exp` and
 * `Math.log` may differ in the last digit from machine to machine (ECMA-262 §21.3.2), and members
 * that hold the same readings have to find the same verdict. Method and constants: the remainder
 * scheme of fdlibm's e_exp and e_log, error below one unit in the last place.
 */
const LN2_HI = 0.6931471803691238;
const LN2_LO = 1.9082149292705877e-10;
const INV_LN2 = Math.LOG2E;

const EXP_MAX = 709.782712893384;
const EXP_MIN = -708.3964185322641;
const EXP_COEFFICIENTS = [
  0.16666666666666602, -0.0027777777777015593, 0.00006613756321437934, -0.0000016533902205465252,
  4.1381367970572385e-8,
] as const;

/** e^x; 0 below the normal doubles, infinite above the largest. */
export function portableExp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > EXP_MAX) return Number.POSITIVE_INFINITY;
  if (x < EXP_MIN) return 0;
  const k = Math.floor(INV_LN2 * x + 0.5);
  const high = x - k * LN2_HI;
  const low = k * LN2_LO;
  const r = high - low;
  const t = r * r;
  const [p1, p2, p3, p4, p5] = EXP_COEFFICIENTS;
  const c = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  return k === 1024 ? y * 2 * powerOfTwo(1023) : y * powerOfTwo(k);
}

const LN_COEFFICIENTS = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784,
  0.1818357216161805, 0.15313837699209373, 0.14798198605116586,
] as const;

/** ln x of a normal positive double; NaN of what is none. */
export function portableLn(x: number): number {
  if (!(x >= SMALLEST_NORMAL) || x === Number.POSITIVE_INFINITY) return Number.NaN;
  let k = exponentOf(x);
  let m = x / powerOfTwo(k);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const [l1, l2, l3, l4, l5, l6, l7] = LN_COEFFICIENTS;
  const even = w * (l2 + w * (l4 + w * l6));
  const odd = z * (l1 + w * (l3 + w * (l5 + w * l7)));
  const half = 0.5 * f * f;
  return k * LN2_HI - (half - (s * (half + even + odd) + k * LN2_LO) - f);
}

const SMALLEST_NORMAL = 2.2250738585072014e-308;
const bits = new DataView(new ArrayBuffer(8));

/** 2^k for −1022 to 1023, exactly. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  return (bits.getUint32(0) >>> 20) - 1023;
}
