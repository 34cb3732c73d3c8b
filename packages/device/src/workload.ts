import { valueAndGrad } from '@unroll/autograd';
import type { Cell } from '@unroll/cells';
import { Recurrent } from '@unroll/layers';
import { Generator, mean, mul, scope, sum, tensor, use, type Backend, type Tensor } from '@unroll/tensor';

/** What is to be computed again and again: a training step of recurrent layers, or their forward pass. */
export interface Workload {
  readonly cell: Cell;
  /** I, H, L. */
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers?: number;
  /** T, B. */
  readonly steps: number;
  readonly batch: number;
  /** With the backward pass. Default true. */
  readonly training?: boolean;
}

/** Workloads that are as good as the same: sizes by powers of two, and how many gates and states the cell has. */
export function shapeClass({ cell, inputSize, hiddenSize, numLayers = 1, steps, batch, training = true }: Workload): string {
  const sizes = { i: inputSize, h: hiddenSize, l: numLayers, t: steps, b: batch };
  const rounded = Object.entries(sizes).map(([name, size]) => `${name}${2 ** Math.round(Math.log2(Math.max(1, size)))}`);
  return [`g${gatesOf(cell)}s${cell.state.length}`, ...rounded, training ? 'train' : 'run'].join(' ');
}

/** More than a few arithmetic operations more say nothing new. */
const mostOperations = 1e9;
const leastRuns = 2;
const leastMilliseconds = 100;

/**
 * Milliseconds that a backend takes for it, after a first run that compiles: the best of a few. Long sequences are measured in part,
 * so that it takes no longer than seconds where a step takes as long; their time is that of the part, times what it is of the whole.
 */
export async function millisecondsOf(backend: Backend, workload: Workload, now: () => number = () => performance.now()): Promise<number> {
  const steps = measuredSteps(workload);
  const task = taskOf(backend, { ...workload, steps });
  try {
    await task.run();
    let [best, spent] = [Infinity, 0];
    for (let runs = 0; runs < leastRuns || spent < leastMilliseconds; runs++) {
      const start = now();
      await task.run();
      const taken = now() - start;
      [best, spent] = [Math.min(best, taken), spent + Math.max(taken, 1)];
    }
    return best * (workload.steps / steps);
  } finally {
    task.dispose();
  }
}

function measuredSteps({ cell, inputSize, hiddenSize, numLayers = 1, steps, batch, training = true }: Workload): number {
  const perStep = 2 * batch * gatesOf(cell) * hiddenSize * (inputSize + hiddenSize) * numLayers * (training ? 3 : 1);
  return Math.max(1, Math.min(steps, Math.max(8, Math.floor(mostOperations / perStep))));
}

function gatesOf({ inputGates, recurrentGates }: Cell): number {
  return Math.max(inputGates.length, recurrentGates.length);
}

function taskOf(backend: Backend, { cell, inputSize, hiddenSize, numLayers = 1, steps, batch, training = true }: Workload): { run(): Promise<void>; dispose(): void } {
  const [layer, input] = on(backend, () => {
    const numbers = Float32Array.from({ length: steps * batch * inputSize }, (_, k) => Math.sin(k));
    return [new Recurrent(cell, inputSize, hiddenSize, { numLayers, generator: new Generator(1) }), tensor(numbers, { shape: [steps, batch, inputSize] })] as const;
  });
  const loss = (): Tensor => {
    const [output] = layer.forward(input);
    return mean(mul(output, output));
  };
  const results = (): readonly Tensor[] => {
    if (!training) return [loss()];
    const { value, gradients } = valueAndGrad(layer, loss)();
    return [value, ...Object.values(gradients).map((gradient) => sum(gradient))];
  };
  return {
    async run() {
      const tensors = on(backend, () => scope(results));
      await Promise.all(tensors.map((one) => one.item()));
      for (const one of tensors) one.dispose();
    },
    dispose() {
      layer.dispose();
      input.dispose();
    },
  };
}

/** Runs something on a backend, whichever is in use. */
export function on<Result>(backend: Backend, body: () => Result): Result {
  const before = use(backend);
  try {
    return body();
  } finally {
    use(before);
  }
}
