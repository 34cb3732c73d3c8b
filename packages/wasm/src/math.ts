import type { Bits, Operand, Value, VectorCode } from './vector.ts';

/*
 * exp, log, tanh and sigmoid of four floats at a time. One reduction serves the exponentials: x = n ln 2 + r with |r| ≤ ln 2 / 2, then
 * eʳ − 1 = r + r² q(r), a minimax polynomial q, and eˣ = 2ⁿ (1 + (eʳ − 1)). Errors in units in the last place (ulp) are the largest
 * over all floats; tests hold the code to them. NaN comes out as NaN.
 */

/** `eˣ`, within 1.1 ulp, into the subnormal numbers; 0 at −∞. */
export function exp(code: VectorCode, x: Operand): Value {
  // Beyond these bounds the result is ∞ or 0; the variable comes first, because pmin and pmax keep a NaN there.
  const bounded = code.op('f32x4.pmax', code.op('f32x4.pmin', x, 89), -104);
  // 2ⁿ = 2ᵏ · 2ⁿ⁻ᵏ with k ≈ n / 2, since 2ⁿ alone need not be a float.
  const shifted = code.madd(bounded, 1 / Math.LN2, integral + 2 * bias);
  const half = code.madd(bounded, 0.5 / Math.LN2, integral + bias);
  const n = code.op('f32x4.sub', shifted, integral + 2 * bias);
  const r = code.nmadd(n, ln2Low, code.nmadd(n, ln2High, bounded));
  const power = powerOfTwo(code, half);
  const otherPower = powerOfTwo(code, code.op('i32x4.sub', shifted, half));
  return code.op('f32x4.mul', code.madd(expMinus1(code, r), power, power), otherPower);
}

/** `1 / (1 + e⁻ˣ)`, within 2 ulp, also far below 0; 0 at −∞, 1 at ∞. */
export function sigmoid(code: VectorCode, x: Operand): Value {
  const bounded = code.op('f32x4.pmin', code.op('f32x4.pmax', x, -104), 17.5);
  // Everything is 2⁻⁶⁴ times smaller than it says, so that 2ⁿ is a float for all n from −25 to 150.
  const shifted = code.madd(bounded, -1 / Math.LN2, integral + bias - 64);
  const n = code.op('f32x4.sub', shifted, integral + bias - 64);
  // r = x + n ln 2, where −x = n ln 2 − r
  const r = code.madd(n, ln2Low, code.madd(n, ln2High, bounded));
  const power = powerOfTwo(code, shifted);
  // 1 + e⁻ˣ = 2ⁿ + (1 − 2ⁿ (1 − e⁻ʳ))
  const denominator = code.op('f32x4.add', power, code.nmadd(oneMinusExpMinus(code, r), power, 2 ** -64));
  return code.op('f32x4.div', 2 ** -64, denominator);
}

/** Hyperbolic tangent, within 2.6 ulp, near 0 too; exactly ±1 from |x| = 9.02 on. */
export function tanh(code: VectorCode, x: Operand): Value {
  const sign = code.op('v128.and', x, signBit);
  const bounded = code.op('f32x4.pmin', code.op('v128.xor', x, sign), 20);
  // |x| = n ln 2 / 2 + r; n is small where its last digits matter, so one constant is exact enough.
  const shifted = code.madd(bounded, 2 / Math.LN2, integral + bias);
  const n = code.op('f32x4.sub', shifted, integral + bias);
  const r = code.nmadd(n, Math.fround(Math.LN2 / 2), bounded);
  const power = powerOfTwo(code, shifted);
  // h = (e²ˣ − 1) / 2 = 2ⁿ (e²ʳ − 1) / 2 + (2ⁿ − 1) / 2, and tanh x = h / (h + 1)
  const h = code.madd(halfExpTwiceMinus1(code, r), power, code.madd(power, 0.5, -0.5));
  return code.op('v128.or', code.op('f32x4.div', h, code.op('f32x4.add', h, 1)), sign);
}

/** Natural logarithm, within 0.9 ulp; −∞ at ±0, NaN below. */
export function log(code: VectorCode, x: Operand): Value {
  // A subnormal number has no exponent of its own.
  const small = code.op('f32x4.lt', x, 2 ** -126);
  const normal = code.op('f32x4.mul', x, code.choose(small, 2 ** 23, 1));
  // x = 2ᵉ m with √½ ≤ m < √2
  const above = code.op('i32x4.sub', normal, rootHalf);
  const exponent = code.op('f32x4.convert_i32x4_s', code.shift('i32x4.shr_s', above, 23));
  const e = code.op('f32x4.sub', exponent, code.op('v128.and', small, 23));
  const f = code.op('f32x4.sub', code.op('i32x4.add', code.op('v128.and', above, mantissa), rootHalf), 1);
  // log(1 + f) = 2 s + s z q(z) = f − f²/2 + s (f²/2 + z q(z)) with s = f / (2 + f) and z = s²
  const s = code.op('f32x4.div', f, code.op('f32x4.add', f, 2));
  const z = code.op('f32x4.mul', s, s);
  const tail = code.op('f32x4.mul', z, code.polynomial(z, artanhTail));
  const halfSquare = code.op('f32x4.mul', code.op('f32x4.mul', f, f), 0.5);
  const correction = code.madd(s, code.op('f32x4.add', halfSquare, tail), code.op('f32x4.mul', e, ln2Low));
  const result = code.madd(e, ln2High, code.op('f32x4.sub', f, code.op('f32x4.sub', halfSquare, correction)));
  const finite = code.choose(code.op('f32x4.lt', x, Infinity), result, x);
  const positive = code.choose(code.op('f32x4.eq', x, 0), -Infinity, finite);
  return code.op('v128.or', positive, code.op('f32x4.lt', x, 0));
}

// Private.

/** Adding this to a small number leaves its nearest integer in the lowest bits. */
const integral = 1.5 * 2 ** 23;
/** Of a float's exponent. */
const bias = 127;
/** ln 2 in two parts: a product of the first with an integer below 256 is exact. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;
const signBit: Bits = { bits: 0x8000_0000 };
const mantissa: Bits = { bits: 0x007f_ffff };
const rootHalf: Bits = { bits: 0x3f35_04f3 };

/** q in eʳ − 1 = r + r² q(r) for |r| ≤ ln 2 / 2; relative error 1.4e-8. */
const expTail = [0.5, 0.1666654348373413, 0.041666436940431595, 0.008366544730961323, 0.001393786515109241];
/** q in log((1 + s) / (1 − s)) = 2 s + s³ q(s²) for |s| ≤ (√2 − 1) / (√2 + 1); relative error 8.2e-10. */
const artanhTail = [0.6666677594184875, 0.39977553486824036, 0.2987212836742401];

/** `2ⁿ`, from n + bias in the lowest bits. */
function powerOfTwo(code: VectorCode, shifted: Value): Value {
  return code.shift('i32x4.shl', shifted, 23);
}

/** `eʳ − 1` */
function expMinus1(code: VectorCode, r: Value): Value {
  return code.madd(code.op('f32x4.mul', r, r), code.polynomial(r, expTail), r);
}

/** `1 − e⁻ʳ` */
function oneMinusExpMinus(code: VectorCode, r: Value): Value {
  const tail = expTail.map((coefficient, k) => (k % 2 === 0 ? -coefficient : coefficient));
  return code.madd(code.op('f32x4.mul', r, r), code.polynomial(r, tail), r);
}

/** `(e²ʳ − 1) / 2` */
function halfExpTwiceMinus1(code: VectorCode, r: Value): Value {
  const tail = expTail.map((coefficient, k) => coefficient * 2 ** (k + 1));
  return code.madd(code.op('f32x4.mul', r, r), code.polynomial(r, tail), r);
}
