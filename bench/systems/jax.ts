/** jax-js on its WebAssembly backend: the step compiled by its `jit`, the loop over time in JavaScript, for it has no scan. */
import { vocabulary, type Case, type CellName, type Mode } from '../cases.ts';
import { idsOf, streamOf, valuesOf, type Data } from '../data.ts';
import { importPeer, versionOfPeer } from '../peers.ts';
import { meanSquare, serve, type Session } from '../protocol.ts';

/** Every call takes its arguments over; `ref` keeps them for one more. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(): JaxArray;
  slice(...ranges: readonly (number | readonly number[])[]): JaxArray;
  dispose(): void;
  data(): Promise<Float32Array>;
}
type Tree = JaxArray | readonly Tree[] | { readonly [name: string]: Tree };
interface Jax {
  init(): Promise<readonly string[]>;
  defaultDevice(device: string): void;
  jit<F>(f: F): F;
  valueAndGrad<A extends readonly Tree[]>(f: (...args: A) => JaxArray): (...args: A) => [JaxArray, A[0]];
  readonly numpy: {
    array(values: Float32Array): JaxArray; zeros(shape: readonly number[]): JaxArray; tanh(a: JaxArray): JaxArray; dot(a: JaxArray, b: JaxArray): JaxArray;
    square(a: JaxArray): JaxArray; sqrt(a: JaxArray): JaxArray; mean(a: JaxArray): JaxArray; sum(a: JaxArray): JaxArray; stack(list: readonly JaxArray[]): JaxArray;
  };
  readonly nn: { sigmoid(a: JaxArray): JaxArray; logSoftmax(a: JaxArray): JaxArray };
}

/** One layer: both matrices transposed, (I, G·H) and (H, G·H), and both biases. */
type Layer = { readonly w: JaxArray; readonly r: JaxArray; readonly b: JaxArray; readonly c: JaxArray };
/** From the input's share (N, G·H), R and c to the next states. */
type StepOf = (jax: Jax, hidden: number) => (share: JaxArray, r: JaxArray, c: JaxArray, states: readonly JaxArray[]) => JaxArray[];

const gate = (gates: JaxArray, k: number, H: number): JaxArray => gates.slice([], [k * H, (k + 1) * H]);
const steps: Readonly<Record<CellName, StepOf | string>> = {
  lstm: ({ numpy: np, nn }, H) => (share, r, c, [h, s]) => {
    const gates = share.add(np.dot(h as JaxArray, r)).add(c);
    const next = nn.sigmoid(gate(gates.ref, 1, H)).mul(s as JaxArray).add(nn.sigmoid(gate(gates.ref, 0, H)).mul(np.tanh(gate(gates.ref, 2, H))));
    return [nn.sigmoid(gate(gates, 3, H)).mul(np.tanh(next.ref)), next];
  },
  gru: ({ numpy: np, nn }, H) => (share, r, c, [h]) => {
    const recurrent = np.dot((h as JaxArray).ref, r).add(c);
    const reset = nn.sigmoid(gate(share.ref, 0, H).add(gate(recurrent.ref, 0, H)));
    const update = nn.sigmoid(gate(share.ref, 1, H).add(gate(recurrent.ref, 1, H)));
    const fresh = np.tanh(gate(share, 2, H).add(reset.mul(gate(recurrent, 2, H))));
    return [fresh.ref.add(update.mul((h as JaxArray).sub(fresh)))];
  },
  rnn: ({ numpy: np }) => (share, r, c, [h]) => [np.tanh(share.add(np.dot(h as JaxArray, r)).add(c))],
  'gru-original': 'its GRU here is the one with the reset gate behind the product; compare gru',
  'own': 'it takes no cells as equations',
  'product': () => () => [],
};
const runs: Readonly<Record<Mode, (jax: Jax, model: Model, size: Case, data: Data) => Session['run']>> = { train: training, infer: inference, stream: streaming, text: languageModel };

interface Model { readonly whole: (x: JaxArray, w: JaxArray, b: JaxArray, r: JaxArray, c: JaxArray, states: readonly JaxArray[]) => JaxArray[]; readonly layers: Layer[]; forward(layers: readonly Layer[], x: JaxArray): JaxArray[] }

await serve(async (size, data) => {
  const makeStep = steps[size.cell];
  if (typeof makeStep === 'string') throw new Error(makeStep);
  // It asks for the number of threads there, which Node has had since version 21.
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: 1 } });
  const jax = await importPeer<Jax>('@jax-js/jax');
  await jax.init();
  jax.defaultDevice('wasm');
  const about = `jax-js ${versionOfPeer('@jax-js/jax')}, wasm, jit(step), Node ${process.versions.node}`;
  if (size.cell === 'product') return { about, run: product(jax, data) };
  const layers = Array.from({ length: size.layers }, (_, index): Layer => {
    const load = (name: string): JaxArray => arrayOf(jax, data, `${name}_l${index}`);
    return { w: load('weight_ih').transpose(), r: load('weight_hh').transpose(), b: load('bias_ih'), c: load('bias_hh') };
  });
  const plain = makeStep(jax, size.hidden);
  const step = jax.jit(plain);
  const whole = jax.jit((x: JaxArray, w: JaxArray, b: JaxArray, r: JaxArray, c: JaxArray, states: readonly JaxArray[]) => plain(jax.numpy.dot(x, w).add(b), r, c, states));
  const model: Model = { whole, layers, forward: (parameters, x) => forward(jax, step, parameters, x, size) };
  return { about, run: runs[size.mode](jax, model, size, data) };
});

/** Outputs of all steps of the last layer. */
function forward({ numpy: np }: Jax, step: ReturnType<StepOf>, layers: readonly Layer[], x: JaxArray, { batch, hidden, time, cell }: Case): JaxArray[] {
  let inputs: JaxArray = x;
  let outputs: JaxArray[] = [];
  for (const [index, { w, r, b, c }] of layers.entries()) {
    if (index > 0) inputs = np.stack(outputs).reshape([time * batch, hidden]);
    // The input's share of all steps in one product.
    const shares = np.dot(inputs, w).add(b);
    let states = cell === 'lstm' ? [np.zeros([batch, hidden]), np.zeros([batch, hidden])] : [np.zeros([batch, hidden])];
    outputs = [];
    for (let t = 0; t < time; t++) {
      const share = (t + 1 < time ? shares.ref : shares).slice([t * batch, (t + 1) * batch]);
      states = step(share, t + 1 < time ? r.ref : r, t + 1 < time ? c.ref : c, states);
      outputs.push((states[0] as JaxArray).ref);
    }
    for (const state of states) state.dispose();
  }
  return outputs;
}

function training(jax: Jax, model: Model, { time, batch, input, hidden }: Case, data: Data): Session['run'] {
  const { numpy: np } = jax;
  const [x, y] = [arrayOf(jax, data, 'inputs').reshape([time * batch, input]), arrayOf(jax, data, 'targets').reshape([time * batch, hidden])];
  return updates(jax, { layers: model.layers }, ({ layers }) => np.mean(np.square(np.stack(model.forward(layers, x.ref)).reshape([time * batch, hidden]).sub(y.ref))));
}

/** Its look-up has no gradient under jit, so ids are one-hot rows times the table. */
function languageModel(jax: Jax, model: Model, { time, batch, hidden }: Case, data: Data): Session['run'] {
  const { numpy: np, nn } = jax;
  const oneHot = (name: string): JaxArray => {
    const rows = new Float32Array(time * batch * vocabulary);
    idsOf(data, name).forEach((id, k) => { rows[k * vocabulary + id] = 1; });
    return np.array(rows).reshape([time * batch, vocabulary]);
  };
  const [x, y] = [oneHot('inputs'), oneHot('targets')];
  const ends = { table: arrayOf(jax, data, 'embedding.weight'), head: arrayOf(jax, data, 'head.weight').transpose(), bias: arrayOf(jax, data, 'head.bias') };
  return updates(jax, { layers: model.layers, ends }, ({ layers, ends: { table, head, bias } }) => {
    const outputs = np.stack(model.forward(layers, np.dot(x.ref, table))).reshape([time * batch, hidden]);
    return np.sum(nn.logSoftmax(np.dot(outputs, head).add(bias)).mul(y.ref)).mul(-1 / (time * batch));
  });
}

type Parameters = { readonly [name: string]: Parameters } | readonly Parameters[] | JaxArray;

/** Losses of one update after the other. */
function updates<P extends Parameters>(jax: Jax, start: P, lossOf: (parameters: P) => JaxArray): Session['run'] {
  const { numpy: np } = jax;
  const lossAndGradients = jax.valueAndGrad(lossOf as (parameters: Tree) => JaxArray);
  const adam = jax.jit((p: JaxArray, g: JaxArray, m: JaxArray, v: JaxArray, rate: JaxArray, correction: JaxArray): JaxArray[] => {
    const [mean, square] = [m.mul(0.9).add(g.ref.mul(0.1)), v.mul(0.999).add(np.square(g).mul(0.001))];
    return [p.sub(rate.mul(mean.ref).div(np.sqrt(square.ref).div(correction).add(1e-8))), mean, square];
  });
  let leaves = leavesOf(start);
  let moments = leaves.map((p) => [p.ref.mul(0), p.ref.mul(0)]);
  let count = 0;
  return async (repetitions) => {
    let loss = Number.NaN;
    for (let k = 0; k < repetitions; k++) {
      const [value, gradients] = lossAndGradients(rebuilt(start, leaves.map((p) => p.ref)));
      count++;
      const [rate, correction] = [1e-3 / (1 - 0.9 ** count), Math.sqrt(1 - 0.999 ** count)].map((number) => np.array(Float32Array.of(number))) as [JaxArray, JaxArray];
      const next = leavesOf(gradients).map((g, at) => {
        const [m, v] = moments[at] as [JaxArray, JaxArray];
        return adam(leaves[at] as JaxArray, g, m, v, rate.ref, correction.ref);
      });
      for (const used of [rate, correction]) used.dispose();
      leaves = next.map(([p]) => p as JaxArray);
      moments = next.map((results) => results.slice(1));
      loss = (await value.data())[0] as number;
    }
    return loss;
  };
}

/** The arrays of a tree, by the names of their keys. */
function leavesOf(tree: Tree): JaxArray[] {
  if (isArray(tree)) return [tree];
  return (Array.isArray(tree) ? [...tree as readonly Tree[]] : sortedKeys(tree as { readonly [name: string]: Tree }).map((key) => (tree as { readonly [name: string]: Tree })[key] as Tree)).flatMap(leavesOf);
}

/** A tree of the same form with other arrays. */
function rebuilt<T extends Tree>(tree: T, leaves: JaxArray[]): T {
  if (isArray(tree)) return leaves.shift() as T & JaxArray;
  if (Array.isArray(tree)) return (tree as readonly Tree[]).map((part) => rebuilt(part, leaves)) as Tree as T;
  return Object.fromEntries(sortedKeys(tree as { readonly [name: string]: Tree }).map((key) => [key, rebuilt((tree as { readonly [name: string]: Tree })[key] as Tree, leaves)])) as T;
}

function sortedKeys(tree: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(tree).sort((a, b) => (a < b ? -1 : 1));
}

function isArray(tree: Tree): tree is JaxArray {
  return 'dispose' in tree;
}

function product(jax: Jax, data: Data): Session['run'] {
  const { shape: [time = 1, batch = 1, input = 1], values } = valuesOf(data, 'inputs');
  const [x, w] = [jax.numpy.array(values).reshape([time * batch, input]), arrayOf(jax, data, 'weight').transpose()];
  const multiply = jax.jit((a: JaxArray, b: JaxArray) => jax.numpy.dot(a, b));
  return async (count) => {
    let first = Number.NaN;
    for (let k = 0; k < count; k++) first = (await multiply(x.ref, w.ref).data())[0] as number;
    return first;
  };
}

function inference(jax: Jax, model: Model, { time, batch, input, hidden }: Case, data: Data): Session['run'] {
  const x = arrayOf(jax, data, 'inputs').reshape([time * batch, input]);
  const expected = valuesOf(data, 'targets').values.slice(-batch * hidden);
  return async (count) => {
    let last: Float32Array = new Float32Array();
    for (let k = 0; k < count; k++) {
      const outputs = model.forward(model.layers.map((layer) => mapLayer(layer, (p) => p.ref)), x.ref);
      last = await (outputs.pop() as JaxArray).data();
      for (const output of outputs) output.dispose();
    }
    return meanSquare(last, expected);
  };
}

/** One step after the other, the input's product in the compiled step, too. */
function streaming(jax: Jax, { whole, layers }: Model, size: Case, data: Data): Session['run'] {
  const { batch, input, hidden, cell } = size;
  const { steps, expected } = streamOf(size, data);
  const zeros = (): JaxArray => jax.numpy.zeros([batch, hidden]);
  const states = layers.map(() => (cell === 'lstm' ? [zeros(), zeros()] : [zeros()]));
  return async (count) => {
    let last: Float32Array = new Float32Array();
    for (let k = 0; k < count; k++) {
      for (const step of steps) {
        let x = jax.numpy.array(step).reshape([batch, input]);
        layers.forEach(({ w, b, r, c }, index) => {
          states[index] = whole(x, w.ref, b.ref, r.ref, c.ref, states[index] as JaxArray[]);
          x = (states[index][0] as JaxArray).ref;
        });
        last = await x.data();
      }
    }
    return meanSquare(last, expected);
  };
}

function mapLayer<From, To>({ w, r, b, c }: Readonly<Record<keyof Layer, From>>, change: (value: From, name: keyof Layer) => To): Record<keyof Layer, To> {
  return { w: change(w, 'w'), r: change(r, 'r'), b: change(b, 'b'), c: change(c, 'c') };
}

function arrayOf({ numpy: np }: Jax, data: Data, name: string): JaxArray {
  const { shape, values } = valuesOf(data, name);
  return np.array(values).reshape(shape);
}
