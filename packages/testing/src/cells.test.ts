import { checkGradients } from '@unroll/autograd/check';
import { cellFromText, cells, gruWith, lstmWith, rnnWith, stepOf, textOf, withClip, type Cell, type CellName, type CellSizes } from '@unroll/cells';
import { scan, tensor, use, reference, type Tensor } from '@unroll/tensor';
import { inputsOf, outputsOf, referenceKernel, sizeOf, type ScanKernel } from '@unroll/tensor/backend';
import { describe, expect, test } from 'vitest';
import { randomNumbers, worstError } from './numbers.ts';

use(reference());

type Row = readonly number[];
type Rows = Readonly<Record<string, Row>>;
/** The parts of a step that do not differ from cell to cell: W_g x + b, R_g e + b, vectors of parameters. */
interface Parts { readonly x: Row; readonly W: (gate: string) => Row; readonly R: (gate: string, operand: Row) => Row; readonly v: (name: string) => Row }

const map = (f: (...args: number[]) => number, ...rows: readonly Row[]): number[] => (rows[0] ?? []).map((_, k) => f(...rows.map((row) => row[k] as number)));
const sigma = (...rows: readonly Row[]): number[] => map((...terms) => 1 / (1 + Math.exp(-terms.reduce((a, b) => a + b))), ...rows);
const tanh = (...rows: readonly Row[]): number[] => map((...terms) => Math.tanh(terms.reduce((a, b) => a + b)), ...rows);
const times = (...rows: readonly Row[]): number[] => map((...factors) => factors.reduce((a, b) => a * b), ...rows);
const plus = (...rows: readonly Row[]): number[] => map((...terms) => terms.reduce((a, b) => a + b), ...rows);
const mix = (share: Row, a: Row, b: Row): number[] => map((s, x, y) => (1 - s) * x + s * y, share, a, b);
const norm = (row: Row): number[] => {
  const mean = row.reduce((a, b) => a + b) / row.length;
  const variance = row.reduce((sum, a) => sum + (a - mean) ** 2, 0) / row.length;
  return row.map((a) => (a - mean) / Math.sqrt(variance + 1e-5));
};
const none: Row = [];

// Every cell once more, from its paper, on plain numbers: what the definitions are held against.
const plain: Readonly<Record<CellName, (parts: Parts, before: Rows) => Rows>> = {
  'rnn': ({ W, R }, { h = none }) => ({ h: tanh(W('h'), R('h', h)) }),
  'rnn-relu': ({ W, R }, { h = none }) => ({ h: map((a, b) => Math.max(0, a + b), W('h'), R('h', h)) }),
  'indrnn': ({ W, v }, { h = none }) => ({ h: map((a, u, b) => Math.max(0, a + u * b), W('h'), v('u'), h) }),
  'mingru': ({ W }, { h = none }) => ({ h: mix(sigma(W('z')), h, W('n')) }),
  'minlstm': ({ W }, { h = none }) => {
    const [f, i] = [sigma(W('f')), sigma(W('i'))];
    return { h: map((f, i, h, n) => (f * h + i * n) / (f + i), f, i, h, W('n')) };
  },
  'mgu': ({ W, R }, { h = none }) => {
    const f = sigma(W('f'), R('f', h));
    return { h: mix(f, h, tanh(W('n'), R('n', times(f, h)))) };
  },
  'gru': ({ W, R }, { h = none }) => {
    const [r, z] = [sigma(W('r'), R('r', h)), sigma(W('z'), R('z', h))];
    return { h: mix(z, tanh(W('n'), times(r, R('n', h))), h) };
  },
  'gru-original': ({ W, R }, { h = none }) => {
    const [r, z] = [sigma(W('r'), R('r', h)), sigma(W('z'), R('z', h))];
    return { h: mix(z, tanh(W('n'), R('n', times(r, h))), h) };
  },
  'gru-layernorm': ({ W, R, v }, { h = none }) => {
    const part = (gate: string): Row => plus(times(v(`gain_w${gate}`), norm(W(gate))), times(v(`gain_r${gate}`), norm(R(gate, h))), v(`shift_${gate}`));
    const candidate = tanh(times(v('gain_wn'), norm(W('n'))), v('shift_wn'), times(sigma(part('r')), plus(times(v('gain_rn'), norm(R('n', h))), v('shift_rn'))));
    return { h: mix(sigma(part('z')), candidate, h) };
  },
  'lstm': ({ W, R }, { h = none, c = none }) => {
    const next = plus(times(sigma(W('f'), R('f', h)), c), times(sigma(W('i'), R('i', h)), tanh(W('g'), R('g', h))));
    return { h: times(sigma(W('o'), R('o', h)), tanh(next)), c: next };
  },
  'lstm-coupled': ({ W, R }, { h = none, c = none }) => {
    const next = mix(sigma(W('i'), R('i', h)), c, tanh(W('g'), R('g', h)));
    return { h: times(sigma(W('o'), R('o', h)), tanh(next)), c: next };
  },
  'lstm-peephole': ({ W, R, v }, { h = none, c = none }) => {
    const peep = (gate: string, seen: Row): Row => sigma(W(gate), R(gate, h), times(v(`p_${gate}`), seen));
    const next = plus(times(peep('f', c), c), times(peep('i', c), tanh(W('g'), R('g', h))));
    return { h: times(peep('o', next), tanh(next)), c: next };
  },
  'lstm-layernorm': ({ W, R, v }, { h = none, c = none }) => {
    const part = (gate: string): Row => plus(times(v(`gain_w${gate}`), norm(W(gate))), times(v(`gain_r${gate}`), norm(R(gate, h))), v(`shift_${gate}`));
    const next = plus(times(sigma(part('f')), c), times(sigma(part('i')), tanh(part('g'))));
    return { h: times(sigma(part('o')), tanh(times(v('gain_c'), norm(next)), v('shift_c'))), c: next };
  },
  // The paper's equations, which have no words for the first step: there the memory counts for nothing.
  'slstm': ({ W, R }, { h = none, c = none, n = none, m = none }) => {
    const [input, forget] = [plus(W('i'), R('i', h)), plus(W('f'), R('f', h))];
    const logForget = map((f, n, m) => (n === 0 ? -Infinity : -Math.log(1 + Math.exp(-f)) + m), forget, n, m);
    const largest = map(Math.max, logForget, input);
    const [i, f] = [map((a, b) => Math.exp(a - b), input, largest), map((a, b) => Math.exp(a - b), logForget, largest)];
    const next = { c: plus(times(f, c), times(i, tanh(W('z'), R('z', h)))), n: plus(times(f, n), i), m: largest };
    return { h: map((o, c, n) => (o * c) / n, sigma(W('o'), R('o', h)), next.c, next.n), ...next };
  },
};

const extent = { steps: 4, batch: 2 } as const;
const sizes: CellSizes = { inputSize: 2, hiddenSize: 3, bias: true };

/** Numbers for all that a scan of the cell reads. Normalisers are positive, as they are after any step. */
function numbersFor(kernel: ScanKernel): Float64Array[] {
  return inputsOf(kernel).map(({ shape }, k) => {
    const numbers = Float64Array.from(randomNumbers(sizeOf(shape), 7 * k + 3, 0.9));
    return kernel.step.states[k]?.name === 'n' ? numbers.map((number) => 1 + Math.abs(number)) : numbers;
  });
}

function kernelOf(cell: Cell, options: Partial<CellSizes> = {}): ScanKernel {
  return { kind: 'scan', dtype: 'float64', step: stepOf(cell, { ...sizes, ...options }, cell.state), ...extent, reverse: false, masked: false };
}

/** Final states and outputs of the scan. */
function scanned(kernel: ScanKernel, numbers: readonly Float64Array[]): Float64Array[] {
  const results = outputsOf(kernel).map(({ shape }) => new Float64Array(sizeOf(shape)));
  referenceKernel(kernel, numbers, results);
  return results;
}

/** The same with loops over plain numbers; `project` is what becomes of the first state at the end of a step. */
function looped(cell: Cell, kernel: ScanKernel, numbers: readonly Float64Array[], stepOn: (parts: Parts, before: Rows) => Rows): number[][] {
  const { states, sequences, vectors, weights } = kernel.step;
  const fields = [...states, ...sequences, ...vectors].map(({ name }) => name);
  const given = (name: string): Float64Array => numbers[fields.indexOf(name)] as Float64Array;
  let place = fields.length;
  const stacks = new Map(weights.map(({ name, rows, columns, bias }) => [name, { rows, columns, matrix: numbers[place++] as Float64Array, offset: bias ? (numbers[place++] as Float64Array) : undefined }]));
  const product = (weight: string, block: number, operand: Row): Row => {
    const { rows, columns, matrix, offset } = stacks.get(weight) ?? { rows: 0, columns: 0, matrix: new Float64Array(), offset: undefined };
    return Array.from({ length: rows }, (_, k) => operand.reduce((sum, value, j) => sum + value * (matrix[(block * rows + k) * columns + j] as number), offset?.[block * rows + k] ?? 0));
  };
  const finals: number[][] = states.map(() => []);
  const outputs: number[][] = states.map(() => []);
  for (let row = 0; row < extent.batch; row++) {
    let now: Rows = Object.fromEntries(states.map(({ name, width }) => [name, [...given(name).subarray(row * width, (row + 1) * width)]]));
    for (let time = 0; time < extent.steps; time++) {
      const x = [...given('x').subarray((time * extent.batch + row) * sizes.inputSize, (time * extent.batch + row + 1) * sizes.inputSize)];
      now = stepOn({
        x,
        W: (gate) => product('ih', cell.inputGates.indexOf(gate), x),
        R: (gate, operand) => product('hh', cell.recurrentGates.indexOf(gate), operand),
        v: (name) => [...given(name)],
      }, now);
      const [first = ''] = cell.state;
      if (stacks.has('hr')) now = { ...now, [first]: product('hr', 0, now[first] ?? []) };
      for (const [k, { name, width }] of states.entries()) (now[name] ?? []).forEach((value, j) => { (outputs[k] ?? [])[(time * extent.batch + row) * width + j] = value; });
    }
    for (const [k, { name }] of states.entries()) finals[k]?.push(...(now[name] ?? []));
  }
  return [...finals, ...outputs];
}

function expectSame(cell: Cell, kernel: ScanKernel, numbers: readonly Float64Array[], stepOn: (parts: Parts, before: Rows) => Rows): void {
  const got = scanned(kernel, numbers);
  const expected = looped(cell, kernel, numbers, stepOn);
  expect(got).toHaveLength(expected.length);
  for (const [k, values] of expected.entries()) expect(worstError(values, got[k] ?? [])).toBeLessThan(1e-13);
}

describe.each(Object.entries(cells))('%s', (name, cell) => {
  const stepOn = plain[name as CellName];

  test.each([true, false])('is what its paper says, bias %s', (bias) => {
    const kernel = kernelOf(cell, { bias });
    const numbers = numbersFor(kernel);
    expectSame(cell, kernel, numbers, stepOn);
    // From nothing, as a sequence begins.
    expectSame(cell, kernel, numbers.map((values, k) => (k < cell.state.length ? values.map(() => 0) : values)), stepOn);
  });

  test('computes the same when it comes back from its text', () => {
    const kernel = kernelOf(cell);
    const numbers = numbersFor(kernel);
    expect(scanned(kernelOf(cellFromText(textOf(cell))), numbers)).toEqual(scanned(kernel, numbers));
  });
});

describe('projection', () => {
  test.each(['rnn', 'rnn-relu', 'lstm', 'lstm-coupled', 'lstm-peephole', 'lstm-layernorm', 'slstm'] as const)('%s: the first state is multiplied with weight_hr', (name) => {
    const kernel = kernelOf(cells[name], { projSize: 2 });
    expectSame(cells[name], kernel, numbersFor(kernel), plain[name]);
  });
});

describe('exponential gates', () => {
  test('no sum of inputs overflows', () => {
    const kernel = kernelOf(cells.slstm);
    const numbers = numbersFor(kernel).map((values, k) => (k < 4 ? values.map(() => 0) : k === 4 ? values.map((value) => value * 2000) : values));
    const states = scanned(kernel, numbers);
    expect(states.flatMap((values) => [...values]).every(Number.isFinite)).toBe(true);
  });
});

describe('gradients equal central differences', () => {
  const odd = cellFromText('state s, m\na = softsign(W_a x + R_a s + p_a * m)\nm = 0.5 * m + a * s\ns = softplus(R_s (m - a)) - layernorm(m)');
  const forms: readonly (readonly [string, Cell, Partial<CellSizes>])[] = [
    ...Object.values(cells).map((cell) => [cell.name, cell, {}] as const),
    ...Object.values(cells).map((cell) => [`${cell.name}, clipped`, withClip(cell, 0.8), {}] as const),
    ['rnn, affine', rnnWith({ activation: { name: 'affine', alpha: 0.8, beta: 0.1 } }), {}],
    ['gru, other activations', gruWith({ activations: ['hardSigmoid', 'elu'], resetAfter: false }), { bias: false }],
    ['lstm, all options', lstmWith({ activations: ['kerasHardSigmoid', 'leakyRelu', 'softsign'], peepholes: true, coupled: true, clip: 2 }), {}],
    ['lstm, yet other activations', lstmWith({ activations: ['scaledTanh', 'thresholdedRelu', 'softplus'] }), {}],
    ...(['lstm', 'lstm-layernorm', 'slstm'] as const).map((name) => [`${name}, projected`, cells[name], { projSize: 2 }] as const),
    ['two states from text', odd, {}],
  ];

  test.each(forms)('%s', async (_, cell, options) => {
    const kernel = { ...kernelOf(cell, options), steps: 3 };
    const { step } = kernel;
    const tensors = numbersFor(kernel).map((values, k) => tensor(values, { shape: inputsOf(kernel)[k]?.shape ?? [], dtype: 'float64' }));
    const [states, vectors] = [step.states.length, step.vectors.length];
    const mask = tensor([[1, 1], [1, 0], [0, 1]], { dtype: 'float64' });
    for (const more of [{}, { mask, reverse: true }]) {
      const forward = (...all: Tensor[]): unknown => {
        const { states: last, outputs } = scan(step, { states: all.slice(0, states), sequences: all.slice(states, states + 1), vectors: all.slice(states + 1, states + 1 + vectors), weights: all.slice(states + 1 + vectors), ...more });
        return [last, outputs];
      };
      // Norms over three channels bend sharply, so the differences are small ones.
      const { entries, worst } = await checkGradients(forward, tensors, { step: 1e-6 });
      expect(entries).toBe(tensors.reduce((sum, { size }) => sum + size, 0));
      expect(worst?.error).toBeLessThan(1e-7);
    }
  });

  test('from a state of zeros', async () => {
    const kernel = { ...kernelOf(cells.slstm), steps: 3 };
    const [h, c, n, m, ...rest] = numbersFor(kernel).map((values, k) => tensor(k < 4 ? values.map(() => 0) : values, { shape: inputsOf(kernel)[k]?.shape ?? [], dtype: 'float64' }));
    const states = [h, c, n, m] as Tensor[];
    const forward = (x: Tensor, ...weights: Tensor[]): unknown => scan(kernel.step, { states, sequences: [x], vectors: [], weights }).outputs;
    expect((await checkGradients(forward, rest as [Tensor, ...Tensor[]])).worst?.error).toBeLessThan(1e-7);
  });
});
