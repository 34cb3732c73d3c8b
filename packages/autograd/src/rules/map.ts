import { adjoints, constant, freeNames, input, sharing, substitute, text, type Expr } from '@unroll/expr';
import { sum, type Tensor } from '@unroll/tensor';
import { alias, inputName, run, type DType, type MapKernel, type Shape } from '@unroll/tensor/backend';
import type { Pull, Rule } from './rule.ts';

/** Any fused elementwise function y = f(x): dx = Σⱼ dyⱼ ∂fⱼ/∂x, in one kernel for all inputs; then the sum over what was stretched. */
export const map: Rule<MapKernel> = {
  saves({ bodies, inputs }, wanted) {
    const names = freeNames(derivativeOf(bodies, wanted, bodies.map(() => true)).filter((adjoint) => adjoint !== undefined));
    const used = (count: number, nameOf: (k: number) => string): number[] => Array.from({ length: count }, (_, k) => k).filter((k) => names.has(nameOf(k)));
    return { inputs: used(inputs.length, inputName), outputs: used(bodies.length, outputName) };
  },
  pull(kernel, pull) {
    const derivative = derivativeOf(kernel.bodies, pull.wanted, pull.cotangents.map((cotangent) => cotangent !== undefined));
    const full = kernel.inputs.map((field, k) => passed(derivative[k], field.dtype, kernel, pull));
    for (const dtype of new Set(kernel.inputs.map((field) => field.dtype))) {
      const places = kernel.inputs.flatMap((field, k) => (field.dtype === dtype && derivative[k] !== undefined && full[k] === undefined ? [k] : []));
      const computed = places.length === 0 ? [] : compute(places.map((k) => derivative[k] as Expr), dtype, kernel, pull);
      places.forEach((k, j) => { full[k] = computed[j]; });
    }
    return full.map((gradient, k) => gradient && sumTo(gradient, kernel.shape, kernel.inputs[k]?.shape ?? []));
  },
};

function outputName(k: number): string {
  return `y${k}`;
}

function cotangentName(k: number): string {
  return `dy${k}`;
}

const derivatives = new Map<string, readonly (Expr | undefined)[]>();
const remembered = 512;

// The adjoint of each wanted input in terms of inputs, outputs and cotangents; undefined where it is zero.
function derivativeOf(bodies: readonly Expr[], wanted: readonly boolean[], given: readonly boolean[]): readonly (Expr | undefined)[] {
  const key = `${bodies.map(text).join(';')} ${wanted.map(Number).join('')} ${given.map(Number).join('')}`;
  const known = derivatives.get(key);
  if (known !== undefined) return known;
  const derived = derive(bodies, wanted, given);
  // Numbers that change from call to call make ever new bodies; the memory of them has an end.
  if (derivatives.size >= remembered) derivatives.clear();
  derivatives.set(key, derived);
  return derived;
}

function derive(bodies: readonly Expr[], wanted: readonly boolean[], given: readonly boolean[]): (Expr | undefined)[] {
  const share = sharing();
  const outputs = bodies.map(share);
  const found = adjoints(outputs.map((node, j) => ({ node, adjoint: given[j] === true ? input(cotangentName(j)) : constant(0) })));
  // A result that the derivative reads (y of tanh) is there already.
  const names = new Map<Expr, Expr>(outputs.flatMap((node, j) => (node.kind === 'apply' ? [[node, input(outputName(j))] as const] : [])));
  const rename = substitute((node) => names.get(node));
  return wanted.map((asked, k) => {
    const adjoint = asked ? found.of(share(input(inputName(k)))) : undefined;
    const result = adjoint && rename(share(adjoint));
    return result?.kind === 'constant' && result.value === 0 ? undefined : result;
  });
}

// dx = dy: nothing to compute.
function passed(adjoint: Expr | undefined, dtype: DType, kernel: MapKernel, { cotangents }: Pull): Tensor | undefined {
  return adjoint?.kind === 'input' && dtype === kernel.dtype ? cotangents.find((_, j) => cotangentName(j) === adjoint.name) : undefined;
}

function compute(adjointsOf: readonly Expr[], dtype: DType, kernel: MapKernel, pull: Pull): Tensor[] {
  const { shape } = kernel;
  const sources = [
    ...kernel.inputs.map((field, k) => ({ name: inputName(k), field, read: () => pull.input(k) })),
    ...kernel.bodies.map((_, k) => ({ name: outputName(k), field: { shape, dtype: kernel.dtype }, read: () => pull.output(k) })),
    ...kernel.bodies.map((_, k) => ({ name: cotangentName(k), field: { shape, dtype: kernel.dtype }, read: () => pull.cotangents[k] as Tensor })),
  ];
  const names = freeNames(adjointsOf);
  const used = sources.filter(({ name }) => names.has(name));
  const places = new Map(used.map(({ name }, k) => [name, input(inputName(k))]));
  const rename = substitute((node) => (node.kind === 'input' ? places.get(node.name) : undefined));
  return run({ kind: 'map', bodies: adjointsOf.map(rename), shape, inputs: used.map(({ field }) => field), compute: kernel.compute, dtype }, used.map(({ read }) => read()));
}

// The adjoint of stretching an axis is the sum over it.
function sumTo(gradient: Tensor, from: Shape, to: Shape): Tensor {
  const axes = from.flatMap((length, axis) => ((to[axis - from.length + to.length] ?? 1) === length ? [] : [axis]));
  return axes.length === 0 ? gradient : sum(alias(gradient, from), { axis: axes });
}
