import type { ShaderBuilder } from './wgsl.ts';

/** Elements of a value: a number or a vector of them. */
export type Lanes = 1 | 2 | 4;

/** The type of a value. */
export function typeOf(scalar: 'f32' | 'i32' | 'u32' | 'bool', lanes: Lanes): string {
  return lanes === 1 ? scalar : `vec${lanes}<${scalar}>`;
}

/** Functions that are written out here, with one accuracy on every device. Exponentials are taken of what is not positive, so nothing overflows on the way. */
export type MathFunction = 'isNan' | 'infinity' | 'exponential' | 'logistic' | 'tangent' | 'logarithm' | 'smaller' | 'larger' | 'rectified' | 'truncated';

/** Declares a function for values of so many lanes in a shader; gives its name there. */
export function mathFunction(shader: ShaderBuilder, name: MathFunction, lanes: Lanes): string {
  const { needs, text } = functions[name];
  for (const other of needs) mathFunction(shader, other, lanes);
  shader.declare(text
    .replaceAll(/\b(f32|i32|u32|bool)!/gu, (_, scalar: 'f32') => typeOf(scalar, lanes))
    .replaceAll(/#(-?[\w.+-]+)/gu, (_, value: string) => (lanes === 1 ? value : `${typeOf(value.endsWith('u') ? 'u32' : value.endsWith('i') ? 'i32' : 'f32', lanes)}(${value})`))
    .replaceAll(/@(\w+)/gu, (_, other: string) => suffixed(other, lanes)));
  return suffixed(name, lanes);
}

// Private.

function suffixed(name: string, lanes: Lanes): string {
  return lanes === 1 ? name : `${name}${lanes}`;
}

interface Definition { readonly needs: readonly MathFunction[]; readonly text: string }

/*
 * `T!` stands for T or a vector of it, `#1.0f` for a number in all lanes, `@f` for the function f of this many lanes. NaN is told by
 * its bits and infinity is made from its own: compilers may take it that neither comes up in arithmetic.
 */
const functions: Readonly<Record<MathFunction, Definition>> = {
  isNan: {
    needs: [],
    text: `fn @isNan(x: f32!) -> bool! {
  return (bitcast<u32!>(x) & #0x7fffffffu) > #0x7f800000u;
}`,
  },
  infinity: {
    needs: [],
    text: `fn @infinity() -> f32! {
  var bits = #0x7f800000u;
  return bitcast<f32!>(bits);
}`,
  },
  // x = n ln 2 + r with |r| <= ln 2 / 2; e^x = 2^n e^r, in two factors since 2^n alone need not be a float. Polynomial: Cephes. The larger
  // part of ln 2 is 355 / 512, by whole numbers: compilers that may reorder sums would put the two parts together again.
  exponential: {
    needs: ['isNan'],
    text: `fn @exponential(x: f32!) -> f32! {
  let bounded = clamp(x, #-104.0f, #89.0f);
  let n = round(bounded * #1.44269504f);
  let whole = i32!(n);
  let r = fma(n, #2.12194440e-4f, bounded - f32!(whole * #355i) * #0x1p-9f);
  var p = #1.9875691500e-4f;
  p = fma(p, r, #1.3981999507e-3f);
  p = fma(p, r, #8.3334519073e-3f);
  p = fma(p, r, #4.1665795894e-2f);
  p = fma(p, r, #1.6666665459e-1f);
  p = fma(p, r, #5.0000001201e-1f);
  p = fma(p * r, r, r) + #1.0f;
  let half = whole >> #1u;
  let low = bitcast<f32!>((half + #127i) << #23u);
  let high = bitcast<f32!>((whole - half + #127i) << #23u);
  return select(p * low * high, x, @isNan(x));
}`,
  },
  // 1 / (1 + e^-x), or e^x / (1 + e^x) below 0
  logistic: {
    needs: ['exponential'],
    text: `fn @logistic(x: f32!) -> f32! {
  let e = @exponential(-abs(x));
  return select(#1.0f, e, x < #0.0f) / (#1.0f + e);
}`,
  },
  // Near 0 x + x^3 q(x^2) (Cephes), else (1 - e^-2x) / (1 + e^-2x), which never passes 1.
  tangent: {
    needs: ['exponential', 'isNan'],
    text: `fn @tangent(x: f32!) -> f32! {
  let a = abs(x);
  let z = x * x;
  var q = #-5.70498872745e-3f;
  q = fma(q, z, #2.06390887954e-2f);
  q = fma(q, z, #-5.37397155531e-2f);
  q = fma(q, z, #1.33314422036e-1f);
  q = fma(q, z, #-3.33332819422e-1f);
  let near = fma(q * z, x, x);
  let e = @exponential(#-2.0f * a);
  let far = min((#1.0f - e) / (#1.0f + e), #1.0f);
  let y = select(select(far, -far, x < #0.0f), near, a < #0.625f);
  return select(y, x, @isNan(x));
}`,
  },
  // x = 2^e m with sqrt(1/2) <= m < sqrt(2); log m from s = f / (2 + f) with f = m - 1 (FreeBSD's logf)
  logarithm: {
    needs: ['isNan', 'infinity'],
    text: `fn @logarithm(x: f32!) -> f32! {
  let tiny = x < #0x1p-126f;
  let above = bitcast<i32!>(select(x, x * #8388608.0f, tiny)) - #0x3f3504f3i;
  let e = f32!(above >> #23u) - select(#0.0f, #23.0f, tiny);
  let f = bitcast<f32!>((above & #0x7fffffi) + #0x3f3504f3i) - #1.0f;
  let s = f / (#2.0f + f);
  let z = s * s;
  let w = z * z;
  let tail = z * fma(w, #0.28498786688f, #0.66666662693f) + w * fma(w, #0.24279078841f, #0.40000972152f);
  let square = #0.5f * f * f;
  let y = fma(e, #0.69313812256f, fma(s, square + tail, fma(e, #9.0580006145e-6f, -square)) + f);
  let positive = select(y, x, (x > #0x1.fffffep127f) | @isNan(x));
  let limit = @infinity();
  return select(select(positive, -limit, x == #0.0f), limit - limit, x < #0.0f);
}`,
  },
  smaller: {
    needs: ['isNan'],
    text: `fn @smaller(a: f32!, b: f32!) -> f32! {
  return select(min(a, b), a + b, @isNan(a) | @isNan(b));
}`,
  },
  larger: {
    needs: ['isNan'],
    text: `fn @larger(a: f32!, b: f32!) -> f32! {
  return select(max(a, b), a + b, @isNan(a) | @isNan(b));
}`,
  },
  rectified: {
    needs: [],
    text: `fn @rectified(x: f32!) -> f32! {
  return select(x, #0.0f, x < #0.0f);
}`,
  },
  // Towards 0, within the range, 0 for NaN
  truncated: {
    needs: ['isNan'],
    text: `fn @truncated(x: f32!) -> i32! {
  let inside = select(i32!(clamp(x, #-2147483648.0f, #2147483520.0f)), #0x7fffffffi, x >= #2147483648.0f);
  return select(inside, #0i, @isNan(x));
}`,
  },
};
