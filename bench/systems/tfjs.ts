/** TensorFlow.js, its layers and its Adam, on one of its backends that run in Node without a download of their own: `tfjs.ts wasm|cpu|webgpu`. */
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type RNN } from '@tensorflow/tfjs-layers';
import { vocabulary, type Case, type CellName, type Mode } from '../cases.ts';
import { idsOf, streamOf, valuesOf, type Data } from '../data.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';
import { countsSoFar, openGpu } from '../webgpu/gpu.ts';

type LayerArgs = Parameters<typeof layers.lstm>[0];

/** A cell of theirs that computes the same, and where in its weights our blocks of rows go. */
interface Counterpart { readonly layer: (args: LayerArgs) => RNN; readonly blocks: readonly number[] }

const counterparts: Readonly<Record<CellName, Counterpart | string>> = {
  'lstm': { layer: layers.lstm, blocks: [0, 1, 2, 3] },
  'gru': 'its GRU has the reset gate before the recurrent product only; compare gru-original',
  // Update gate first.
  'gru-original': { layer: layers.gru, blocks: [1, 0, 2] },
  'own': 'it takes no cells as equations',
  'product': 'no recurrence',
  'rnn': { layer: (args) => layers.simpleRNN({ units: args.units, returnSequences: true, returnState: true, kernelInitializer: 'zeros', recurrentInitializer: 'zeros' }), blocks: [0] },
};
const runs: Readonly<Record<Mode, (stack: readonly RNN[], size: Case, data: Data) => Session['run']>> = { train: training, infer: inference, stream: streaming, text: languageModel };
/** Loads a backend and says what it uses. */
const backends: Readonly<Record<string, () => Promise<string>>> = {
  async wasm() {
    const { setThreadsCount, setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    setThreadsCount(1);
    await tf.setBackend('wasm');
    return `${(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true ? 'wasm with SIMD' : 'wasm without SIMD'}, 1 thread`;
  },
  async cpu() {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
    return 'plain JavaScript, 1 thread';
  },
  // It looks for `navigator.gpu` when it is imported.
  async webgpu() {
    const adapter = await openGpu();
    await import('@tensorflow/tfjs-backend-webgpu');
    await tf.setBackend('webgpu');
    return `WebGPU on ${adapter}`;
  },
};

await serve(async (size, data) => {
  const counterpart = counterparts[size.cell];
  if (size.cell === 'product') return { about: `tfjs ${tf.version_core}, ${await backends[process.argv[2] ?? 'wasm']?.()}, 1 thread, Node ${process.versions.node}`, run: product(data) };
  if (typeof counterpart === 'string') throw new Error(counterpart);
  const name = process.argv[2] ?? 'wasm';
  const backend = await backends[name]?.();
  const stack = Array.from({ length: size.layers }, (_, layer) => loadedLayer(counterpart, size, data, layer));
  return { about: `tfjs ${tf.version_core}, ${backend}, Node ${process.versions.node}`, run: runs[size.mode](stack, size, data), ...(name === 'webgpu' ? { counts: countsSoFar } : {}) };
});

function training(stack: readonly RNN[], _size: Case, data: Data): Session['run'] {
  const [inputs, targets] = [batchFirst(data, 'inputs'), batchFirst(data, 'targets')];
  return updates(stack, [], () => tf.losses.meanSquaredError(targets, outputOf(stack, inputs)));
}

/** Its embedding has no gradient on wasm, so ids are one-hot rows times the table. */
function languageModel(stack: readonly RNN[], { time, batch, input, hidden }: Case, data: Data): Session['run'] {
  const oneHot = (name: string): tf.Tensor2D => tf.tidy(() => {
    const ids = tf.transpose(tf.tensor2d(idsOf(data, name), [time, batch], 'int32'));
    return tf.cast(tf.oneHot(tf.reshape(ids, [-1]), vocabulary), 'float32') as tf.Tensor2D;
  });
  const [inputs, targets] = [oneHot('inputs'), oneHot('targets')];
  const [table, head, bias] = ['embedding.weight', 'head.weight', 'head.bias'].map((name) => tf.variable(tf.tensor(valuesOf(data, name).values, [...valuesOf(data, name).shape]))) as [tf.Variable, tf.Variable, tf.Variable];
  return updates(stack, [table, head, bias], () => {
    const outputs = tf.reshape(outputOf(stack, tf.reshape(tf.matMul(inputs, table as tf.Tensor2D), [batch, time, input])), [batch * time, hidden]);
    const scores = tf.add(tf.matMul(outputs as tf.Tensor2D, head as tf.Tensor2D, false, true), bias);
    return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(scores)), -1)));
  });
}

/** Losses of one update after the other; `single` are variables that have no second bias to stand for. */
function updates(stack: readonly RNN[], single: readonly tf.Variable[], lossOf: () => tf.Tensor): Session['run'] {
  const inStack = stack.flatMap((layer) => layer.trainableWeights.map((weight) => weight.read() as tf.Variable));
  const variables = [...inStack, ...single];
  // Its layers have one bias where the others have two with equal gradients: that one has to go twice as far.
  const matrices = { adam: tf.train.adam(1e-3, 0.9, 0.999, 1e-8), names: [...inStack.filter(({ rank }) => rank === 2), ...single].map(({ name }) => name) };
  const biases = { adam: tf.train.adam(2e-3, 0.9, 0.999, 1e-8), names: inStack.filter(({ rank }) => rank === 1).map(({ name }) => name) };
  return async (count) => {
    let loss = Number.NaN;
    for (let k = 0; k < count; k++) {
      const { value, grads } = tf.variableGrads(() => lossOf() as tf.Scalar, variables);
      for (const { adam, names } of [matrices, biases]) adam.applyGradients(names.map((name) => ({ name, tensor: grads[name] as tf.Tensor })));
      tf.dispose(grads);
      loss = (await value.data())[0] as number;
      value.dispose();
    }
    return loss;
  };
}

function product(data: Data): Session['run'] {
  const { shape: [time = 1, batch = 1, input = 1], values } = valuesOf(data, 'inputs');
  const { shape, values: numbers } = valuesOf(data, 'weight');
  const [x, w] = [tf.tensor2d(values, [time * batch, input]), tf.tensor2d(numbers, shape as [number, number])];
  return async (count) => {
    let first = Number.NaN;
    for (let k = 0; k < count; k++) {
      const result = tf.matMul(x, w, false, true);
      first = (await result.data())[0] as number;
      result.dispose();
    }
    return first;
  };
}

function inference(stack: readonly RNN[], { batch, hidden }: Case, data: Data): Session['run'] {
  const inputs = batchFirst(data, 'inputs');
  const expected = valuesOf(data, 'targets').values.slice(-batch * hidden);
  return async (count) => {
    let last: ArrayLike<number> = [];
    for (let k = 0; k < count; k++) {
      const state = tf.tidy(() => resultsOf(stack, inputs)[1] as tf.Tensor);
      last = await state.data();
      state.dispose();
    }
    return meanSquare(last, expected);
  };
}

function streaming(stack: readonly RNN[], size: Case, data: Data): Session['run'] {
  const { batch, input } = size;
  const { steps, expected } = streamOf(size, data);
  let states: tf.Tensor[][] = [];
  return async (count) => {
    let last: ArrayLike<number> = [];
    for (let k = 0; k < count; k++) {
      for (const step of steps) {
        const before = states;
        states = tf.tidy(() => statesAfter(stack, tf.tensor3d(step, [batch, 1, input]), before));
        for (const state of before.flat()) state.dispose();
        last = await (states.at(-1) as tf.Tensor[])[0]?.data() ?? last;
      }
    }
    return meanSquare(last, expected);
  };
}

/** Each layer's states after one step. */
function statesAfter(stack: readonly RNN[], input: tf.Tensor, before: readonly (readonly tf.Tensor[])[]): tf.Tensor[][] {
  let output = input;
  return stack.map((layer, index) => {
    const initialState = before[index];
    const [next, ...states] = layer.apply(output, initialState === undefined ? {} : { initialState: [...initialState] }) as tf.Tensor[];
    output = next as tf.Tensor;
    return states;
  });
}

function outputOf(stack: readonly RNN[], inputs: tf.Tensor): tf.Tensor3D {
  return resultsOf(stack, inputs)[0] as tf.Tensor3D;
}

/** Outputs of all steps and last states of the last layer. */
function resultsOf(stack: readonly RNN[], inputs: tf.Tensor): readonly tf.Tensor[] {
  let results: readonly tf.Tensor[] = [inputs];
  for (const layer of stack) results = layer.apply(results[0] as tf.Tensor) as tf.Tensor[];
  return results;
}

function loadedLayer({ layer, blocks }: Counterpart, { input, hidden }: Case, data: Data, index: number): RNN {
  // Its own initial values are replaced, and the recurrent ones take seconds.
  const made = layer({ units: hidden, returnSequences: true, returnState: true, recurrentActivation: 'sigmoid', kernelInitializer: 'zeros', recurrentInitializer: 'zeros' });
  tf.tidy(() => {
    made.apply(tf.zeros([1, 1, index === 0 ? input : hidden]));
    const [kernel, recurrent] = ['ih', 'hh'].map((name) => tf.transpose(reordered(data, `weight_${name}_l${index}`, blocks)));
    const bias = tf.add(reordered(data, `bias_ih_l${index}`, blocks), reordered(data, `bias_hh_l${index}`, blocks));
    made.setWeights([kernel as tf.Tensor, recurrent as tf.Tensor, bias]);
  });
  return made;
}

/** A parameter with its blocks of rows in their order. */
function reordered(data: Data, name: string, blocks: readonly number[]): tf.Tensor {
  const { shape, values } = valuesOf(data, name);
  const parts = tf.split(tf.tensor(values, [...shape]), blocks.length);
  return tf.concat(blocks.map((block) => parts[block] as tf.Tensor));
}

/** (T, N, …) as (N, T, …). */
function batchFirst(data: Data, name: string): tf.Tensor3D {
  const { shape, values } = valuesOf(data, name);
  return tf.transpose(tf.tensor3d(values, shape as [number, number, number]), [1, 0, 2]);
}
