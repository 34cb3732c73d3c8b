/** brain.js: inference alone, a row of the batch after the other; with weights put into the JSON that it reads. */
import type { Case, CellName } from '../cases.ts';
import { valuesOf, type Data } from '../data.ts';
import { importPeer, versionOfPeer } from '../peers.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';

interface Network { fromJSON(json: object): unknown; run(steps: readonly (readonly number[])[]): ArrayLike<number> }
interface Brain { readonly recurrent: Readonly<Record<NetworkName, new (options: object) => Network>> }
type NetworkName = 'LSTMTimeStep' | 'GRUTimeStep';
interface Matrix { readonly rows: number; readonly columns: number; readonly weights: number[] }

/** A network of theirs; for each of our blocks of rows the names of its input matrix, recurrent matrix and bias. */
interface Counterpart { readonly type: NetworkName; readonly blocks: readonly (readonly [string, string, string])[] }

const gate = (name: string): [string, string, string] => [`${name}Matrix`, `${name}Hidden`, `${name}Bias`];
const gruGate = (name: string): [string, string, string] => [`${name}InputMatrix`, `${name}HiddenMatrix`, `${name}Bias`];
const counterparts: Readonly<Record<CellName, Counterpart | string>> = {
  // It multiplies the forget gate with h where c belongs, which the comparison of losses finds.
  'lstm': { type: 'LSTMTimeStep', blocks: ['input', 'forget', 'cellActivation', 'output'].map(gate) },
  'gru': 'its GRU has the reset gate before the recurrent product only; compare gru-original',
  'gru-original': { type: 'GRUTimeStep', blocks: ['resetGate', 'updateGate', 'cellWrite'].map(gruGate) },
  'rnn': 'its plain network has relu, not tanh',
  'own': 'it takes no cells as equations',
  'product': 'it has no product of matrices of its own',
};

await serve(async (size, data) => {
  const counterpart = counterparts[size.cell];
  if (typeof counterpart === 'string') throw new Error(counterpart);
  if (size.mode !== 'infer') throw new Error(size.mode === 'stream' ? 'it carries no state from call to call' : 'its training tells the next input, by an update rule of its own: other work');
  const loaded = await importPeer<Brain & { readonly default?: Brain }>('brain.js');
  const Network = (loaded.default ?? loaded).recurrent[counterpart.type];
  const network = new Network({ inputSize: size.input, outputSize: size.input, hiddenLayers: Array.from({ length: size.layers }, () => size.hidden) });
  network.fromJSON(jsonOf(counterpart, size, data));
  return { about: `brain.js ${versionOfPeer('brain.js')}, plain JavaScript, Node ${process.versions.node}`, run: inference(network, size, data) };
});

function inference(network: Network, { time, batch, input, hidden }: Case, data: Data): Session['run'] {
  const { values } = valuesOf(data, 'inputs');
  const row = (n: number): number[][] => Array.from({ length: time }, (_, t) => [...values.subarray((t * batch + n) * input, (t * batch + n + 1) * input)]);
  const rows = Array.from({ length: batch }, (_, n) => row(n));
  const expected = valuesOf(data, 'targets').values.slice(-batch * hidden);
  return (count) => {
    let last: number[] = [];
    for (let k = 0; k < count; k++) last = rows.flatMap((steps) => Array.from(network.run(steps)));
    return Promise.resolve(meanSquare(last, expected));
  };
}

/** Its output is a linear layer, here one that changes nothing. `outputSize` is only read to end a sequence, with a step of zeros that has to be as wide as the input. */
function jsonOf({ type, blocks }: Counterpart, { input, hidden, layers }: Case, data: Data): object {
  const identity = Array.from({ length: hidden * hidden }, (_, k) => (k % (hidden + 1) === 0 ? 1 : 0));
  return {
    type, options: { inputSize: input, inputRange: 0, outputSize: input, hiddenLayers: Array.from({ length: layers }, () => hidden) },
    hiddenLayers: Array.from({ length: layers }, (_, layer) => Object.fromEntries(blocks.flatMap((names, block) => blockOf(data, layer, block, hidden).map((matrix, k) => [names[k], matrix])))),
    outputConnector: { rows: hidden, columns: hidden, weights: identity }, output: { rows: hidden, columns: 1, weights: identity.slice(0, hidden).fill(0) },
    inputLookup: null, inputLookupLength: 0, outputLookup: null, outputLookupLength: 0,
  };
}

/** Both matrices and the sum of both biases of one block of rows. */
function blockOf(data: Data, layer: number, block: number, hidden: number): Matrix[] {
  const part = (name: string): Matrix => {
    const { shape: [, columns = 1], values } = valuesOf(data, `${name}_l${layer}`);
    return { rows: hidden, columns, weights: [...values.subarray(block * hidden * columns, (block + 1) * hidden * columns)] };
  };
  const [w, r, b, c] = [part('weight_ih'), part('weight_hh'), part('bias_ih'), part('bias_hh')];
  return [w, r, { ...b, weights: b.weights.map((value, k) => value + (c.weights[k] ?? 0)) }];
}
