import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder } from '../assembler.ts';
import { increments, multipliers, rounds } from '../philox.ts';

/**
 * `draw(c0, c1, c2, c3, seed) → v128`: the four uniform numbers of a block of Philox4x32-10 with this counter, under the two words at
 * the address `seed`: the upper 24 bits of each word, times 2⁻²⁴.
 */
export function emitDraw(module: ModuleBuilder): FunctionReference {
  return module.function({ params: ['i32', 'i32', 'i32', 'i32', 'i32'], results: ['v128'] }, (f) => {
    const counter = [f.param(0), f.param(1), f.param(2), f.param(3)] as const;
    const key = [f.local('i32'), f.local('i32')] as const;
    const products = [f.local('i64'), f.local('i64')] as const;
    const round = f.local('i32');
    f.get(f.param(4)).memory('i32.load').set(key[0]).get(f.param(4)).memory('i32.load', 4).set(key[1]);
    f.while(round, rounds, 1, () => writeRound(f, counter, key, products));
    f.get(counter[0]).op('i32x4.splat');
    for (const lane of [1, 2, 3] as const) f.get(counter[lane]).lane('i32x4.replace_lane', lane);
    f.i32(8).op('i32x4.shr_u').op('f32x4.convert_i32x4_s').f32x4(2 ** -24).op('f32x4.mul');
  });
}

// (c0, c1, c2, c3) ← (high(m1 c2) ⊕ c1 ⊕ k0, low(m1 c2), high(m0 c0) ⊕ c3 ⊕ k1, low(m0 c0)); the key moves on
function writeRound(f: FunctionBuilder, [c0, c1, c2, c3]: readonly [Local, Local, Local, Local], key: readonly [Local, Local], [p0, p1]: readonly [Local, Local]): void {
  const product = (counter: Local, multiplier: number, into: Local): void => {
    f.get(counter).op('i64.extend_i32_u').i32(multiplier).op('i64.extend_i32_u').op('i64.mul').set(into);
  };
  const high = (of: Local): FunctionBuilder => f.get(of).i64(32).op('i64.shr_u').op('i32.wrap_i64');
  product(c0, multipliers[0], p0);
  product(c2, multipliers[1], p1);
  high(p1).get(c1).op('i32.xor').get(key[0]).op('i32.xor').set(c0);
  high(p0).get(c3).op('i32.xor').get(key[1]).op('i32.xor').set(c2);
  f.get(p1).op('i32.wrap_i64').set(c1).get(p0).op('i32.wrap_i64').set(c3);
  key.forEach((word, k) => f.get(word).i32(increments[k] as number).op('i32.add').set(word));
}
