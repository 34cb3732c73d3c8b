/** This library as its users get it, from the built packages: `unroll.ts [deterministic]`. */
import { readFileSync } from 'node:fs';
import { valueAndGrad } from '@unroll/autograd';
import { cellFromText, cells, type Cell } from '@unroll/cells';
import { Recurrent } from '@unroll/layers';
import { scope, tensor, use, type Tensor } from '@unroll/tensor';
import { adam, mse } from '@unroll/train';
import { wasm } from '@unroll/wasm';
import type { Case, CellName, Mode } from '../cases.ts';
import { valuesOf, type Data } from '../data.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';

const cellOf: Readonly<Record<CellName, () => Cell>> = {
  'lstm': () => cells.lstm, 'gru': () => cells.gru, 'gru-original': () => cells['gru-original'], 'rnn': () => cells.rnn,
  'own': () => cellFromText(readFileSync(new URL('../own-cell.txt', import.meta.url), 'utf8')),
};
const runs: Readonly<Record<Mode, (model: Recurrent, size: Case, data: Data) => Session['run']>> = { train: training, infer: inference };
const deterministic = process.argv[2] === 'deterministic';

await serve(async (size, data) => {
  use(await wasm({ deterministic }));
  const model = new Recurrent(cellOf[size.cell](), size.input, size.hidden, { numLayers: size.layers });
  model.loadStateDict(Object.fromEntries(Object.keys(model.stateDict()).map((name) => [name, load(data, name)])));
  return { about: `wasm${deterministic ? ', deterministic' : ''}, 1 thread, Node ${process.versions.node}`, run: runs[size.mode](model, size, data) };
});

function training(model: Recurrent, _size: Case, data: Data): Session['run'] {
  const [inputs, targets] = [load(data, 'inputs'), load(data, 'targets')];
  const optimizer = adam({ lr: 1e-3 });
  const lossAndGradients = valueAndGrad(model, () => mse(model.forward(inputs)[0], targets));
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

function load(data: Data, name: string): Tensor {
  const { shape, values } = valuesOf(data, name);
  return tensor(values, { shape });
}
