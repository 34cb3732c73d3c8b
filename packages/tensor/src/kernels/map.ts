import { evaluator, ops, type Evaluator, type OpMeaning, type ScalarOp } from '@unroll/expr';
import type { MapKernel, Shape } from '../kernel.ts';
import { stridesOf, walkStrided } from '../shape.ts';
import type { KernelRule } from './rule.ts';
import { elementStore } from './store.ts';

/** Elementwise: every body on every element of the inputs, broadcast. */
export const map: KernelRule<MapKernel> = {
  inputs: ({ inputs }) => inputs,
  outputs: ({ bodies, shape, dtype }) => bodies.map(() => ({ shape, dtype })),
  reference(kernel, inputs, outputs) {
    const strides = kernel.inputs.map(({ shape }) => broadcastStrides(shape, kernel.shape));
    const meaning = meaningOf(kernel);
    const stores = outputs.map(elementStore);
    let element = 0;
    walkStrided(kernel.shape, strides, (offsets) => {
      inputs.forEach((data, k) => { meaning.inputs[k] = data[offsets[k] as number] as number; });
      const values = meaning.run();
      stores.forEach((store, j) => store(element, values[j] as number));
      element += 1;
    });
  },
};

/** Name of input k of a map in its bodies. */
export function inputName(k: number): string {
  return `x${k}`;
}

/** Whether integers stay integers under this operation. */
export function isExactOnIntegers(op: ScalarOp): boolean {
  return integerMeaning[op] !== undefined;
}

const wrapped = (op: ScalarOp): OpMeaning['apply'] => (a, b, c) => ops[op].apply(a, b, c) | 0;

// 32-bit arithmetic, which wraps around.
const integerMeaning: Readonly<Partial<Record<ScalarOp, OpMeaning['apply']>>> = {
  add: wrapped('add'), sub: wrapped('sub'), mul: Math.imul, min: wrapped('min'), max: wrapped('max'),
  less: wrapped('less'), lessEqual: wrapped('lessEqual'), equal: wrapped('equal'),
  neg: wrapped('neg'), abs: wrapped('abs'), floor: wrapped('floor'), relu: wrapped('relu'), select: wrapped('select'),
};

function meaningOf({ bodies, inputs, compute }: MapKernel): Evaluator {
  const names = inputs.map((_, k) => inputName(k));
  return compute === 'int32' ? evaluator(bodies, names, (op) => integerMeaning[op] ?? ops[op].apply) : evaluator(bodies, names);
}

// Stride 0 where the input stretches.
function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  return to.map((_, axis) => {
    const k = axis - to.length + from.length;
    return (from[k] ?? 1) === 1 ? 0 : (own[k] as number);
  });
}
