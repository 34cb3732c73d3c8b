import { valueAndGrad } from '@unroll/autograd';
import { GRU, LSTM, RNN, type ForwardOptions, type Module, type RecurrentOptions } from '@unroll/layers';
import { add, mul, scope, sum, tensor, type DType, type Tensor } from '@unroll/tensor';
import { statesOf, type Mode, type ModuleOptions, type ModuleReference, type Named, type Values } from './reference.ts';

/** Results of a module, by the names of the reference file. */
export interface ModuleResults {
  /** `output`, `h_n`, `c_n`. */
  readonly outputs: ReadonlyMap<string, ArrayLike<number>>;
  /** By the name of the parameter or input. */
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * Builds the module of a reference file on the backend in use, gives it the same parameters and inputs, and returns its outputs
 * and the gradients of L = sum(output * grad_output) + sum(h_n * grad_h_n) + sum(c_n * grad_c_n), so that what flows back into
 * each output is exactly what flowed back in PyTorch.
 */
export async function runModule(reference: ModuleReference, dtype: DType): Promise<ModuleResults> {
  const { outputs, gradients, module } = scope(() => differentiate(reference, dtype));
  try {
    return { outputs: await numbers(outputs), gradients: await numbers(gradients) };
  } finally {
    for (const result of [...Object.values(outputs), ...Object.values(gradients)]) result.dispose();
    module.dispose();
  }
}

type Tensors = Readonly<Record<string, Tensor>>;

function differentiate({ options, lengths, parameters, inputs, upstream }: ModuleReference, dtype: DType): { outputs: Tensors; gradients: Tensors; module: Module } {
  const { module, forward } = builders[options.mode](options, dtype);
  module.loadStateDict(tensorsOf(parameters, dtype));
  const given = tensorsOf(inputs, dtype);
  const above = tensorsOf(upstream, dtype);
  const start = statesOf[options.mode].flatMap((state) => given[`${state}0`] ?? []);
  const leaves = { parameters: () => ({ ...module.parameters(), ...given }) };
  const { aux: outputs, gradients } = valueAndGrad(leaves, () => {
    const [output, ...states] = forward(given['input'] as Tensor, start, lengths === undefined ? {} : { lengths });
    const results: Record<string, Tensor> = { output };
    for (const [k, state] of statesOf[options.mode].entries()) results[`${state}_n`] = states[k] as Tensor;
    const terms = Object.entries(results).map(([name, result]) => sum(mul(result, above[name] as Tensor)));
    return [terms.reduce((total, term) => add(total, term)), results] as const;
  })();
  return { outputs, gradients, module };
}

/** A module, and a way to run it that is the same for all: states in and out as lists. */
interface Runnable {
  readonly module: Module;
  readonly forward: (input: Tensor, states: readonly Tensor[], options: ForwardOptions) => readonly [output: Tensor, ...states: Tensor[]];
}

const builders: Readonly<Record<Mode, (options: ModuleOptions, dtype: DType) => Runnable>> = {
  RNN: (options, dtype) => simple(new RNN(options.inputSize, options.hiddenSize, { ...common(options, dtype), nonlinearity: options.nonlinearity })),
  LSTM: (options, dtype) => {
    const module = new LSTM(options.inputSize, options.hiddenSize, common(options, dtype));
    return {
      module,
      forward: (input, [h, c], forwardOptions) => {
        const [output, state] = module.forward(input, h === undefined || c === undefined ? undefined : [h, c], forwardOptions);
        return [output, ...state];
      },
    };
  },
  GRU: (options, dtype) => simple(new GRU(options.inputSize, options.hiddenSize, common(options, dtype))),
};

function common({ numLayers, bias, batchFirst, bidirectional, projSize }: ModuleOptions, dtype: DType): RecurrentOptions {
  return { numLayers, bias, batchFirst, bidirectional, projSize, dtype };
}

function simple(module: RNN | GRU): Runnable {
  return { module, forward: (input, [h], options) => module.forward(input, h, options) };
}

function tensorsOf(named: Named, dtype: DType): Record<string, Tensor> {
  return Object.fromEntries([...named].map(([name, values]) => [name, tensorOf(values, dtype)]));
}

function tensorOf({ shape, data }: Values, dtype: DType): Tensor {
  return tensor(data, { shape, dtype });
}

async function numbers(tensors: Tensors): Promise<Map<string, ArrayLike<number>>> {
  const entries = Object.entries(tensors).map(async ([name, result]) => [name, await result.data()] as const);
  return new Map(await Promise.all(entries));
}
