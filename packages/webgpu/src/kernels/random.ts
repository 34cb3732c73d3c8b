import { sizeOf, type Distribution, type RandomKernel } from '@unroll/tensor/backend';
import { mathFunction } from '../math.ts';
import { declarePhilox } from '../philox.ts';
import { linear, single, type Compile, type Dispatch, type Shader } from '../program.ts';
import { ShaderBuilder } from '../wgsl.ts';

/** Numbers from a counter: an invocation for each block of four. */
export const compileRandom: Compile<RandomKernel> = ({ distribution, dtype, shape, seed, probability }, target) => single(() => {
  const shader = shaderOf(distribution, dtype === 'int32');
  const total = sizeOf(shape);
  const most = Math.floor(target.limits.maxStorageBufferBindingSize / 256) * 64;
  return {
    scratch: [],
    commands: Array.from({ length: Math.max(1, Math.ceil(total / most)) }, (_, part): Dispatch => {
      const [first, count] = [part * most, Math.min(most, total - part * most)];
      // n 2⁻²⁴ < p for whole n
      return {
        kind: 'dispatch', shader, uniforms: [count, ...seed, Math.ceil(probability * 2 ** 24), first / 4],
        slots: [{ kind: 'output', index: 0, offset: first * 4, ...(total > most ? { bytes: count * 4 } : {}) }], workgroups: linear(Math.ceil(count / 4), workgroup, target),
      };
    }),
  };
});

// Private.

const workgroup = 64;

/** Four numbers from the four words of a block. */
const draws: Readonly<Record<Distribution, (shader: ShaderBuilder, threshold: string) => string>> = {
  uniform: () => 'vec4<f32>(unit(words.x), unit(words.y), unit(words.z), unit(words.w))',
  normal: (shader) => {
    declareBoxMuller(shader);
    return 'vec4<f32>(boxMuller(words.x, words.y), boxMuller(words.z, words.w))';
  },
  bernoulli: (_, threshold) => `select(vec4<f32>(0.0f), vec4<f32>(1.0f), (words >> vec4<u32>(8u)) < vec4<u32>(${threshold}))`,
};

function shaderOf(distribution: Distribution, isInteger: boolean): Shader {
  const shader = new ShaderBuilder(`random ${distribution}`);
  declarePhilox(shader);
  const output = shader.storage('output', isInteger ? 'i32' : 'f32', 'write');
  const [count, low, high, threshold, first] = [shader.uniform('count'), shader.uniform('low'), shader.uniform('high'), shader.uniform('threshold'), shader.uniform('first')];
  const block = shader.flatIndex(workgroup);
  shader.line(`let words = philox(vec4<u32>(${first} + ${block}, 0u, 0u, 0u), vec2<u32>(${low}, ${high}));`);
  const values = draws[distribution](shader, threshold);
  shader.line(`let numbers = ${isInteger ? `vec4<i32>(${values})` : values};`);
  for (const [k, lane] of ['x', 'y', 'z', 'w'].entries()) shader.line(`if (${block} * 4u + ${k}u < ${count}) { ${output}[${block} * 4u + ${k}u] = numbers.${lane}; }`);
  return shader.build([workgroup]);
}

// r = √(−2 ln u), z = r cos 2πv, r sin 2πv with u in (0, 1]. 4v = q + s with |s| ≤ ½ turns cos and sin by whole quarters, and leaves angles
// up to π / 4 to two polynomials (Cephes), since what shaders have of their own is good for few digits.
function declareBoxMuller(shader: ShaderBuilder): void {
  const logarithm = mathFunction(shader, 'logarithm', 1);
  shader.declare(`fn boxMuller(first: u32, second: u32) -> vec2<f32> {
  let radius = sqrt(-2.0f * ${logarithm}(unit(first) + 0x1p-24f));
  let turns = unit(second) * 4.0f;
  let quarters = floor(turns + 0.5f);
  let a = (turns - quarters) * 1.57079632679f;
  let z = a * a;
  let sine = fma(fma(fma(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z, a, a);
  let cosine = fma(fma(fma(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f) * z, z, 1.0f - 0.5f * z);
  let quarter = u32(quarters) % 4u;
  let turned = select(vec2<f32>(cosine, sine), vec2<f32>(-sine, cosine), quarter % 2u == 1u);
  return radius * select(turned, -turned, quarter >= 2u);
}`);
}
