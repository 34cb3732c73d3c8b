import { cells, type Cell } from '@unroll/cells';
import { Linear, Recurrent, type RecurrentState } from '@unroll/layers';
import { Generator, use, type Backend, type Tensor } from '@unroll/tensor';
import { adamw, crossEntropy, fit, type Batch } from '@unroll/train';

/** T, B, I, H, L, and the classes that are told apart at every step. */
export interface NetworkSizes { readonly steps: number; readonly batch: number; readonly inputSize: number; readonly hiddenSize: number; readonly layers: number; readonly classes: number }

/** The cells of the networks that everybody uses. */
export const usualCells: readonly string[] = ['lstm', 'gru', 'rnn'];

/**
 * Trains layers of a cell, under a linear one, on a backend, with everything that a usual training has: gradients clipped by their norm, AdamW, the state carried
 * on. Numbers are the same on every backend. `after` is called after each update with its loss.
 */
export async function trainNetwork(backend: Backend, cell: string, sizes: NetworkSizes, updates: number, after: (loss: number, update: number) => void): Promise<void> {
  const before = use(backend);
  const model = networkOf(cell, sizes);
  const optimizer = adamw({ lr: 1e-3 });
  try {
    let update = 0;
    for await (const { loss } of fit(model, batches(sizes), { loss: crossEntropy, optimizer, clipNorm: 1, steps: updates })) after(loss, update++);
  } finally {
    optimizer.dispose();
    for (const part of model.parts) part.dispose();
    use(before);
  }
}

// Private.

interface Network {
  readonly parts: readonly { dispose(): void }[];
  parameters(): Record<string, Tensor>;
  forward(inputs: Tensor, state?: RecurrentState): readonly [output: Tensor, state: RecurrentState];
}

function networkOf(name: string, { inputSize, hiddenSize, layers, classes }: NetworkSizes): Network {
  const generator = new Generator(3);
  const cell = new Map<string, Cell>(Object.entries(cells)).get(name);
  if (cell === undefined) throw new RangeError(`trainNetwork: there is no cell "${name}".`);
  const recurrent = new Recurrent(cell, inputSize, hiddenSize, { numLayers: layers, generator });
  const head = new Linear(hiddenSize, classes, { generator });
  const named = (prefix: string, tensors: Record<string, Tensor>): [string, Tensor][] => Object.entries(tensors).map(([key, tensor]) => [`${prefix}.${key}`, tensor]);
  return {
    parts: [recurrent, head],
    parameters: () => Object.fromEntries([...named('recurrent', recurrent.parameters()), ...named('head', head.parameters())]),
    forward(inputs, state) {
      const [output, next] = recurrent.forward(inputs, state);
      return [head.forward(output), next];
    },
  };
}

function* batches({ steps, batch, inputSize, classes }: NetworkSizes): Iterable<Batch> {
  for (let k = 0; ; k++) {
    yield {
      inputs: Float32Array.from({ length: steps * batch * inputSize }, (_, i) => Math.sin(7 * i + k)), shape: [steps, batch, inputSize],
      targets: Int32Array.from({ length: steps * batch }, (_, i) => (5 * i + k) % classes), targetShape: [steps, batch],
    };
  }
}
