/** This library as its users get it, from the built packages: `unroll.ts [deterministic|turbo|threads]`, `unroll.ts webgpu [FORM]` for a recurrence in one of its forms. */
import { readFileSync } from 'node:fs';
import { valueAndGrad } from '@unroll/autograd';
import { cellFromText, cells, type Cell } from '@unroll/cells';
import { Embedding, Linear, Module, Recurrent } from '@unroll/layers';
import { matmul, peakBytes, resetPeakBytes, scope, tensor, transpose, use, type Tensor } from '@unroll/tensor';
import { adam, crossEntropy, mse } from '@unroll/train';
import { wasm, type Wasm, type WasmOptions } from '@unroll/wasm';
import { webgpu } from '@unroll/webgpu';
import { vocabulary, type Case, type CellName, type Mode } from '../cases.ts';
import { idsOf, streamOf, valuesOf, type Data } from '../data.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';
import { countsSoFar, openGpu } from '../webgpu/gpu.ts';

const cellOf: Readonly<Record<Exclude<CellName, 'product'>, () => Cell>> = {
  'lstm': () => cells.lstm, 'gru': () => cells.gru, 'gru-original': () => cells['gru-original'], 'rnn': () => cells.rnn,
  'own': () => cellFromText(readFileSync(new URL('../own-cell.txt', import.meta.url), 'utf8')),
};
const runs: Readonly<Record<Mode, (model: Recurrent, size: Case, data: Data) => Session['run']>> = { train: training, infer: inference, stream: streaming, text: languageModel };
const options: Readonly<Record<string, WasmOptions>> = { deterministic: { deterministic: true }, turbo: { accelerate: true }, threads: { threads: 2 } };
const [, , backend = '', form] = process.argv;
const isGpu = backend === 'webgpu';
let processor: Wasm | undefined;

class LanguageModel extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly head: Linear;

  constructor(rnn: Recurrent, { input, hidden }: Case) {
    super();
    [this.embedding, this.rnn, this.head] = [new Embedding(vocabulary, input), rnn, new Linear(hidden, vocabulary)];
  }

  scores(ids: Tensor): Tensor {
    return this.head.forward(this.rnn.forward(this.embedding.forward(ids))[0]);
  }
}

await serve(async (size, data) => {
  const about = `${isGpu ? await useGpu() : await useProcessor()}, Node ${process.versions.node}`;
  if (size.cell === 'product') return { about, run: product(data) };
  const model = new Recurrent(cellOf[size.cell](), size.input, size.hidden, { numLayers: size.layers, ...(size.every === undefined ? {} : { checkpointEvery: size.every }) });
  model.loadStateDict(Object.fromEntries(Object.keys(model.stateDict()).map((name) => [name, load(data, name)])));
  const run = runs[size.mode](model, size, data);
  return isGpu ? { about, run, counts: countsSoFar } : { about, run, memory: peakSoFar };
});

async function useProcessor(): Promise<string> {
  const made = await wasm(options[backend] ?? {});
  processor = made;
  use(made);
  if (backend === 'turbo' && !made.profile.startsWith('revectorize')) throw new Error('wider vectors do not help on this processor, so that `unroll` on this Node is that');
  if (backend === 'threads' && made.threads < 2) throw new Error('there are no threads here');
  return `wasm, ${made.profile}, ${made.threads} thread${made.threads === 1 ? '' : 's'}`;
}

/** Most bytes of tensors since it was asked last, and all of WebAssembly's memory. */
function peakSoFar(): { readonly tensors: number; readonly reserved: number } {
  const tensors = peakBytes();
  resetPeakBytes();
  return { tensors, reserved: processor?.memory().reserved ?? 0 };
}

async function useGpu(): Promise<string> {
  const adapter = await openGpu();
  use(await webgpu(form === undefined ? {} : { variants: { scan: form } }));
  return `WebGPU on ${adapter}${form === undefined ? '' : `, recurrences as ${form}`}`;
}

function training(model: Recurrent, _size: Case, data: Data): Session['run'] {
  const [inputs, targets] = [load(data, 'inputs'), load(data, 'targets')];
  return updates(model, () => mse(model.forward(inputs)[0], targets));
}

function languageModel(rnn: Recurrent, size: Case, data: Data): Session['run'] {
  const model = new LanguageModel(rnn, size);
  model.embedding.loadStateDict({ weight: load(data, 'embedding.weight') });
  model.head.loadStateDict({ weight: load(data, 'head.weight'), bias: load(data, 'head.bias') });
  const ids = (name: string): Tensor => tensor(idsOf(data, name), { shape: valuesOf(data, name).shape });
  const [inputs, targets] = [ids('inputs'), ids('targets')];
  return updates(model, () => crossEntropy(model.scores(inputs), targets));
}

/** Losses of one update after the other. */
function updates(model: Module, lossOf: () => Tensor): Session['run'] {
  const optimizer = adam({ lr: 1e-3 });
  const lossAndGradients = valueAndGrad(model, lossOf);
  const step = (): Tensor => scope(() => {
    const { value, gradients } = lossAndGradients();
    optimizer.step(model.parameters(), gradients);
    return value;
  });
  return async (count) => {
    let loss = Number.NaN;
    for (let k = 0; k < count; k++) {
      using value = step();
      loss = await value.item();
    }
    return loss;
  };
}

/** x Wᵀ, rows of x (T·N), W (H, I): the first of its numbers are compared. */
function product(data: Data): Session['run'] {
  const { shape: [time = 1, batch = 1, input = 1], values } = valuesOf(data, 'inputs');
  const [x, w] = [tensor(values, { shape: [time * batch, input] }), load(data, 'weight')];
  return async (count) => {
    let first = Number.NaN;
    for (let k = 0; k < count; k++) {
      using result = scope(() => matmul(x, transpose(w)));
      if (k === count - 1) first = (await result.data())[0] as number;
    }
    return first;
  };
}

function inference(model: Recurrent, { batch, hidden }: Case, data: Data): Session['run'] {
  const inputs = load(data, 'inputs');
  const expected = valuesOf(data, 'targets').values.slice(-batch * hidden);
  const lastState = (): Tensor => scope(() => {
    const [, state] = model.forward(inputs);
    return 'shape' in state ? state : (state[0] as Tensor);
  });
  return async (count) => {
    let last: ArrayLike<number> = [];
    for (let k = 0; k < count; k++) {
      using state = lastState();
      last = (await state.data()).slice(-batch * hidden);
    }
    return meanSquare(last, expected);
  };
}

/** What a user who streams writes: the step captured, numbers in, numbers out. */
function streaming(model: Recurrent, size: Case, data: Data): Session['run'] {
  const { steps, expected } = streamOf(size, data);
  const stream = model.eval().stream(size.batch);
  return (count) => {
    let output: ArrayLike<number> = [];
    for (let k = 0; k < count; k++) for (const step of steps) output = stream.run(step)[0] ?? output;
    return Promise.resolve(meanSquare(output, expected));
  };
}

function load(data: Data, name: string): Tensor {
  const { shape, values } = valuesOf(data, name);
  return tensor(values, { shape });
}
